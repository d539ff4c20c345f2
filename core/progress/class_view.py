"""The class view: people × lessons, who is stuck where. Whatever the size of the class, two statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, String, cast, func, or_, select

from core import clock
from core.courses.models import Chapter, Lesson
from core.db import db
from core.enrolment.models import Enrolment, EnrolmentState
from core.institutions.models import Membership
from core.progress.models import LessonProgress
from core.users.models import User

STUCK_AFTER = timedelta(days=7)
"""A learner who was in the middle of a lesson and has not come back for so long is shown as stuck there."""


class Show(StrEnum):
    """Which learners the view lists."""

    ALL = "all"
    STUCK = "stuck"
    UNSTARTED = "unstarted"
    UNFINISHED = "unfinished"


class Sort(StrEnum):
    """In which order."""

    PROGRESS = "progress"
    NAME = "name"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the teacher asked to see."""

    text: str = ""
    group_id: int | None = None
    show: Show = Show.ALL
    sort: Sort = Sort.PROGRESS
    page: int = 1
    per_page: int = 100


@dataclass(frozen=True, slots=True)
class Column:
    """A lesson, and how the whole class stands with it."""

    lesson_id: int
    title: str
    kind: str
    is_required: bool
    started: int = 0
    completed: int = 0


@dataclass(frozen=True, slots=True)
class Learner:
    """A row: one person and, by lesson id, the percent watched; 100 stands for completed."""

    enrolment_id: int
    name: str
    number: str
    """学号, where the institution gave one."""
    group_id: int | None
    last_active_at: datetime | None
    stuck_at: int | None
    """The lesson the person stopped in the middle of, if they are stuck."""
    done: int
    """Required lessons completed."""
    percents: dict[int, int]


@dataclass(frozen=True, slots=True)
class ClassView:
    """One page of the view, and figures over all learners of the run (or group)."""

    columns: list[Column]
    learners: list[Learner]
    total: int
    """Learners the filter lets through, on all pages."""
    size: int
    """Learners of the run or group."""
    required: int
    stuck: int
    unstarted: int
    finished: int


def class_view(run_id: int, course_id: int, wanted: Filter) -> ClassView:
    """Reads the view of one run."""
    columns = _columns(run_id, course_id, wanted.group_id)
    required = sum(column.is_required for column in columns)
    rows = db.session.execute(_figures_and_page(run_id, wanted, required)).all()
    size, stuck, unstarted, finished, total = (int(figure) for figure in rows[0][:5])
    stale = clock.now() - STUCK_AFTER
    learners = [_learner(row, stale, required) for row in rows if row.id is not None]
    return ClassView(columns, learners, total, size, required, stuck, unstarted, finished if required else 0)


def _figures_and_page(run_id: int, wanted: Filter, required: int) -> Select[Any]:
    """Figures over everybody beside one page of learners: the cells are put together once for both."""
    everybody = _learners(run_id, wanted.group_id).cte("everybody")
    shown = _shown(everybody, wanted, required)

    def counted(condition: Any) -> Any:
        return func.coalesce(func.sum(cast(condition, db.Integer)), 0)

    figures = (
        select(
            func.count().label("size"),
            counted(_stuck(everybody, required)).label("stuck"),
            counted(everybody.c.last_active_at.is_(None)).label("unstarted"),
            counted(everybody.c.done >= required).label("finished"),
            counted(shown).label("total"),
        )
        .select_from(everybody)
        .subquery("figures")
    )
    page = (
        select(everybody)
        .where(shown)
        .order_by(*_order(everybody, wanted.sort))
        .limit(wanted.per_page)
        .offset((wanted.page - 1) * wanted.per_page)
        .subquery("page")
    )
    statement: Any = select(figures, page).select_from(figures.outerjoin(page, db.true()))
    ordered: Select[Any] = statement.order_by(*_order(page, wanted.sort))
    return ordered


def _columns(run_id: int, course_id: int, group_id: int | None) -> list[Column]:
    counts = (
        select(
            LessonProgress.lesson_id,
            func.count().label("started"),
            func.count(LessonProgress.completed_at).label("completed"),
        )
        .join(Enrolment, Enrolment.id == LessonProgress.enrolment_id)
        .where(*_in_class(run_id, group_id))
        .group_by(LessonProgress.lesson_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Lesson.id,
            Lesson.title,
            Lesson.kind,
            Lesson.is_required,
            func.coalesce(counts.c.started, 0),
            func.coalesce(counts.c.completed, 0),
        )
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .outerjoin(counts, counts.c.lesson_id == Lesson.id)
        .where(Lesson.course_id == course_id, Lesson.deleted_at.is_(None), Chapter.deleted_at.is_(None))
        .order_by(Chapter.position, Chapter.id, Lesson.position, Lesson.id)
    )
    return [Column(*row) for row in rows]


def _in_class(run_id: int, group_id: int | None) -> list[Any]:
    conditions: list[Any] = [Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.ACTIVE]
    if group_id is not None:
        conditions.append(Enrolment.class_group_id == group_id)
    return conditions


def _learners(run_id: int, group_id: int | None) -> Select[Any]:
    """One row per learner; the cells come as one text ``lesson:percent,…`` that the database puts together."""
    percent: Any = func.min(99, LessonProgress.watched_ms * 100 // func.nullif(LessonProgress.duration_ms, 0))
    if db.engine.dialect.name == "postgresql":
        percent = func.least(99, LessonProgress.watched_ms * 100 // func.nullif(LessonProgress.duration_ms, 0))
    shown = db.case((LessonProgress.completed_at.is_not(None), 100), else_=func.coalesce(percent, 0))
    cell = cast(LessonProgress.lesson_id, String) + ":" + cast(shown, String)
    counted = LessonProgress.completed_at.is_not(None) & Lesson.is_required & Lesson.deleted_at.is_(None)
    cells = (
        select(
            LessonProgress.enrolment_id,
            func.aggregate_strings(cell, ",").label("cells"),
            func.sum(cast(counted, db.Integer)).label("done"),
        )
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .join(Enrolment, Enrolment.id == LessonProgress.enrolment_id)
        .where(*_in_class(run_id, group_id))
        .group_by(LessonProgress.enrolment_id)
        .subquery()
    )
    statement: Any = (
        select(
            Enrolment.id,
            User.name,
            func.coalesce(Membership.external_id, "").label("number"),
            Enrolment.class_group_id,
            Enrolment.last_active_at,
            Enrolment.last_lesson_id,
            func.coalesce(cells.c.cells, "").label("cells"),
            func.coalesce(cells.c.done, 0).label("done"),
        )
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(
            Membership,
            (Membership.user_id == Enrolment.user_id) & (Membership.institution_id == Enrolment.institution_id),
        )
        .outerjoin(cells, cells.c.enrolment_id == Enrolment.id)
        .where(*_in_class(run_id, group_id))
    )
    learners: Select[Any] = statement
    return learners


def _stuck(summary: Any, required: int) -> Any:
    return (summary.c.last_active_at < clock.now() - STUCK_AFTER) & (summary.c.done < required)


def _shown(summary: Any, wanted: Filter, required: int) -> Any:
    conditions = [db.true()]
    if wanted.text:
        pattern = f"%{_literal(wanted.text)}%"
        conditions.append(or_(summary.c.name.ilike(pattern, escape="\\"), summary.c.number.ilike(pattern, escape="\\")))
    if wanted.show == Show.STUCK:
        conditions.append(_stuck(summary, required))
    elif wanted.show == Show.UNSTARTED:
        conditions.append(summary.c.last_active_at.is_(None))
    elif wanted.show == Show.UNFINISHED:
        conditions.append(summary.c.done < required)
    return db.and_(*conditions)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _order(summary: Any, sort: Sort) -> Iterable[Any]:
    if sort == Sort.NAME:
        return (summary.c.name, summary.c.id)
    if sort == Sort.ACTIVE:
        return (summary.c.last_active_at.is_(None), summary.c.last_active_at.desc(), summary.c.id)
    return (summary.c.done, summary.c.last_active_at.is_not(None), summary.c.name, summary.c.id)


def _learner(row: Any, stale: datetime, required: int) -> Learner:
    percents = {}
    for cell in row.cells.split(",") if row.cells else ():
        lesson_id, _, percent = cell.partition(":")
        percents[int(lesson_id)] = int(percent)
    is_stuck = row.last_active_at is not None and row.last_active_at < stale and row.done < required
    stuck_at = row.last_lesson_id if is_stuck and percents.get(row.last_lesson_id, 0) < 100 else None
    return Learner(
        row.id, row.name, row.number, row.class_group_id, row.last_active_at, stuck_at, int(row.done), percents
    )
