"""What the learning page shows: the lesson, the outline with the learner's progress, captions, what was not counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, func, select

from core.courses.models import Caption, Chapter, Course, CourseRun, Lesson
from core.db import db
from core.enrolment.models import Enrolment, EnrolmentState
from core.enrolment.queries import present_first
from core.errors import NotFound
from core.files.models import Asset
from core.i18n import _
from core.institutions.models import Institution
from core.progress.intervals import Intervals
from core.progress.models import LessonProgress, ProgressEntry
from core.progress.rule import Rejection

REFUSALS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class LessonInPlace:
    """A lesson with everything it stands in."""

    lesson: Lesson
    chapter_title: str
    course: Course
    institution: Institution
    asset: Asset | None


def lesson_in_place(lesson_id: int, course_slug: str | None = None) -> LessonInPlace:
    """The lesson, unless it was removed. Raises :class:`NotFound`; also for a lesson of another course."""
    statement = (
        select(Lesson, Chapter.title, Course, Institution, Asset)
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .join(Course, Course.id == Lesson.course_id)
        .join(Institution, Institution.id == Lesson.institution_id)
        .outerjoin(Asset, Asset.id == Lesson.asset_id)
        .where(Lesson.id == lesson_id, Lesson.deleted_at.is_(None), Chapter.deleted_at.is_(None))
    )
    if course_slug is not None:
        statement = statement.where(Course.slug == course_slug)
    row = db.session.execute(statement).first()
    if row is None:
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    return LessonInPlace(*row)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person learns a course now, and how far they are with one of its lessons."""

    enrolment: Enrolment
    run: CourseRun
    progress: LessonProgress | None
    """None while the lesson was never opened."""


def place_of(user_id: int | None, course_id: int, lesson_id: int) -> Place | None:
    """The person's active enrolment in the course, in the run under way. None: not enrolled. One statement."""
    if user_id is None:
        return None
    of_lesson = (LessonProgress.enrolment_id == Enrolment.id) & (LessonProgress.lesson_id == lesson_id)
    row = db.session.execute(
        select(Enrolment, CourseRun, LessonProgress)
        .join(CourseRun, CourseRun.id == Enrolment.run_id)
        .outerjoin(LessonProgress, of_lesson)
        .where(
            Enrolment.user_id == user_id,
            Enrolment.course_id == course_id,
            Enrolment.state == EnrolmentState.ACTIVE,
        )
        .order_by(*present_first())
        .limit(1)
    ).first()
    return Place(*row) if row else None


@dataclass(frozen=True, slots=True)
class Step:
    """A lesson in the outline, and how far the learner is with it."""

    id: int
    kind: str
    title: str
    duration_ms: int
    is_preview: bool
    is_required: bool
    watched_ms: int
    completed: bool

    @property
    def percent(self) -> int:
        """How much of it counts, 0 to 100."""
        return min(100, self.watched_ms * 100 // self.duration_ms) if self.duration_ms else 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A chapter of the outline."""

    id: int
    title: str
    steps: list[Step] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many of its lessons are completed."""
        return sum(step.completed for step in self.steps)


def outline_with_progress(course_id: int, enrolment_id: int | None) -> list[Stage]:
    """Chapters and lessons in order, with what one enrolment has done of each. One statement.

    What was watched of a file that has since been replaced does not show; a completion does.
    """
    progress = LessonProgress
    rows: Iterable[Any] = db.session.execute(
        select(
            Chapter.id,
            Chapter.title,
            Lesson.id,
            Lesson.kind,
            Lesson.title,
            Lesson.duration_ms,
            Lesson.is_preview,
            Lesson.is_required,
            Lesson.asset_id,
            progress.asset_id,
            func.coalesce(progress.watched_ms, 0),
            progress.completed_at,
        )
        .outerjoin(Lesson, (Lesson.chapter_id == Chapter.id) & Lesson.deleted_at.is_(None))
        .outerjoin(progress, (progress.lesson_id == Lesson.id) & (progress.enrolment_id == (enrolment_id or 0)))
        .where(Chapter.course_id == course_id, Chapter.deleted_at.is_(None))
        .order_by(Chapter.position, Chapter.id, Lesson.position, Lesson.id)
    )
    stages: dict[int, Stage] = {}
    for chapter_id, chapter_title, *lesson, asset_id, of_asset_id, watched_ms, completed_at in rows:
        stage = stages.setdefault(chapter_id, Stage(chapter_id, chapter_title))
        if lesson[0] is not None:
            number, kind, title, duration_ms, is_preview, is_required = lesson
            counted = watched_ms if asset_id == of_asset_id else 0
            stage.steps.append(
                Step(number, kind, title, duration_ms, is_preview, is_required, counted, completed_at is not None)
            )
    return list(stages.values())


def captions_of(lesson_id: int) -> Sequence[Caption]:
    """The lesson's subtitles, by language."""
    return db.session.scalars(select(Caption).where(Caption.lesson_id == lesson_id).order_by(Caption.language)).all()


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Seconds that were reported and not counted, and have not been watched since."""

    at: datetime
    rejection: Rejection


def uncounted(progress: LessonProgress, watched: Intervals) -> list[Uncounted]:
    """What was refused of the lesson's present file and is still not watched, latest first."""
    if not progress.rejected_ms:
        return []
    rows = db.session.execute(
        select(ProgressEntry.at, ProgressEntry.rejected)
        .where(
            ProgressEntry.enrolment_id == progress.enrolment_id,
            ProgressEntry.lesson_id == progress.lesson_id,
            ProgressEntry.asset_id == progress.asset_id,
            # An empty list is "[]" in both databases.
            func.length(cast(ProgressEntry.rejected, Text)) > len("[]"),
        )
        .order_by(ProgressEntry.id.desc())
        .limit(REFUSALS_SHOWN)
    )
    found: list[Uncounted] = []
    told = watched
    for at, pairs in rows:
        for rejection in map(Rejection.from_pair, pairs):
            left = rejection.intervals - told
            if left.measure >= 1_000:
                found.append(Uncounted(at, Rejection(rejection.reason, left)))
                told = told | left
    return found
