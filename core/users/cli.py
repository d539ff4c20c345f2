"""The commands about people."""

import json
import sys
from typing import Any

import click
from flask.cli import with_appcontext

from core.audit import record
from core.db import db
from core.errors import DomainError
from core.institutions import queries as institutions
from core.institutions.models import InstitutionRole, Membership
from core.tenancy import across_institutions, institution_scope
from core.users import service
from core.users.models import User
from core.users.roster_cli import import_command


@click.group("users")
def users_group() -> None:
    """People: making accounts, bringing in whole lists."""


@users_group.command("create")
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", help="Address to log in with and to send mail to.")
@click.option("--username", help="User name to log in with, such as a student number.")
@click.option("--operator", is_flag=True, help="Make the person an operator of the site.")
@click.option("--institution", metavar="SLUG", help="Make the person a member of this institution.")
@click.option(
    "--role", type=click.Choice([role.value for role in InstitutionRole]), default="student", show_default=True
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; without it, a link is made."
)
@click.option("--json", "as_json", is_flag=True, help="Standard output is JSON alone.")
@with_appcontext
def create_command(
    name: str,
    email: str | None,
    username: str | None,
    operator: bool,
    institution: str | None,
    role: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Makes one account. Without a password it prints the link by which the person sets one."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    try:
        user = service.create_person(name=name, email=email, username=username, password=password, is_operator=operator)
        if institution:
            _join(user, institution, InstitutionRole(role))
        link = None if password_stdin else service.issue_activation(user)
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    with across_institutions("the site's operator made this account"):
        record("users.create", user, operator=operator, institution=institution)
        db.session.commit()
    _tell({"id": user.id, "name": user.name, "email": user.email, "username": user.username, "link": link}, as_json)


def _join(user: User, slug: str, role: InstitutionRole) -> None:
    home = institutions.by_slug(slug)
    with institution_scope(home.id):
        db.session.add(Membership(institution_id=home.id, user_id=user.id, role=role))
        db.session.flush()


def _tell(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(made, ensure_ascii=False))
        return
    click.echo(f"{made['id']}  {made['name']}  {made['email'] or made['username']}")
    if made["link"]:
        click.echo(made["link"])


users_group.add_command(import_command)

commands: list[click.Command] = [users_group]
