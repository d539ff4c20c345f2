"""People whom an institution brings in: a link that works once, and cannot open an account that has a password."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock
from core.db import db
from core.errors import Conflict
from core.users import service
from core.users.models import ActivationLink, User
from tests.browser_less import submit
from tests.factories import PASSWORD, Factory
from tests.users.conftest import Letters

NEW = "a quite new sentence"


def issue(user: User) -> str:
    """The path of a new activation link."""
    url = service.issue_activation(user)
    db.session.commit()
    return url.removeprefix("http://127.0.0.1:8000")


def test_a_link_sets_the_first_password_and_logs_in(
    app: Flask, client: FlaskClient, make: Factory, letters: Letters
) -> None:
    user = make.user(email="a@example.cn", username="s2023001", password=None, confirmed_at=None)
    path = issue(user)
    stored = db.session.scalars(select(ActivationLink.token_hash)).one()
    assert stored not in path
    page = client.get(path)
    assert "s2023001" in page.text
    answer = submit(client, path, {"password": NEW, "agreement": "y"})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    # The link may have been handed over on paper: the address is still to be confirmed.
    assert [letter["To"] for letter in letters()] == ["a@example.cn"]
    assert db.session.get_one(User, user.id).agreed_at is not None

    other = app.test_client()
    assert other.get(path).status_code == 404
    assert submit(other, "/login", {"email": "S2023001", "password": NEW}).status_code == 302


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"password": "short", "agreement": "y"}, "至少需要 8 个字符"),
        ({"password": "s2023001", "agreement": "y"}, "姓名或邮箱"),
        ({"password": NEW}, "同意"),
    ],
)
def test_what_will_not_do_leaves_the_link_alive(
    client: FlaskClient, make: Factory, entries: dict[str, str], sentence: str
) -> None:
    path = issue(make.user(username="s2023001", password=None))
    answer = submit(client, path, entries)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert client.get(path).status_code == 200


def test_a_newer_link_replaces_the_older(client: FlaskClient, make: Factory) -> None:
    user = make.user(password=None)
    older, newer = issue(user), issue(user)
    answer = client.get(older)
    assert answer.status_code == 404
    assert "新链接" in answer.text
    assert client.get(newer).status_code == 200
    assert client.get("/activate/nonsense").status_code == 404


def test_a_link_expires_after_thirty_days(client: FlaskClient, make: Factory) -> None:
    path = issue(make.user(password=None))
    with clock.shifted(timedelta(days=29)):
        assert client.get(path).status_code == 200
    with clock.shifted(timedelta(days=31)):
        assert client.get(path).status_code == 404


def test_nobody_is_handed_an_account_that_has_a_password(client: FlaskClient, make: Factory) -> None:
    with pytest.raises(Conflict):
        service.issue_activation(make.user(password=PASSWORD))
    user = make.user(password=None)
    path = issue(user)
    user.password = "$argon2id$"
    db.session.commit()
    assert client.get(path).status_code == 404


def test_of_two_who_use_a_link_at_once_one_is_refused(app: Flask, make: Factory) -> None:
    user = make.user(password=None)
    issue(user)
    link = db.session.scalars(select(ActivationLink)).one()
    service.activate(link, user, "first")
    with pytest.raises(Conflict):
        service.activate(link, user, "second")
    assert user.password == "first"
