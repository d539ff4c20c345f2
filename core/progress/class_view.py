"""The class view: people × lessons, who is stuck where. Whatever the size of the class, two statements."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ScalarSelect, Select, String, cast, func, or_, select

from core import clock
from core.courses.models import Chapter, Lesson
from core.db import db, table_of
from core.enrolment.models import Enrolment, EnrolmentState
from core.institutions.models import Membership
from core.progress.models import LessonProgress
from core.users.models import User

STUCK_AFTER = timedelta(days=7)
"""A learner who was in the middle of a lesson and has not come back for so long is shown as stuck there."""

EVERYBODY = 1_000_000
"""Learners per page where all are wanted on one."""
DONE = 100
_PACKED = 128
"""A cell is one number: the lesson's id times this, plus the percent."""

# Asked for by a run or by enrolments, which the guard of institutions has let through. Naming the institution again
# would make the database read every row where an index is enough, and expect far fewer rows than there are.
_progress = table_of(LessonProgress)
_lessons = table_of(Lesson)
_enrolments = table_of(Enrolment)


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

    @property
    def is_whole(self) -> bool:
        """Whether the page holds everybody."""
        return self.per_page >= EVERYBODY and not self.text and self.show == Show.ALL


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
    columns = _columns(run_id, course_id, wanted)
    required = sum(column.is_required for column in columns)
    rows = db.session.execute(_figures_and_page(run_id, wanted, required)).all()
    size, stuck, unstarted, finished, total = (int(figure) for figure in rows[0][:5])
    stale = clock.now() - STUCK_AFTER
    learners = [_learner(row, stale, required) for row in rows if row.id is not None]
    if wanted.is_whole:
        columns = _counted(columns, learners)
    return ClassView(columns, learners, total, size, required, stuck, unstarted, finished if required else 0)


def _counted(columns: list[Column], learners: list[Learner]) -> list[Column]:
    """The columns with the counts of a class of which all learners have been read."""
    started = Counter(lesson_id for learner in learners for lesson_id in learner.percents)
    completed = Counter(
        lesson for learner in learners for lesson, percent in learner.percents.items() if percent == DONE
    )
    return [
        replace(column, started=started[column.lesson_id], completed=completed[column.lesson_id]) for column in columns
    ]


def _figures_and_page(run_id: int, wanted: Filter, required: int) -> Select[Any]:
    """Figures over everybody beside one page of learners, of which alone the cells are put together."""
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
    cells = _cells(page.c.id).label("cells")
    statement: Any = select(figures, page, cells).select_from(figures.outerjoin(page, db.true()))
    ordered: Select[Any] = statement.order_by(*_order(page, wanted.sort))
    return ordered


def _columns(run_id: int, course_id: int, wanted: Filter) -> list[Column]:
    """The lessons in order, with the class's counts unless these can be taken from the learners."""
    statement: Any = (
        select(Lesson.id, Lesson.title, Lesson.kind, Lesson.is_required)
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .where(Lesson.course_id == course_id, Lesson.deleted_at.is_(None), Chapter.deleted_at.is_(None))
        .order_by(Chapter.position, Chapter.id, Lesson.position, Lesson.id)
    )
    if not wanted.is_whole:
        counts = (
            select(
                _progress.c.lesson_id,
                func.count().label("started"),
                func.count(_progress.c.completed_at).label("completed"),
            )
            .join(_enrolments, _enrolments.c.id == _progress.c.enrolment_id)
            .where(*_in_class(_enrolments.c, run_id, wanted.group_id))
            .group_by(_progress.c.lesson_id)
            .subquery()
        )
        statement = statement.add_columns(func.coalesce(counts.c.started, 0), func.coalesce(counts.c.completed, 0))
        statement = statement.outerjoin(counts, counts.c.lesson_id == Lesson.id)
    return [Column(*row) for row in db.session.execute(statement)]


def _in_class(enrolment: Any, run_id: int, group_id: int | None) -> list[Any]:
    conditions: list[Any] = [enrolment.run_id == run_id, enrolment.state == EnrolmentState.ACTIVE]
    if group_id is not None:
        conditions.append(enrolment.class_group_id == group_id)
    return conditions


def _learners(run_id: int, group_id: int | None) -> Select[Any]:
    """One row per learner, with the number of required lessons completed."""
    statement: Any = (
        select(
            Enrolment.id,
            User.name,
            func.coalesce(Membership.external_id, "").label("number"),
            Enrolment.class_group_id,
            Enrolment.last_active_at,
            Enrolment.last_lesson_id,
            _done().label("done"),
        )
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(
            Membership,
            (Membership.user_id == Enrolment.user_id) & (Membership.institution_id == Enrolment.institution_id),
        )
        .where(*_in_class(Enrolment, run_id, group_id))
    )
    learners: Select[Any] = statement
    return learners


def _done() -> ScalarSelect[int]:
    counted = _progress.c.completed_at.is_not(None) & _lessons.c.is_required & _lessons.c.deleted_at.is_(None)
    return (
        select(func.count())
        .select_from(_progress.join(_lessons, _lessons.c.id == _progress.c.lesson_id))
        .where(_progress.c.enrolment_id == Enrolment.id, counted)
        .correlate(Enrolment)
        .scalar_subquery()
    )


def _cells(enrolment_id: Any) -> ScalarSelect[str]:
    """All cells of a learner as one text of numbers, put together by the database."""
    percent = db.case(
        (_progress.c.completed_at.is_not(None), DONE),
        (_progress.c.duration_ms <= 0, 0),
        (_progress.c.watched_ms >= _progress.c.duration_ms, DONE - 1),
        else_=cast(_progress.c.watched_ms, BigInteger) * 100 // _progress.c.duration_ms,
    )
    packed = cast(_progress.c.lesson_id, BigInteger) * _PACKED + percent
    return (
        select(func.aggregate_strings(cast(packed, String), ","))
        .where(_progress.c.enrolment_id == enrolment_id)
        .correlate_except(_progress)
        .scalar_subquery()
    )


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
    packed: list[int] = json.loads(f"[{row.cells or ''}]")
    percents = {cell // _PACKED: cell % _PACKED for cell in packed}
    is_stuck = row.last_active_at is not None and row.last_active_at < stale and row.done < required
    stuck_at = row.last_lesson_id if is_stuck and percents.get(row.last_lesson_id, 0) < DONE else None
    return Learner(
        row.id, row.name, row.number, row.class_group_id, row.last_active_at, stuck_at, int(row.done), percents
    )
