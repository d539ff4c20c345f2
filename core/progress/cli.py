"""``jinke progress``: what was counted, and the proof that it follows from the ledger."""

import json
import sys
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import or_, select

from core.courses.models import Lesson
from core.db import db, reading
from core.enrolment.models import Enrolment
from core.i18n import _, format_datetime
from core.progress import explain, words
from core.progress.explain import Explanation
from core.tenancy import across_institutions
from core.users.models import User


@click.group("progress")
def progress() -> None:
    """Verified progress."""


@progress.command("explain")
@click.option("--user", "who", required=True, help="E-mail address, user name or number of the learner.")
@click.option("--lesson", "lesson_id", type=int, required=True, help="Number of the lesson.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON alone.")
@with_appcontext
def explain_command(who: str, lesson_id: int, as_json: bool) -> None:
    """Shows every entry of the ledger for one learner and lesson, what follows from them, and whether it agrees.

    Status 0: the pages show what the ledger says. 1: they differ. 2: no such learner, lesson or enrolment.
    """
    with reading(), across_institutions("the operator asks about one learner"):
        enrolments = _enrolments(who, lesson_id)
        found = [explain.explain(enrolment, lesson_id) for enrolment in enrolments]
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=2))
    else:
        for each in found:
            _print(each)
    sys.exit(0 if all(each.agrees for each in found) else 1)


def _enrolments(who: str, lesson_id: int) -> list[Enrolment]:
    conditions = [User.email == who.lower(), User.username == who]
    if who.isdecimal():
        conditions.append(User.id == int(who))
    user = db.session.scalars(select(User).where(or_(*conditions))).first()
    lesson = db.session.get(Lesson, lesson_id)
    if user is None or lesson is None:
        missing = _("There is no such person.") if user is None else _("There is no such lesson.")
        raise click.ClickException(str(missing))
    enrolments = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.user_id == user.id, Enrolment.course_id == lesson.course_id)
        .order_by(Enrolment.id)
    ).all()
    if not enrolments:
        raise click.ClickException(str(_("%(name)s is not enrolled in this course.", name=user.name)))
    return list(enrolments)


def _plain(found: Explanation) -> dict[str, Any]:
    return {
        "enrolment": found.enrolment_id,
        "lesson": found.lesson_id,
        "watched": [list(piece) for piece in found.watched],
        "counted_ms": found.counted_ms,
        "required_ms": found.required_ms,
        "duration_ms": found.duration_ms,
        "completed": found.completed,
        "agrees": found.agrees,
        "differences": found.differences,
        "entries": [
            {
                "id": entry.id,
                "at": entry.at.isoformat(),
                "kind": entry.kind,
                "stream": entry.stream_id,
                "sequence": entry.sequence,
                "claimed": entry.claimed,
                "accepted": entry.accepted,
                "rejected": entry.rejected,
                "note": entry.note,
            }
            for entry in found.entries
        ],
    }


def _print(found: Explanation) -> None:
    for entry in found.entries:
        rejected = "; ".join(f"{intervals} {reason}" for intervals, reason in entry.rejected)
        place = f"{entry.stream_id or '-'}/{entry.sequence if entry.sequence is not None else '-'}"
        click.echo(
            f"{entry.id:>8}  {format_datetime(entry.at, 'medium')}  {entry.kind:8} {place:28} "
            f"{entry.claimed or '-'} → {entry.accepted or '-'}  {rejected}  {entry.note}".rstrip()
        )
    click.echo(
        _(
            "Counted %(counted)s of %(duration)s, %(required)s are needed: %(state)s.",
            counted=words.clock_time(found.counted_ms),
            duration=words.clock_time(found.duration_ms),
            required=words.clock_time(found.required_ms),
            state=_("completed") if found.completed else _("not completed"),
        )
    )
    for difference in found.differences:
        click.echo(difference, err=True)


commands: list[click.Command] = [progress]
