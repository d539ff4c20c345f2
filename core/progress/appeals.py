"""Appeals: a learner objects to what was not counted, a teacher answers; the ruling is an entry of the ledger."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core import clock
from core.courses.models import Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.progress import rulings
from core.progress.intervals import Intervals
from core.progress.models import Appeal, AppealState, LessonProgress
from core.users.models import User

LONGEST = 1000


@dataclass(frozen=True, slots=True)
class OpenAppeal:
    """An appeal that waits for an answer, as the team's list shows it."""

    id: int
    learner: str
    enrolment_id: int
    lesson_id: int
    lesson: str
    text: str
    created_at: datetime


def appeal(enrolment: Enrolment, lesson_id: int, text: str) -> Appeal:
    """Files an appeal. One that is still open is amended instead: the last word counts."""
    text = text.strip()
    if not text:
        raise Invalid(_("Say what you watched, when, and what went wrong."), field="text")
    if len(text) > LONGEST:
        raise Invalid(_("At most %(count)s characters; this has %(has)s.", count=LONGEST, has=len(text)), field="text")
    known = db.session.scalars(
        select(Appeal).where(
            Appeal.enrolment_id == enrolment.id, Appeal.lesson_id == lesson_id, Appeal.state == AppealState.OPEN
        )
    ).first()
    if known is not None:
        known.text = text
        return known
    filed = Appeal(enrolment_id=enrolment.id, lesson_id=lesson_id, text=text)
    db.session.add(filed)
    db.session.flush()
    return filed


def filed(appeal_id: int) -> Appeal:
    """An appeal, held so that of two teachers one answers it. Raises :class:`NotFound`."""
    row = db.session.get(Appeal, appeal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(_("There is no such appeal in this course."))
    return row


def answer(filed: Appeal, *, actor_id: int, note: str, grant: Intervals) -> None:
    """Decides an appeal: seconds granted make a ruling in the ledger, none is a refusal; either way with a reason."""
    if filed.state != AppealState.OPEN:
        raise Conflict(_("This appeal has been answered already."))
    if not note.strip():
        raise Invalid(_("Say why: the learner will read it."), field="note")
    if grant:
        progress = progress_row(filed.enrolment_id, filed.lesson_id)
        filed.ruling_id = rulings.rule_on(progress, actor_id=actor_id, note=note, grant=grant).id
    filed.state = AppealState.GRANTED if grant else AppealState.REFUSED
    filed.answer = note.strip()
    filed.decided_by_id = actor_id
    filed.decided_at = clock.now()
    db.session.flush()


def progress_row(enrolment_id: int, lesson_id: int) -> LessonProgress:
    """What a learner has done of a lesson, locked for a ruling. Raises :class:`NotFound` where it was never opened."""
    row = db.session.scalars(
        select(LessonProgress)
        .where(LessonProgress.enrolment_id == enrolment_id, LessonProgress.lesson_id == lesson_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound(_("This learner has not opened the lesson yet, so there is nothing to rule on."))
    return row


def open_appeals(course_id: int, limit: int = 200) -> list[OpenAppeal]:
    """What waits for an answer in a course, oldest first."""
    rows = db.session.execute(
        select(
            Appeal.id, User.name, Appeal.enrolment_id, Appeal.lesson_id, Lesson.title, Appeal.text, Appeal.created_at
        )
        .join(Lesson, Lesson.id == Appeal.lesson_id)
        .join(Enrolment, Enrolment.id == Appeal.enrolment_id)
        .join(User, User.id == Enrolment.user_id)
        .where(Lesson.course_id == course_id, Appeal.state == AppealState.OPEN)
        .order_by(Appeal.created_at)
        .limit(limit)
    )
    return [OpenAppeal(*row) for row in rows]


def appeals_of(enrolment_id: int, lesson_id: int) -> list[Appeal]:
    """One learner's appeals about one lesson, newest first."""
    return list(
        db.session.scalars(
            select(Appeal)
            .where(Appeal.enrolment_id == enrolment_id, Appeal.lesson_id == lesson_id)
            .order_by(Appeal.id.desc())
        )
    )
