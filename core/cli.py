"""The ``jinke`` command: scriptable, honouring ``JINKE_HOME``; with ``--json`` standard output is JSON alone.

Each package contributes its commands; this module holds what belongs to the site as a whole.
"""

import sys

import click
from flask.cli import FlaskGroup

from core import schema
from core.app import create_app
from core.config import ConfigError, home_folder, write_secret
from core.demo import cli as demo
from core.jobs import cli as jobs
from core.progress import cli as progress
from core.server import cli as server
from core.users import cli as users


@click.group(cls=FlaskGroup, create_app=create_app, add_default_commands=False, add_version_option=False)
def cli() -> None:
    """Jinke (金课): online courses whose progress can be proved."""


@cli.command("init")
def init_command() -> None:
    """Creates the instance folder, its secret key and an up-to-date database. Running it again changes nothing."""
    schema.upgrade()
    click.echo(f"{home_folder()}")


@cli.command("upgrade")
def upgrade_command() -> None:
    """Applies the pending migrations of core and of every installed plugin."""
    schema.upgrade()


for package in (demo, jobs, progress, server, users):
    for command in package.commands:
        cli.add_command(command)


def main() -> None:
    """Entry point of the ``jinke`` program."""
    if sys.argv[1:2] == ["init"]:
        # The application cannot be made without a secret, so this comes before it.
        write_secret(home_folder())
    try:
        cli()
    except ConfigError as error:
        click.echo(f"jinke: {error}", err=True)
        sys.exit(2)
