"""``jinke courses``: what courses a site has."""

import json
from typing import Any

import click
from flask.cli import with_appcontext

from core.courses import queries
from core.courses.lifecycle import STATE_NAMES
from core.courses.models import CourseState
from core.db import reading
from core.errors import NotFound
from core.i18n import _
from core.institutions.queries import by_slug


@click.group("courses")
def courses_group() -> None:
    """Courses."""


@courses_group.command("list")
@click.option("--institution", metavar="SLUG", help="Only courses of this institution.")
@click.option("--state", type=click.Choice([state.value for state in CourseState]), help="Only courses in this state.")
@click.option("--json", "as_json", is_flag=True, help="Standard output is JSON alone.")
@with_appcontext
def list_command(institution: str | None, state: str | None, as_json: bool) -> None:
    """Lists the courses of all institutions, or of one, whatever their state."""
    with reading():
        institution_id = _institution(institution) if institution is not None else None
        found = queries.all_courses(institution_id, CourseState(state) if state else None)
    if as_json:
        click.echo(json.dumps({"courses": [_plain(row) for row in found]}, ensure_ascii=False))
        return
    for row in found:
        said = STATE_NAMES[CourseState(row.state)]
        click.echo(f"{row.slug:<32} {said}  {row.institution}  {row.title}")


def _institution(slug: str) -> int:
    try:
        return by_slug(slug).id
    except NotFound:
        raise click.ClickException(_("There is no institution “%(slug)s” here.", slug=slug)) from None


def _plain(row: Any) -> dict[str, Any]:
    moments = {name: getattr(row, name) for name in ("published_at", "updated_at")}
    return {
        "id": row.id,
        "slug": row.slug,
        "title": row.title,
        "institution": row.institution_slug,
        "state": row.state,
        "visibility": row.visibility,
        "lessons": row.lesson_count,
        "learners": row.enrolment_count,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


commands: list[click.Command] = [courses_group]
