"""``jinke demo``: fills the site with something to look at."""

import click
from flask import current_app
from flask.cli import with_appcontext

from core.config import current_settings
from core.demo import seed as demo
from core.i18n import _


@click.command("demo")
@click.option("--no-video", is_flag=True, help="Make the lectures pages to read (quicker; needs no ffmpeg).")
@with_appcontext
def demo_command(no_video: bool) -> None:
    """Three institutions, courses with covers and video lessons made on the spot, people in every role."""
    application = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - the application behind the proxy
    demo.seed(application, with_video=not no_video, say=lambda line: click.echo(f"  {line}"))
    wanted = demo.content()
    click.echo(_("The demo is ready. Log in at %(url)s with any of these:", url=current_settings().base_url))
    for person in wanted["people"]:
        click.echo(f"  {person['email']:32} {_role(person)}  {person['name']}")
    click.echo(_("Password for all of them: %(password)s", password=wanted["password"]))


def _role(person: dict[str, dict[str, str]]) -> str:
    if person.get("operator"):
        return str(_("operator"))
    names = {"administrator": _("administrator"), "instructor": _("teacher"), "student": _("student")}
    return ", ".join(str(names[role]) for role in person["member"].values())


commands: list[click.Command] = [demo_command]
