"""Logging in and out: by address or user name, safely, and without saying who has an account."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from passlib.context import CryptContext
from sqlalchemy import insert, select
from werkzeug.test import Cookie, TestResponse

from core import clock, schema
from core.app import create_app
from core.db import db
from core.users import throttle
from core.users.models import LoginThrottle, UserSession
from core.users.passwords import PatientContext
from core.web.security import limiter
from tests.browser_less import submit
from tests.client import Client
from tests.conftest import TEST_SETTINGS
from tests.factories import PASSWORD, Factory, logged_in
from tests.users.conftest import Letters, link_in

WRONG = "账号或密码不正确"


def log_in(client: FlaskClient, identity: str, password: str = PASSWORD, **more: str) -> TestResponse:
    return submit(client, "/login", {"email": identity, "password": password, **more})


def cookie_of(client: FlaskClient) -> Cookie:
    """The session cookie that the browser holds."""
    cookie = client.get_cookie("jinke_session")
    assert cookie is not None
    return cookie


@pytest.mark.parametrize("identity", ["li.lei@example.cn", " LI.Lei@Example.CN ", "s2023001", "Ｓ2023001", "李雷"])
def test_people_are_known_by_address_and_user_name(client: FlaskClient, make: Factory, identity: str) -> None:
    make.user(email="li.lei@example.cn", username="李雷" if identity == "李雷" else "s2023001", password=PASSWORD)
    assert log_in(client, identity).status_code == 302
    assert client.get("/account").status_code == 200


def test_whoever_is_unknown_hears_the_same_at_the_same_cost(
    client: FlaskClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user(email="known@example.cn", password=PASSWORD)
    make.user(email="imported@example.cn", password=None)
    verified: list[object] = []
    verify = PatientContext.verify

    def counting(self: PatientContext, secret: str, hash: str, **options: object) -> bool:
        verified.append(hash)
        return verify(self, secret, hash, **options)

    monkeypatch.setattr(PatientContext, "verify", counting)
    answers = []
    for identity in ("known@example.cn", "imported@example.cn", "unknown@example.cn", "nobody", "x" * 300, "a\x00b"):
        verified.clear()
        answer = log_in(client, identity, "not the password")
        assert answer.status_code == 422
        answers.append(re.sub(r'value="[^"]*"|nonce="[^"]*"|content="[^"]*"', "", answer.text))
        if len(identity) < 255 and "\x00" not in identity:
            assert len(verified) == 1, identity
    assert WRONG in answers[0]
    assert answers[0] == answers[1] == answers[2] == answers[3]


def test_a_closed_account_is_told_so_only_to_its_owner(client: FlaskClient, make: Factory) -> None:
    make.user(email="closed@example.cn", password=PASSWORD, active=False)
    assert WRONG in log_in(client, "closed@example.cn", "not the password").text
    answer = log_in(client, "closed@example.cn")
    assert "已停用" in answer.text
    assert client.get("/account").status_code == 302


def test_after_five_wrong_passwords_the_account_pauses_and_no_other(
    app: Flask, client: FlaskClient, make: Factory
) -> None:
    make.user(email="target@example.cn", username="target", password=PASSWORD)
    make.user(email="other@example.cn", password=PASSWORD)
    for attempt in range(throttle.FREE_ATTEMPTS):
        # Naming the account differently does not give more attempts.
        assert log_in(client, ("target@example.cn", "target")[attempt % 2], "wrong password").status_code == 422

    paused = log_in(client, "target@example.cn")
    assert paused.status_code == 429
    assert 0 < int(paused.headers["Retry-After"]) <= 60
    assert "1 分钟后再试" in paused.text
    assert log_in(app.test_client(), "other@example.cn").status_code == 302

    with clock.shifted(timedelta(seconds=61)):
        assert log_in(client, "target@example.cn").status_code == 302
    assert db.session.scalars(select(LoginThrottle)).all() == []


def test_an_unknown_name_pauses_just_like_a_known_one(client: FlaskClient) -> None:
    for _ in range(throttle.FREE_ATTEMPTS):
        assert log_in(client, "nobody@example.cn", "wrong").status_code == 422
    assert log_in(client, "nobody@example.cn", "wrong").status_code == 429
    assert log_in(client, "somebody-else@example.cn", "wrong").status_code == 422


def test_pauses_grow_to_a_quarter_of_an_hour_and_are_forgotten_after_a_day(app: Flask) -> None:
    waits, elapsed = [], timedelta()
    for _ in range(12):
        with clock.shifted(elapsed):
            throttle.attempt("name:x")
            row = db.session.scalars(select(LoginThrottle).execution_options(populate_existing=True)).one()
            wait = row.locked_until - clock.now() if row.locked_until else timedelta()
            db.session.commit()
        waits.append(round(max(wait, timedelta()) / timedelta(minutes=1)))
        elapsed += max(wait, timedelta()) + timedelta(seconds=1)
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 15, 15, 15, 15]
    with clock.shifted(elapsed + throttle.FORGOTTEN_AFTER):
        throttle.attempt("name:x")
        row = db.session.scalars(select(LoginThrottle).execution_options(populate_existing=True)).one()
        assert (row.failures, row.locked_until) == (1, None)


def test_a_new_password_lifts_the_pause(client: FlaskClient, make: Factory, letters: Letters) -> None:
    make.user(email="target@example.cn", password=PASSWORD)
    for _ in range(throttle.FREE_ATTEMPTS + 1):
        log_in(client, "target@example.cn", "wrong")
    submit(client, "/reset", {"email": "target@example.cn"})
    submit(client, link_in(letters()[0]), {"password": "a quite new sentence"})
    assert log_in(client, "target@example.cn", "a quite new sentence").status_code == 302


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A site of its own on which the limits per network address are on, as they are in real life."""
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    app = create_app(home=tmp_path, **{**TEST_SETTINGS, "rate_limits": True})
    app.test_client_class = Client
    with app.app_context():
        schema.upgrade()
        yield app
        db.session.remove()


def test_a_school_behind_one_address_logs_in_within_a_minute(limited: Flask) -> None:
    make = Factory()
    for number in range(60):
        make.user(username=f"pupil{number}", password=PASSWORD)
    answers = [log_in(limited.test_client(), f"pupil{number}").status_code for number in range(60)]
    assert set(answers) == {302}
    # A machine that tries a whole list is told to stop, without a word about accounts.
    client = limited.test_client()
    late = [log_in(client, f"nobody{number}", "wrong") for number in range(150)]
    assert {answer.status_code for answer in late[:130]} == {422}
    assert late[-1].status_code == 429
    assert "稍等片刻" in late[-1].text


def test_a_class_that_changes_something_about_itself_shares_no_limit(limited: Flask) -> None:
    make = Factory()
    pupils: list[Any] = [logged_in(limited, make.user()) for _pupil in range(65)]
    for address in ("/account/email", "/account/picture"):
        answers = [pupil.post(address, data={}, headers=pupil.csrf()).status_code for pupil in pupils]
        assert 429 not in answers, address
    restless = pupils[0]
    again = [restless.post("/account/picture", headers=restless.csrf()).status_code for _time in range(10)]
    assert again[-1] == 429


def test_the_cookie_of_before_is_worthless_after(app: Flask, client: FlaskClient, make: Factory) -> None:
    """Whoever planted a cookie in the browser, or copied it, holds nothing once somebody logs in with it."""
    make.user(email="li.lei@example.cn", password=PASSWORD)
    client.get("/login")
    planted = cookie_of(client)
    with client.session_transaction() as cookie:
        old_csrf = cookie["csrf_token"]
    log_in(client, "li.lei@example.cn")
    assert cookie_of(client).value != planted.value
    with client.session_transaction() as cookie:
        assert cookie.get("csrf_token") != old_csrf
    thief = app.test_client()
    thief.set_cookie("jinke_session", planted.value)
    assert thief.get("/account").status_code == 302


def test_a_copied_cookie_ends_with_the_log_out(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    log_in(client, "li.lei@example.cn")
    copy = app.test_client()
    copy.set_cookie("jinke_session", cookie_of(client).value)
    assert copy.get("/account").status_code == 200
    assert client.get("/logout").status_code == 405
    submit(client, "/account", to="/logout")
    assert copy.get("/account").status_code == 302
    assert db.session.scalars(select(UserSession)).all() == []


def test_staying_logged_in_is_a_choice(app: Flask, make: Factory) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    briefly, long = app.test_client(), app.test_client()
    log_in(briefly, "li.lei@example.cn")
    log_in(long, "li.lei@example.cn", stay="y")
    assert cookie_of(briefly).expires is None
    assert cookie_of(long).expires is not None
    with clock.shifted(timedelta(days=2)):
        assert briefly.get("/account").status_code == 302
        assert long.get("/account").status_code == 200
    with clock.shifted(timedelta(days=31)):
        assert long.get("/account").status_code == 302


def test_a_page_for_people_leads_through_the_log_in_and_back(client: FlaskClient, make: Factory) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    answer = client.get("/account/tokens?x=1")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/account/tokens?x%3D1"
    back = submit(client, answer.location, {"email": "li.lei@example.cn", "password": PASSWORD})
    assert back.location == "/account/tokens?x=1"
    assert client.get("/login").location == "/my"


def test_a_program_is_told_in_its_own_words(client: FlaskClient) -> None:
    answer = client.get("/account", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        " //evil.example",
        "https://127.0.0.1:8000@evil.example/",
    ],
)
def test_nobody_is_led_out_of_the_house(client: FlaskClient, make: Factory, target: str) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    entries = {"email": "li.lei@example.cn", "password": PASSWORD, "next": target}
    answer = submit(client, "/login", entries)
    assert answer.status_code == 302
    reached = urljoin("http://localhost/login", answer.location.replace("\\", "/"))
    assert reached.startswith("http://localhost/"), answer.location
    assert not re.search(
        r'(href|value)="(https?:)?[/\\]*evil', client.get("/register", query_string={"next": target}).text
    )


def test_hashing_keeps_no_writer_waiting(app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment a password is hashed somebody else can write; on SQLite there is one writer at a time."""
    make.user(email="li.lei@example.cn", password=PASSWORD)
    written: list[str] = []
    for name in ("hash", "verify"):
        original: Callable[..., Any] = getattr(CryptContext, name)

        def writing(self: CryptContext, *args: Any, _real: Callable[..., Any] = original, **rest: Any) -> Any:
            _write_at_once(f"probe-{len(written)}")
            written.append(request.path)
            return _real(self, *args, **rest)

        monkeypatch.setattr(CryptContext, name, writing)
    client = app.test_client()
    log_in(client, "nobody@example.cn")
    log_in(client, "li.lei@example.cn")
    new = {"password": PASSWORD, "new_password": "a quite new sentence"}
    assert submit(client, "/account/password", new).status_code == 302
    register = {"name": "甲", "email": "a@example.cn", "password": "a quite new sentence", "agreement": "y"}
    submit(app.test_client(), "/register", register)
    submit(app.test_client(), "/register", register)
    submit(app.test_client(), "/reset", {"email": "a@example.cn"})
    assert set(written) == {"/login", "/account/password", "/register", "/reset"}


def _write_at_once(key: str) -> None:
    """Writes through a connection of its own that does not wait."""
    patient, hasty = ("PRAGMA busy_timeout=20000", "PRAGMA busy_timeout=0")
    if db.engine.dialect.name == "postgresql":
        patient, hasty = ("SET lock_timeout = 0", "SET lock_timeout = 1")
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(hasty)
        try:
            connection.execute(insert(LoginThrottle).values(key=key, failures=0, first_failure_at=clock.now()))
        finally:
            connection.exec_driver_sql(patient)
