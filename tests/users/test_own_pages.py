"""A person's own pages: profile, picture, sessions, API tokens."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from core import clock
from core.db import db
from core.users import service
from core.users.devices import describe
from core.users.models import ApiToken, User, UserSession
from tests.browser_less import submit
from tests.client import Client
from tests.factories import PASSWORD, Factory

Login = Callable[..., Client]

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
WECHAT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.50"


def test_name_language_and_time_zone_are_ones_own(make: Factory, login: Login) -> None:
    user = make.user()
    client = login(user)
    answer = submit(client, "/account", {"name": "  李  雷 ", "locale": "en", "timezone": "Asia/Urumqi"})
    assert (answer.status_code, answer.location) == (303, "/account")
    page = client.get("/account").text
    assert "Account settings" in page
    assert 'value="李 雷"' in page
    assert db.session.get_one(User, user.id).timezone == "Asia/Urumqi"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "长" * 81),
        ("name", "a\x00b"),
        ("locale", "fr"),
        ("timezone", "Mars/Olympus"),
        ("timezone", ""),
    ],
)
def test_a_profile_that_will_not_do_is_kept_and_corrected(make: Factory, login: Login, field: str, value: str) -> None:
    user = make.user(name="韩梅梅", locale="zh_Hans_CN")
    entries = {"name": "李雷", "locale": "zh_Hans_CN", "timezone": "Asia/Tokyo", field: value}
    answer = submit(login(user), "/account", entries)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.get_one(User, user.id).name == "韩梅梅"


def picture(size: int = 300) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (size, size), "teal").save(file, "PNG")
    file.seek(0)
    return file


def test_a_picture_takes_the_place_of_the_initials(app: Flask, make: Factory, login: Login) -> None:
    client = login(make.user(name="李雷"))
    entries = {"picture": (picture(), "我的头像.png")}
    answer = client.post("/account/picture", data=entries, headers=client.csrf())
    assert answer.status_code == 303
    page = client.get("/account").text
    address = page.split('<img class="avatar', 1)[1].split('src="')[1].split('"')[0]
    shown = app.test_client().get(address)
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    submit(client, "/account", to="/account/picture/remove")
    assert '<img class="avatar' not in client.get("/account").text


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"GIF89a broken"])
def test_what_is_no_picture_is_refused(make: Factory, login: Login, content: bytes) -> None:
    user = make.user()
    client = login(user)
    entries = {"picture": (BytesIO(content), "x.png")}
    answer = client.post("/account/picture", data=entries, headers=client.csrf())
    assert answer.status_code == 422
    assert db.session.get_one(User, user.id).avatar_id is None
    assert client.post("/account/picture", headers=client.csrf()).status_code == 422


def test_sessions_are_listed_in_words_and_end_at_once(app: Flask, make: Factory) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    here, phone, desk = app.test_client(), app.test_client(), app.test_client()
    for client, agent in ((here, "curl/8"), (phone, WECHAT), (desk, EDGE)):
        entries = {"email": "li.lei@example.cn", "password": PASSWORD}
        submit(client, "/login", entries, headers={"User-Agent": agent})
    page = here.get("/account/sessions").text
    assert "Android 上的 微信" in page
    assert "Windows 上的 Edge" in page
    assert page.count("当前浏览器") == 1

    row = db.session.scalars(select(UserSession).where(UserSession.user_agent == WECHAT)).one()
    assert submit(here, "/account/sessions", to=f"/account/sessions/{row.id}/end").status_code == 303
    assert phone.get("/account").status_code == 302
    assert desk.get("/account").status_code == 200
    submit(here, "/account/sessions", to="/account/sessions/end-others")
    assert desk.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_sessions_and_tokens_of_others_are_not_found(make: Factory, login: Login) -> None:
    victim, client = make.user(), login(make.user())
    login(victim)
    service.make_token(victim, name="x", read_only=True, expires_at=None)
    db.session.commit()
    (theirs,) = db.session.scalars(select(UserSession.id).where(UserSession.user_id == victim.id))
    (token,) = db.session.scalars(select(ApiToken.id))
    for address in (
        f"/account/sessions/{theirs}/end",
        f"/account/tokens/{token}/revoke",
        "/account/tokens/99999999999/revoke",
    ):
        assert client.post(address, headers=client.csrf()).status_code == 404
    assert db.session.scalars(select(ApiToken.id)).all() == [token]


@pytest.mark.parametrize(
    ("agent", "words"),
    [(EDGE, "Windows 上的 Edge"), (WECHAT, "Android 上的 微信"), ("", "未知浏览器"), ("curl/8", "未知浏览器")],
)
def test_a_browser_is_recognised(app: Flask, agent: str, words: str) -> None:
    with app.test_request_context():
        assert describe(agent) == words


def make_token(client: FlaskClient, **entries: str) -> str:
    answer = submit(client, "/account/tokens", {"name": "导出", **entries}, to="/account/tokens")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text.split('id="token" value="')[1].split('"')[0]


def test_a_token_speaks_for_its_person_until_revoked(app: Flask, make: Factory, login: Login) -> None:
    client = login(make.user())
    token = make_token(client, access="write")
    assert token not in client.get("/account/tokens").text
    program, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    assert program.post("/language", data={"lang": "en"}, headers=headers).status_code == 302
    assert "从未使用" not in client.get("/account/tokens").text
    (row,) = db.session.scalars(select(ApiToken))
    assert row.token_hash != token
    submit(client, "/account/tokens", to=f"/account/tokens/{row.id}/revoke")
    assert program.post("/language", data={"lang": "en"}, headers=headers).status_code == 401


def test_a_token_that_may_read_cannot_write(app: Flask, make: Factory, login: Login) -> None:
    token = make_token(login(make.user()), access="read")
    answer = app.test_client().post(
        "/language", data={"lang": "en"}, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"}
    )
    assert answer.status_code == 403
    assert answer.json is not None
    assert "只能读取" in answer.json["detail"]


def test_a_token_cannot_make_others_or_see_sessions(app: Flask, make: Factory, login: Login) -> None:
    headers = {"Authorization": f"Bearer {make_token(login(make.user()), access='write')}"}
    program = app.test_client()
    assert program.get("/account/sessions", headers=headers).status_code == 403
    entries = {"name": "another", "access": "write", "lifetime": ""}
    assert program.post("/account/tokens", data=entries, headers=headers).status_code == 403
    assert program.get("/account/password", headers=headers).status_code == 302


def test_a_token_ends_by_itself(app: Flask, make: Factory, login: Login) -> None:
    token = make_token(login(make.user()), access="write", lifetime="30")
    with clock.shifted(timedelta(days=31)):
        answer = app.test_client().post("/language", data={"lang": "en"}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_the_form_for_a_token_sent_twice_makes_one(make: Factory, login: Login) -> None:
    client = login(make.user())
    entries = {"name": "导出", "access": "read", "lifetime": "90", "once": "the-same-key"}
    first = client.post("/account/tokens", data=entries, headers=client.csrf())
    second = client.post("/account/tokens", data=entries, headers=client.csrf())
    assert (first.status_code, second.status_code) == (201, 303)
    assert len(db.session.scalars(select(ApiToken)).all()) == 1


def test_a_token_without_a_purpose_is_not_made(make: Factory, login: Login) -> None:
    client = login(make.user())
    for entries in ({"name": ""}, {"name": "x", "access": "everything"}, {"name": "x", "lifetime": "-1"}):
        assert submit(client, "/account/tokens", entries, to="/account/tokens").status_code == 422
    assert db.session.scalars(select(ApiToken)).all() == []


@pytest.mark.parametrize("page", ["/account", "/account/sessions", "/account/tokens", "/account/password", "/login"])
def test_pages_ask_the_database_little(
    app: Flask, make: Factory, count_queries: Callable[..., object], page: str
) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    client = app.test_client()
    if page != "/login":
        for _ in range(3):
            submit(client := app.test_client(), "/login", {"email": "li.lei@example.cn", "password": PASSWORD})
    with count_queries() as statements:  # type: ignore[attr-defined]
        assert client.get(page).status_code == 200
    assert len(statements) <= 3


def test_a_program_learns_whose_token_it_holds(app: Flask, make: Factory, login: Login) -> None:
    institution = make.institution()
    client = login(make.member(institution, name="韩梅梅", username="s2023117"))
    headers = {"Authorization": f"Bearer {make_token(client, access='read')}"}
    program = app.test_client()
    assert program.get("/api/v1/me").status_code == 401
    me = program.get("/api/v1/me", headers=headers).json
    assert me is not None
    assert (me["name"], me["username"], me["may_write"]) == ("韩梅梅", "s2023117", False)
    assert me["institutions"] == {str(institution.id): "member"}
