"""``jinke doctor``."""

import json
import sys
from collections.abc import Iterator

import click
from flask import Flask
from flask.cli import ScriptInfo

from core.config import ConfigError
from core.db import reading
from core.doctor import machine, site
from core.doctor.findings import Finding, State, fail
from core.i18n import _

MACHINE = (machine.python, machine.programs, machine.fonts, machine.built_files, machine.home, machine.secret)
SITE = (site.database, site.worker, site.failed_jobs, site.stored_files)
SIGNS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✗"}
COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Standard output is JSON alone.")
@click.pass_context
def doctor_command(context: click.Context, as_json: bool) -> None:
    """Looks for what is missing or wrong, and says what to do. Status 1: something does not work."""
    found = list(_examine(context))
    healthy = all(finding.state != State.FAIL for finding in found)
    if as_json:
        checks = [finding.as_json() for finding in found]
        click.echo(json.dumps({"healthy": healthy, "checks": checks}, ensure_ascii=False, indent=2))
    else:
        for finding in found:
            _print(finding)
    sys.exit(0 if healthy else 1)


def _examine(context: click.Context) -> Iterator[Finding]:
    try:
        app: Flask = context.ensure_object(ScriptInfo).load_app()
    except ConfigError as error:
        yield fail("settings", _(error.sentence, **error.values), _("Correct the settings, then run this again."))
        return
    with app.app_context(), reading():
        for check in MACHINE:
            yield from check()
        yield from site.settings()
        for check in SITE:
            found = list(check())
            yield from found
            if any(finding.check == "database" and finding.state == State.FAIL for finding in found):
                return  # there is nothing to ask the others of


def _print(finding: Finding) -> None:
    sign = click.style(SIGNS[finding.state], fg=COLOURS[finding.state])
    click.echo(f"{sign} {finding.check:<12} {finding.sentence}")
    if finding.remedy:
        click.echo(f"  {'':<12} → {finding.remedy}")


commands: list[click.Command] = [doctor_command]
