"""The ``jinke`` command: scriptable, honouring ``JINKE_HOME``; with ``--json`` standard output is JSON alone.

Each package contributes its commands; this module holds what belongs to the site as a whole, and how every command
fails: with one sentence on standard error, in the language of the shell, and a status other than 0.
"""

import inspect
import os
import sys
from typing import Any

import click
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy.exc import SQLAlchemyError

from core import schema
from core.app import create_app
from core.config import ConfigError, home_folder, write_secret
from core.courses import cli as courses
from core.demo import cli as demo
from core.doctor import cli as doctor
from core.errors import DomainError
from core.i18n import _, speak_to_the_shell
from core.jobs import cli as jobs
from core.progress import cli as progress
from core.server import cli as server
from core.users import cli as users


class Site(AppGroup):
    """Commands for the site that ``JINKE_HOME`` names."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        """Lets commands make the application when they need it, with its own settings and no others."""
        extra.setdefault("obj", ScriptInfo(create_app=create_app, set_debug_flag=False, load_dotenv_defaults=False))
        return super().make_context(info_name, args, parent=parent, **extra)


@click.group(cls=Site)
def cli() -> None:
    """Jinke (金课): online courses whose progress can be proved.

    The site is the folder that JINKE_HOME names; without it, the folder “instance” here.
    """


@cli.command("init", with_appcontext=False)
@click.pass_context
def init_command(context: click.Context) -> None:
    """Creates the instance folder, its secret key and an up-to-date database. Running it again changes nothing."""
    write_secret(home_folder())
    with context.ensure_object(ScriptInfo).load_app().app_context():
        schema.upgrade()
    click.echo(f"{home_folder()}")


@cli.command("upgrade")
def upgrade_command() -> None:
    """Applies the pending migrations of core and of every installed plugin."""
    schema.upgrade()


for package in (courses, demo, doctor, jobs, progress, server, users):
    for command in package.commands:
        cli.add_command(command)


def main() -> None:
    """Entry point of the ``jinke`` program."""
    speak_to_the_shell(os.environ)
    translate(cli)
    try:
        cli.main(prog_name="jinke", standalone_mode=False)
    except BrokenPipeError:
        # Whoever was reading has read enough, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (click.ClickException, click.Abort, ConfigError, DomainError, SQLAlchemyError, OSError) as error:
        sys.exit(_fail(error))


def translate(command: click.Command) -> None:
    """Puts a command's help, its options' and its subcommands' into the language of the shell."""
    command.help = _in_words(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = _in_words(parameter.help)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        translate(inner)


def _in_words(text: str | None) -> str | None:
    return "\n\n".join(_(part) for part in paragraphs(text)) or None


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a help text, each on one line: what translators are given."""
    parts = inspect.cleandoc(text or "").split("\n\n")
    return [" ".join(part.split()) for part in parts if part.strip()]


def _fail(error: Exception) -> int:
    """Says what went wrong and returns the exit status: 2 for what was asked, 1 for what could not be done."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return 2
    if isinstance(error, click.Abort):
        _say(_("Stopped."))
        return 130
    if isinstance(error, click.ClickException):
        _say(error.format_message())
        return error.exit_code
    if isinstance(error, ConfigError):
        _say(_(error.sentence, **error.values))
        return 2
    if isinstance(error, SQLAlchemyError):
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        _say(_("The database could not do it: %(reason)s. `jinke doctor` looks for the cause.", reason=reason))
    elif isinstance(error, OSError):
        _say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    else:
        _say(str(error))
    return 1


def _say(sentence: str) -> None:
    click.echo(f"jinke: {sentence}", err=True)
