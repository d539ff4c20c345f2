"""``jinke users create``: for the first operator, and for scripts."""

import json

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from core.cli import cli
from core.db import db
from core.institutions.models import Membership
from core.tenancy import across_institutions
from core.users.models import User
from tests.browser_less import submit
from tests.factories import Factory


def run(app: Flask, *arguments: str, given: str = "") -> Result:
    return app.test_cli_runner().invoke(cli, ["users", "create", *arguments], input=given)


def test_an_operator_is_made_with_a_password_that_no_list_of_processes_shows(app: Flask) -> None:
    result = run(
        app,
        "--name",
        "运维",
        "--email",
        "Ops@example.cn",
        "--operator",
        "--password-stdin",
        "--json",
        given="a long sentence\n",
    )
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert (made["email"], made["link"]) == ("ops@example.cn", None)
    assert db.session.get_one(User, made["id"]).is_operator
    entries = {"email": "ops@example.cn", "password": "a long sentence"}
    assert submit(app.test_client(), "/login", entries).status_code == 302


def test_a_member_without_a_password_gets_a_link(app: Flask, make: Factory) -> None:
    institution = make.institution(slug="jzsy")
    result = run(app, "--name", "李雷", "--username", "S2023001", "--institution", "jzsy", "--json")
    made = json.loads(result.stdout)
    assert made["username"] == "s2023001"
    path = made["link"].removeprefix("http://127.0.0.1:8000")
    assert app.test_client().get(path).status_code == 200
    with across_institutions("a test"):
        assert db.session.scalars(select(Membership.institution_id)).all() == [institution.id]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("--name", "x"), ""),
        (("--name", "x", "--email", "none"), ""),
        (("--name", "", "--email", "a@example.cn"), ""),
        (("--name", "x", "--email", "taken@example.cn"), ""),
        (("--name", "x", "--email", "a@example.cn", "--institution", "nowhere"), ""),
        (("--name", "x", "--email", "a@example.cn", "--password-stdin"), "short\n"),
    ],
)
def test_what_will_not_do_leaves_nobody_behind(
    app: Flask, make: Factory, arguments: tuple[str, ...], given: str
) -> None:
    make.user(email="taken@example.cn")
    result = run(app, *arguments, "--json", given=given)
    assert result.exit_code != 0
    assert result.stdout == ""
    assert result.stderr
    db.session.rollback()
    assert len(db.session.scalars(select(User)).all()) == 1
