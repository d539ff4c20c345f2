"""Reading enrolments: a course's runs as one person finds them, a person's courses, those who ask to be admitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Subquery, and_, case, func, select

from core import clock
from core.courses.models import Chapter, ClassGroup, Course, CourseRun, Lesson
from core.db import db
from core.enrolment.models import Enrolment, EnrolmentState
from core.errors import NotFound
from core.i18n import _
from core.institutions.models import Institution
from core.progress.models import LessonProgress
from core.tenancy import across_institutions
from core.users.models import User


def enrolment_in(run_id: int, user_id: int) -> Enrolment | None:
    """The person's enrolment in a run, in whatever state."""
    return db.session.scalars(select(Enrolment).where(Enrolment.run_id == run_id, Enrolment.user_id == user_id)).first()


def is_enrolled(course_id: int, user_id: int | None) -> bool:
    """Whether the person is in one of the course's runs."""
    if user_id is None:
        return False
    active = select(Enrolment.id).where(
        Enrolment.course_id == course_id,
        Enrolment.user_id == user_id,
        Enrolment.state == EnrolmentState.ACTIVE,
    )
    return db.session.scalar(active.limit(1)) is not None


def run_of_course(course_id: int, run_id: int) -> CourseRun:
    """A run of this course. Raises :class:`NotFound` for another course's."""
    run = db.session.scalars(select(CourseRun).where(CourseRun.id == run_id, CourseRun.course_id == course_id)).first()
    if run is None:
        raise NotFound(_("This course has no such run. Go back to its page and choose one there."))
    return run


def runs_with_enrolment(course_id: int, user_id: int | None) -> list[tuple[CourseRun, Enrolment | None]]:
    """All runs of a course, each with the person's enrolment in it. One statement."""
    rows = db.session.execute(
        select(CourseRun, Enrolment)
        .outerjoin(Enrolment, and_(Enrolment.run_id == CourseRun.id, Enrolment.user_id == user_id))
        .where(CourseRun.course_id == course_id)
    )
    return [(run, enrolment) for run, enrolment in rows]


@dataclass(frozen=True, slots=True)
class MyCourse:
    """A person's place in one run: the course, how far they are, where they stopped. Times in milliseconds."""

    enrolment_id: int
    state: EnrolmentState
    message: str
    completed_at: datetime | None
    last_active_at: datetime | None
    course_id: int
    slug: str
    title: str
    credit_hours: Decimal
    cover_id: int | None
    institution: str
    run_title: str
    starts_at: datetime
    ends_at: datetime | None
    last_lesson_id: int | None
    last_lesson: str | None
    position_ms: int
    duration_ms: int
    required: int
    """Lessons that count."""
    done: int
    """Those of them that are completed."""

    @property
    def is_finished(self) -> bool:
        """Whether everything that counts is done."""
        return self.completed_at is not None or 0 < self.required <= self.done

    def is_over(self, moment: datetime) -> bool:
        """Whether the run has ended by then."""
        return self.ends_at is not None and self.ends_at <= moment


def present_first() -> tuple[Any, ...]:
    """Of several runs in which a person learns one course, the one that matters now comes first: it is under way, else
    it ended, else it is still to come; of like ones the one that began last. For ``order_by``.
    """
    now = clock.now()
    when = case((CourseRun.starts_at > now, 2), (CourseRun.ends_at <= now, 1), else_=0)
    return when, CourseRun.starts_at.desc(), Enrolment.id.desc()


def my_courses(user_id: int) -> list[MyCourse]:
    """Every run the person is in or has asked to join, in all institutions, latest activity first. One statement."""
    counts = _required_and_done(user_id)
    place = and_(LessonProgress.enrolment_id == Enrolment.id, LessonProgress.lesson_id == Lesson.id)
    mine = (
        select(
            Enrolment.id,
            Enrolment.state,
            Enrolment.message,
            Enrolment.completed_at,
            Enrolment.last_active_at,
            Course.id,
            Course.slug,
            Course.title,
            Course.credit_hours,
            Course.cover_id,
            Institution.name,
            CourseRun.title,
            CourseRun.starts_at,
            CourseRun.ends_at,
            Lesson.id,
            Lesson.title,
            func.coalesce(LessonProgress.position_ms, 0),
            func.coalesce(Lesson.duration_ms, 0),
            func.coalesce(counts.c.required, 0),
            func.coalesce(counts.c.done, 0),
        )
        .join(CourseRun, CourseRun.id == Enrolment.run_id)
        .join(Course, Course.id == Enrolment.course_id)
        .join(Institution, Institution.id == Course.institution_id)
        .outerjoin(Lesson, and_(Lesson.id == Enrolment.last_lesson_id, Lesson.deleted_at.is_(None)))
        .outerjoin(LessonProgress, place)
        .outerjoin(counts, counts.c.enrolment_id == Enrolment.id)
        .where(Enrolment.user_id == user_id, Enrolment.state != EnrolmentState.WITHDRAWN)
        .order_by(func.coalesce(Enrolment.last_active_at, Enrolment.created_at).desc(), Enrolment.id.desc())
    )
    with across_institutions("one person's own courses, wherever they are"):
        rows: Sequence[Any] = db.session.execute(mine).all()
    return [MyCourse(*row) for row in rows]


def _required_and_done(user_id: int) -> Subquery:
    """Per enrolment of the person: the lessons that count, and how many of them are completed."""
    return (
        select(
            Enrolment.id.label("enrolment_id"),
            func.count(Lesson.id).label("required"),
            func.count(LessonProgress.completed_at).label("done"),
        )
        .join(Lesson, and_(Lesson.course_id == Enrolment.course_id, Lesson.is_required, Lesson.deleted_at.is_(None)))
        .join(Chapter, and_(Chapter.id == Lesson.chapter_id, Chapter.deleted_at.is_(None)))
        .outerjoin(
            LessonProgress,
            and_(LessonProgress.enrolment_id == Enrolment.id, LessonProgress.lesson_id == Lesson.id),
        )
        .where(Enrolment.user_id == user_id)
        .group_by(Enrolment.id)
        .subquery()
    )


def enrolments_of_course(course_id: int, enrolment_ids: list[int]) -> list[Enrolment]:
    """Those of the enrolments that belong to this course; ids of others are not found."""
    chosen = select(Enrolment).where(Enrolment.course_id == course_id, Enrolment.id.in_(enrolment_ids))
    return list(db.session.scalars(chosen.order_by(Enrolment.created_at, Enrolment.id)))


def groups_of_run(run_id: int) -> list[ClassGroup]:
    """The classes of a run, by name."""
    return list(db.session.scalars(select(ClassGroup).where(ClassGroup.run_id == run_id).order_by(ClassGroup.name)))


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody in a run, as its team sees them."""

    id: int
    run_id: int
    user_id: int
    name: str
    group: str | None
    state: EnrolmentState
    message: str
    created_at: datetime
    completed_at: datetime | None


def learners_after(run_id: int, enrolment_id: int, most: int, state: EnrolmentState | None = None) -> list[Learner]:
    """The next ``most`` people of a run behind an enrolment, in the order in which they came. One statement."""
    later = (
        select(
            Enrolment.id,
            Enrolment.run_id,
            Enrolment.user_id,
            User.name,
            ClassGroup.name,
            Enrolment.state,
            Enrolment.message,
            Enrolment.created_at,
            Enrolment.completed_at,
        )
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(ClassGroup, ClassGroup.id == Enrolment.class_group_id)
        .where(Enrolment.run_id == run_id, Enrolment.id > enrolment_id)
    )
    if state is not None:
        later = later.where(Enrolment.state == state)
    return [Learner(*row) for row in db.session.execute(later.order_by(Enrolment.id).limit(most))]
