"""Registering and confirming: what a newcomer does, and what somebody who is merely curious learns (nothing)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core.db import db
from core.users.models import User
from tests.browser_less import submit
from tests.factories import Factory
from tests.users.conftest import Letters, link_in, text_of

PASSWORD = "春眠不觉晓处处闻啼鸟"
ENTRIES = {"name": "林若溪", "email": "Ruoxi.Lin@Example.EDU.cn", "password": PASSWORD, "agreement": "y"}


def person(email: str) -> User:
    """The person with this address, who must exist."""
    return db.session.scalars(select(User).where(User.email == email)).one()


def people() -> int:
    return db.session.scalar(select(func.count()).select_from(User)) or 0


def register(client: FlaskClient, **changes: str | None) -> TestResponse:
    return submit(client, "/register", {**ENTRIES, **changes})


def test_a_newcomer_registers_confirms_and_logs_in(app: Flask, client: FlaskClient, letters: Letters) -> None:
    answer = submit(client, "/register?next=/courses/x", ENTRIES)
    assert (answer.status_code, answer.location) == (302, "/registered")
    page = client.get("/registered").text
    assert "请查看邮件" in page
    assert "next=/courses/x" in page

    user = person("ruoxi.lin@example.edu.cn")
    assert user.name == "林若溪"
    assert user.confirmed_at is None
    assert user.agreed_at is not None
    assert user.password is not None
    assert user.password.startswith("$argon2id$")

    (letter,) = letters()
    assert letter["To"] == "ruoxi.lin@example.edu.cn"
    assert "确认" in letter["Subject"]
    assert "林若溪" in text_of(letter)

    link = link_in(letter)
    # A mail scanner opens the link; nothing happens.
    assert "确认你的邮箱" in client.get(link).text
    assert person("ruoxi.lin@example.edu.cn").confirmed_at is None
    assert submit(client, link).status_code == 302
    assert person("ruoxi.lin@example.edu.cn").confirmed_at is not None

    answer = submit(client, "/login?next=/account", {"email": "RUOXI.lin@example.edu.cn", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/account")
    assert "林若溪" in client.get("/account").text


def test_a_known_address_gets_the_same_answer_and_a_letter(
    app: Flask, client: FlaskClient, make: Factory, letters: Letters
) -> None:
    make.user(email="known@example.edu.cn", password="long enough once")
    known = register(client, email="known@example.edu.cn")
    other = app.test_client()
    unknown = register(other, email="free@example.edu.cn")

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    first, second = client.get("/registered").text, other.get("/registered").text
    assert _without_tokens(first.replace("known@", "free@")) == _without_tokens(second)

    welcome = {letter["To"]: letter["Subject"] for letter in letters()}
    assert "已有账号" in welcome["known@example.edu.cn"]
    assert "确认" in welcome["free@example.edu.cn"]
    assert person("known@example.edu.cn").name != "林若溪"


def test_a_newcomer_may_learn_before_confirming_and_is_reminded(client: FlaskClient, letters: Letters) -> None:
    register(client)
    submit(client, "/login", {"email": ENTRIES["email"], "password": PASSWORD})
    letters()
    page = client.get("/account")
    assert "ruoxi.lin@example.edu.cn" in page.text
    assert "重新发送" in page.text

    submit(client, "/account", to="/account/confirm")
    (letter,) = letters()
    submit(client, link_in(letter))
    assert "重新发送" not in client.get("/account").text


def test_the_form_sent_twice_makes_one_account_and_one_letter(client: FlaskClient, letters: Letters) -> None:
    first, second = register(client), register(client)
    assert first.location == second.location == "/registered"
    assert len(letters()) == 1
    assert people() == 1


def test_two_at_the_same_moment_make_one_account(app: Flask, letters: Letters) -> None:
    def once(_number: int) -> TestResponse:
        with app.app_context():
            return register(app.test_client())

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(once, range(4)))
    assert {answer.status_code for answer in answers} == {302}
    assert people() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "请填写姓名"),
        ("name", "长" * 81, "80"),
        ("name", "a\x00b", "无法保存"),
        ("email", "ruoxi.example.cn", "不是邮箱地址"),
        ("email", "a@b.cn\r\nBcc: all@school.cn", "不是邮箱地址"),
        ("email", "x" * 250 + "@example.cn", "不是邮箱地址"),
        ("password", "", "请填写密码"),
        ("password", "short7!", "8"),
        ("password", "长" * 129, "128"),
        ("password", "password123", "最先尝试"),
        ("password", "11111111", "最先尝试"),
        ("password", "ruoxi.lin@example.edu.cn", "姓名或邮箱"),
        ("agreement", None, "同意"),
    ],
)
def test_an_entry_that_will_not_do_is_named_and_the_rest_is_kept(
    client: FlaskClient, letters: Letters, field: str, value: str | None, sentence: str
) -> None:
    answer = register(client, **{field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    if field != "name":
        assert "林若溪" in answer.text
    assert PASSWORD not in answer.text
    assert letters() == []
    assert people() == 0


def test_bytes_of_another_encoding_are_refused_in_words(client: FlaskClient) -> None:
    client.get("/register")
    page = client.get("/register").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    entries = {"csrf_token": token, **ENTRIES}
    body = urlencode(entries, encoding="gbk")
    answer = client.post("/register", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert "“name”" in answer.text
    assert "UTF-8" in answer.text
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in entries.items()
    ]
    answer = client.post(
        "/register", data="".join([*parts, "--x--\r\n"]).encode("gbk"), content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 422
    assert "无法保存" in answer.text
    assert people() == 0


def test_without_the_forms_token_nothing_happens(client: FlaskClient) -> None:
    answer = client.post("/register", data=ENTRIES)
    assert answer.status_code == 400
    assert "返回" in answer.text
    assert people() == 0


def test_json_belongs_to_the_api(client: FlaskClient) -> None:
    token = client.get("/register").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post("/register", json=ENTRIES, headers={"X-CSRFToken": token})
    assert answer.status_code == 415


def test_an_expired_or_forged_link_says_so(
    app: Flask, client: FlaskClient, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "确认你的邮箱" in submit(client, "/confirm/nonsense", follow_redirects=True).text
    register(client)
    link = link_in(letters()[0])
    monkeypatch.setitem(app.config, "SECURITY_CONFIRM_EMAIL_WITHIN", timedelta(seconds=-1))
    answer = submit(client, link, follow_redirects=True)
    assert "重新发送" in answer.text
    assert person("ruoxi.lin@example.edu.cn").confirmed_at is None


def _without_tokens(page: str) -> str:
    return re.sub(r'(nonce|value|content)="[^"]{20,}"', "", page)
