"""What the ledger and its projection say. Reads only."""

from collections.abc import Sequence

from sqlalchemy import select

from core.courses.models import CourseRun
from core.db import db
from core.enrolment.models import Enrolment, EnrolmentState
from core.enrolment.queries import present_first
from core.progress.intervals import Intervals
from core.progress.models import EntryKind, LessonProgress, ProgressEntry
from core.progress.replay import Entry
from core.progress.rule import Rejection


def current_enrolment(user_id: int, course_id: int) -> Enrolment | None:
    """The enrolment in which a person learns a course now: active, in the run under way. None: not enrolled."""
    return db.session.scalars(
        select(Enrolment)
        .join(CourseRun, CourseRun.id == Enrolment.run_id)
        .where(
            Enrolment.user_id == user_id,
            Enrolment.course_id == course_id,
            Enrolment.state == EnrolmentState.ACTIVE,
        )
        .order_by(*present_first())
        .limit(1)
    ).first()


def progress_by_lesson(enrolment_id: int) -> dict[int, LessonProgress]:
    """Lesson id → progress, for the lessons of one enrolment that were opened at all."""
    rows = db.session.scalars(select(LessonProgress).where(LessonProgress.enrolment_id == enrolment_id))
    return {row.lesson_id: row for row in rows}


def ledger_entries(enrolment_id: int, lesson_id: int) -> Sequence[ProgressEntry]:
    """The ledger of one learner and lesson, oldest first, all media files."""
    return db.session.scalars(
        select(ProgressEntry)
        .where(ProgressEntry.enrolment_id == enrolment_id, ProgressEntry.lesson_id == lesson_id)
        .order_by(ProgressEntry.id)
    ).all()


def ledger(enrolment_id: int, lesson_id: int, asset_id: int | None) -> list[Entry]:
    """The entries that decide what counts of one media file, in the form that :func:`replay` takes."""
    return [as_entry(row) for row in ledger_entries(enrolment_id, lesson_id) if row.asset_id == asset_id]


def as_entry(row: ProgressEntry) -> Entry:
    """A row of the ledger as the rule sees it."""
    return Entry(
        id=row.id,
        accepted=Intervals.parse(row.accepted),
        rejected=tuple(Rejection.from_pair(pair) for pair in row.rejected),
        ruling=row.kind == EntryKind.RULING,
    )
