"""Forgetting and changing passwords, and changing the address they depend on."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.db import db
from core.users.models import User, UserSession
from core.users.passwords import find_problem
from tests.browser_less import submit
from tests.client import Client
from tests.factories import PASSWORD, Factory
from tests.users.conftest import Letters, link_in, text_of

NEW = "a quite new sentence"


def log_in(client: FlaskClient, identity: str, password: str) -> int:
    return submit(client, "/login", {"email": identity, "password": password}).status_code


def test_a_forgotten_password_is_set_anew_once(app: Flask, client: Client, make: Factory, letters: Letters) -> None:
    user = make.user(email="li.lei@example.cn", password=PASSWORD, confirmed_at=None, locale="en")
    elsewhere = app.test_client()
    log_in(elsewhere, "li.lei@example.cn", PASSWORD)

    asked = submit(client, "/reset", {"email": "Li.Lei@example.cn"})
    assert asked.status_code == 303
    (letter,) = letters()
    # The letter speaks the language of the person, not of whoever asked for it.
    assert letter["Subject"] == "Set a new password at 金课"
    link = link_in(letter)

    assert submit(client, link, {"password": "password123"}).status_code == 422
    done = submit(client, link, {"password": NEW})
    assert (done.status_code, done.location) == (302, "/login")
    assert [letter["Subject"] for letter in letters()] == ["Your password at 金课 was changed"]

    assert elsewhere.get("/account").status_code == 302
    assert db.session.scalars(select(UserSession)).all() == []
    assert db.session.get_one(User, user.id).confirmed_at is not None
    again = client.get(link, follow_redirects=True)
    assert "链接已使用过" in again.text
    assert client.post(link, data={"password": "third sentence here"}, headers=client.csrf()).location == "/reset"
    assert log_in(client, "li.lei@example.cn", PASSWORD) == 422
    assert log_in(client, "li.lei@example.cn", NEW) == 302


def test_an_unknown_address_gets_the_same_answer_and_no_letter(
    client: FlaskClient, make: Factory, letters: Letters
) -> None:
    make.user(email="known@example.cn", password=PASSWORD)
    make.user(email="closed@example.cn", password=PASSWORD, active=False)
    pages = {}
    for name in ("known", "unknown", "closed"):
        answer = submit(client, "/reset", {"email": f"{name}@example.cn"}, follow_redirects=True)
        page = re.sub(r'(nonce|value|content)="[^"]{20,}"', "", answer.text)
        pages[name] = (answer.status_code, page.replace(f"{name}@", "x@"))
    assert pages["known"] == pages["unknown"] == pages["closed"]
    assert [letter["To"] for letter in letters()] == ["known@example.cn"]


def test_what_is_no_address_is_said_to_be_none(client: FlaskClient) -> None:
    for page in ("/reset", "/confirm"):
        answer = submit(client, page, {"email": "no address"})
        assert answer.status_code == 422
        assert "不是邮箱地址" in answer.text


def test_a_mailbox_cannot_be_filled_from_a_form(client: FlaskClient, make: Factory, letters: Letters) -> None:
    make.user(email="known@example.cn", password=PASSWORD)
    answers = {submit(client, "/reset", {"email": "known@example.cn"}).status_code for _ in range(9)}
    assert answers == {303}
    assert len(letters()) == 5


def test_an_old_link_has_expired(
    app: Flask, client: FlaskClient, make: Factory, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user(email="known@example.cn", password=PASSWORD)
    submit(client, "/reset", {"email": "known@example.cn"})
    monkeypatch.setitem(app.config, "SECURITY_RESET_PASSWORD_WITHIN", timedelta(seconds=-1))
    assert "已过期" in client.get(link_in(letters()[0]), follow_redirects=True).text


def test_changing_the_password_ends_all_other_sessions(
    app: Flask, client: FlaskClient, make: Factory, letters: Letters
) -> None:
    make.user(email="li.lei@example.cn", password=PASSWORD)
    elsewhere = app.test_client()
    log_in(client, "li.lei@example.cn", PASSWORD)
    log_in(elsewhere, "li.lei@example.cn", PASSWORD)

    answer = submit(client, "/account/password", {"password": PASSWORD, "new_password": NEW})
    assert (answer.status_code, answer.location) == (302, "/account/password")
    assert "密码已修改" in client.get("/account/password").text
    assert elsewhere.get("/account").status_code == 302
    assert len(db.session.scalars(select(UserSession)).all()) == 1
    (letter,) = letters()
    assert "忘记密码" in text_of(letter)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("", NEW, "请填写当前密码"),
        ("something else", NEW, "当前密码不正确"),
        (PASSWORD, "short", "至少需要 8 个字符"),
        (PASSWORD, PASSWORD, "与当前密码相同"),
        (PASSWORD, "woaini1314", "最先尝试"),
        (PASSWORD, "a\x00bcdefgh", "无法识别"),
        (PASSWORD, "", "请填写密码"),
    ],
)
def test_a_change_that_will_not_do_says_why(
    make: Factory, login: Callable[..., FlaskClient], old: str, new: str, sentence: str
) -> None:
    user = make.user(password=PASSWORD)
    before = user.password
    answer = submit(login(user), "/account/password", {"password": old, "new_password": new})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.get_one(User, user.id).password == before


def test_guessing_the_present_password_pauses_too(make: Factory, login: Callable[..., FlaskClient]) -> None:
    client = login(make.user(password=PASSWORD))
    for _ in range(5):
        submit(client, "/account/password", {"password": "wrong guess", "new_password": NEW})
    answer = submit(client, "/account/password", {"password": PASSWORD, "new_password": NEW})
    assert "分钟后再试" in answer.text


def test_a_sentence_will_do_and_what_everybody_tries_will_not(app: Flask) -> None:
    accepted = ["床前明月光疑是地上霜", "correct horse battery", "        x        y", "x7y" * 42]
    refused = ["12345678", "password1", "aaaaaaaa", "Iloveyou", "lilei@example.cn", "LiLeiLiLei", "x7y" * 43]
    words = ["lilei", "lilei@example.cn"]
    assert [password for password in accepted if find_problem(password, words)] == []
    assert [password for password in refused if not find_problem(password, words)] == []


def test_a_new_address_counts_once_its_owner_says_so(
    make: Factory, login: Callable[..., FlaskClient], letters: Letters
) -> None:
    user = make.user(email="old@example.cn", password=PASSWORD)
    client = login(user)
    # It is an hour since the log-in, as far as the session knows: the password is asked for first.
    asked = client.get("/account/email")
    assert asked.location == "/verify?next=/account/email"
    assert submit(client, asked.location, {"password": "wrong"}).status_code == 422
    assert submit(client, asked.location, {"password": PASSWORD}).location == "/account/email"

    assert submit(client, "/account/email", {"email": "New@example.cn"}).status_code == 303
    (letter,) = letters()
    assert letter["To"] == "new@example.cn"
    link = link_in(letter)
    assert client.get(link).status_code == 200
    assert db.session.get_one(User, user.id).email == "old@example.cn"
    assert submit(client, link).status_code == 302
    assert db.session.get_one(User, user.id).email == "new@example.cn"
    assert [letter["To"] for letter in letters()] == ["old@example.cn"]
    assert "链接已使用过" in submit(client, link, follow_redirects=True).text


def test_an_address_of_somebody_else_is_not_given_away(
    make: Factory, login: Callable[..., FlaskClient], letters: Letters
) -> None:
    make.user(email="taken@example.cn")
    client = login(make.user(password=PASSWORD))
    submit(client, "/verify", {"password": PASSWORD})
    assert submit(client, "/account/email", {"email": "taken@example.cn"}).status_code == 303
    assert letters() == []
