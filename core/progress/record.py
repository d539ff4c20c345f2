"""One learner's record of one lesson: what counts, every report and ruling, what was not counted and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.courses.models import Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.errors import NotFound
from core.i18n import _
from core.institutions.models import Institution
from core.progress import appeals, queries, rule, words
from core.progress.intervals import NOTHING, Intervals
from core.progress.models import Appeal, EntryKind, LessonProgress, ProgressEntry
from core.progress.replay import replay
from core.progress.rulings import criterion_of
from core.users.models import User

ENTRIES_SHOWN = 400
"""Reports shown on the page, newest first: a hundred minutes of watching. The command line shows all."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who and what a record is about."""

    enrolment: Enrolment
    lesson: Lesson
    person: User
    institution: Institution

    @property
    def duration_ms(self) -> int:
        """Length of the lesson as it is now."""
        return self.lesson.duration_ms


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the ledger for a reader."""

    at: datetime
    is_ruling: bool
    accepted: str
    rejected: list[tuple[str, str]]
    """Parts that were not counted, each with its reason in a sentence."""
    actor: str
    note: str
    of_this_file: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Everything a learner may know, and a teacher decides on."""

    subject: Subject
    progress: LessonProgress | None
    watched: Intervals
    required_ms: int
    sentence: str
    missing: str
    uncounted: list[tuple[str, str]]
    """What is not counted to this day, by reason."""
    lines: list[Line]
    total_lines: int
    appeals: list[Appeal]


def learner_of(course_id: int, enrolment_id: int, lesson_id: int) -> Subject:
    """The enrolment and the lesson, both of this course. Raises :class:`NotFound`."""
    row = db.session.execute(
        select(Enrolment, Lesson, User, Institution)
        .join(User, User.id == Enrolment.user_id)
        .join(Institution, Institution.id == Enrolment.institution_id)
        .join(Lesson, Lesson.course_id == Enrolment.course_id)
        .where(
            Enrolment.id == enrolment_id,
            Enrolment.course_id == course_id,
            Lesson.id == lesson_id,
            Lesson.deleted_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound(_("There is no such learner or lesson in this course."))
    return Subject(*row)


def record_of(subject: Subject) -> Record:
    """Reads the record; four statements, whatever the length of the ledger."""
    enrolment, lesson = subject.enrolment, subject.lesson
    progress = db.session.scalars(
        select(LessonProgress).where(LessonProgress.enrolment_id == enrolment.id, LessonProgress.lesson_id == lesson.id)
    ).first()
    entries = queries.ledger_entries(enrolment.id, lesson.id)
    of_this_file = [queries.as_entry(entry) for entry in entries if entry.asset_id == lesson.asset_id]
    state = replay(of_this_file)
    criterion = criterion_of(subject.institution, lesson.kind)
    completed = progress is not None and progress.completed_at is not None
    required_ms = rule.required_ms(lesson.duration_ms, criterion)
    return Record(
        subject=subject,
        progress=progress,
        watched=state.watched,
        required_ms=required_ms,
        sentence=words.standing(
            lesson.kind,
            state.watched,
            criterion,
            duration_ms=lesson.duration_ms,
            required_ms=required_ms,
            completed=completed,
        ),
        missing=words.parts_in_words(state.watched.missing(lesson.duration_ms, words.WORTH_NAMING_MS)),
        uncounted=[(words.parts_in_words(point.intervals), _(point.reason.sentence)) for point in state.rejected],
        lines=_lines(entries, lesson),
        total_lines=len(entries),
        appeals=appeals.appeals_of(enrolment.id, lesson.id),
    )


def _lines(entries: Sequence[ProgressEntry], lesson: Lesson) -> list[Line]:
    shown = entries[-ENTRIES_SHOWN:][::-1]
    actors = {entry.actor_id for entry in shown if entry.actor_id}
    names: dict[int, str] = {}
    if actors:
        names = {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(actors)))}
    return [
        Line(
            at=entry.at,
            is_ruling=entry.kind == EntryKind.RULING,
            accepted=words.parts_in_words(Intervals.parse(entry.accepted)) if entry.accepted else "",
            rejected=[
                (words.parts_in_words(rejection.intervals), _(rejection.reason.sentence))
                for rejection in queries.as_entry(entry).rejected
            ],
            actor=names.get(entry.actor_id or 0, ""),
            note=entry.note,
            of_this_file=entry.asset_id == lesson.asset_id,
        )
        for entry in shown
    ]


def coverage(record: Record) -> list[tuple[float, float]]:
    """What counts, in seconds, for the bar that shows it."""
    return [(start / 1000, end / 1000) for start, end in (record.watched or NOTHING)]
