"""The outline of a course: chapters and lessons, their order, what was removed and how it comes back.

Every change locks the course's row first, so two people never interleave, and raises ``outline_version``, by which a
page that was opened before notices. Positions are numbered anew with each change; removed rows keep the number they
had, and return to that place.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import defer

from core import audit, clock
from core.courses import editing, kinds, policy
from core.courses.models import Chapter, Course, Lesson
from core.db import db
from core.errors import Conflict, Invalid, NotFound, StaleForm
from core.i18n import _

MOST_CHAPTERS = 100
MOST_LESSONS = 500

Placed = TypeVar("Placed", Chapter, Lesson)


@dataclass(frozen=True, slots=True)
class ChapterOrder:
    """A chapter and its lessons in the order they shall have, by id."""

    chapter_id: int
    lesson_ids: tuple[int, ...]


def add_chapter(course_id: int, title: str) -> Chapter:
    """A new chapter at the end."""
    course = _opened(course_id)
    chapters = _chapters(course_id)
    if len(chapters) >= MOST_CHAPTERS:
        raise Invalid(_("A course has at most %(count)s chapters. Put more lessons into one.", count=MOST_CHAPTERS))
    chapter = Chapter(course_id=course.id, title=title, position=_end(chapters))
    db.session.add(chapter)
    _changed(course)
    return chapter


def rename_chapter(course_id: int, chapter_id: int, title: str, version: int) -> Chapter:
    """Gives the chapter another title. Raises :class:`StaleForm` where somebody else renamed it meanwhile."""
    course = _opened(course_id)
    chapter = _of(Chapter, course_id, chapter_id)
    if chapter.title == title:
        return chapter
    if chapter.version != version:
        raise StaleForm(
            _("Somebody renamed this chapter to “%(title)s” after you had opened it.", title=chapter.title),
            field="title",
            newer={"title": chapter.title},
            version=chapter.version,
        )
    chapter.title = title
    chapter.version += 1
    _changed(course)
    return chapter


def add_lesson(course_id: int, chapter_id: int, kind: str, title: str, actor_id: int) -> Lesson:
    """A new lesson of a known kind at the end of a chapter."""
    course = _opened(course_id)
    if kinds.find(kind) is None:
        raise Invalid(_("There is no such kind of lesson. Choose one from the list."), field="kind")
    chapter = _of(Chapter, course_id, chapter_id)
    if course.lesson_count >= MOST_LESSONS:
        raise Invalid(_("A course has at most %(count)s lessons. Make a second course.", count=MOST_LESSONS))
    lesson = Lesson(
        course_id=course.id,
        chapter_id=chapter.id,
        kind=kind,
        title=title,
        position=_end(_lessons(course_id, chapter.id)),
        updated_by_id=actor_id,
    )
    db.session.add(lesson)
    _changed(course)
    return lesson


def reorder(course_id: int, version: int, order: Sequence[ChapterOrder]) -> int:
    """Puts chapters and lessons into exactly this order, and returns the outline's new version.

    Raises :class:`StaleForm` where the outline was changed since ``version``, and :class:`Invalid` unless the order
    names every chapter and lesson of this course once and nothing else. Sending the present order changes nothing.
    """
    course = _opened(course_id)
    chapters = {chapter.id: chapter for chapter in _chapters(course_id)}
    lessons = {lesson.id: lesson for lesson in _lessons(course_id)}
    named = [lesson_id for place in order for lesson_id in place.lesson_ids]
    if list(order) == _present_order(chapters.values(), lessons.values()):
        return course.outline_version
    if course.outline_version != version:
        raise StaleForm(
            _("Somebody else changed the outline meanwhile. Reload the page, then order it again."),
            version=course.outline_version,
        )
    if sorted(place.chapter_id for place in order) != sorted(chapters) or sorted(named) != sorted(lessons):
        raise Invalid(_("The order must name every chapter and lesson of this course once. Reload the page."))
    for number, place in enumerate(order):
        chapters[place.chapter_id].position = number
        for inner, lesson_id in enumerate(place.lesson_ids):
            lessons[lesson_id].chapter_id = place.chapter_id
            lessons[lesson_id].position = inner
    _changed(course)
    return course.outline_version


def step_chapter(course_id: int, chapter_id: int, direction: str) -> Chapter:
    """Moves a chapter one place ``up`` or ``down``; at the end of the way nothing happens."""
    course = _opened(course_id)
    chapter = _of(Chapter, course_id, chapter_id)
    chapters = _chapters(course_id)
    index = chapters.index(chapter)
    other = index + _step(direction)
    if 0 <= other < len(chapters):
        chapters.insert(other, chapters.pop(index))
        _number(chapters)
        _changed(course)
    return chapter


def step_lesson(course_id: int, lesson_id: int, direction: str) -> Lesson:
    """Moves a lesson one place ``up`` or ``down``, past the edge of its chapter into the neighbouring one."""
    course = _opened(course_id)
    lesson = _of(Lesson, course_id, lesson_id)
    siblings = _lessons(course_id, lesson.chapter_id)
    index = siblings.index(lesson)
    step = _step(direction)
    if 0 <= index + step < len(siblings):
        siblings.insert(index + step, siblings.pop(index))
        _number(siblings)
        _changed(course)
        return lesson
    chapters = [chapter.id for chapter in _chapters(course_id)]
    place = chapters.index(lesson.chapter_id) + step
    if 0 <= place < len(chapters):
        neighbours = _lessons(course_id, chapters[place])
        neighbours.insert(0 if step > 0 else len(neighbours), lesson)
        lesson.chapter_id = chapters[place]
        _number(neighbours)
        _changed(course)
    return lesson


def delete_lesson(course_id: int, lesson_id: int) -> Lesson:
    """Removes a lesson; :func:`restore_lesson` brings it back. What learners did in it stays in the ledger."""
    course = _opened(course_id)
    lesson = _of(Lesson, course_id, lesson_id)
    lesson.deleted_at = clock.now()
    audit.record("courses.lesson_deleted", lesson, title=lesson.title)
    _changed(course)
    return lesson


def restore_lesson(course_id: int, lesson_id: int) -> Lesson:
    """Brings a removed lesson back to its place. Raises :class:`Conflict` while its chapter is removed too."""
    course = _opened(course_id)
    lesson = _of(Lesson, course_id, lesson_id, deleted=None)
    if lesson.deleted_at is None:
        return lesson
    chapter = _of(Chapter, course_id, lesson.chapter_id, deleted=None)
    if chapter.deleted_at is not None:
        raise Conflict(_("Its chapter “%(title)s” was deleted too: bring the chapter back first.", title=chapter.title))
    _insert_at_its_place(_lessons(course_id, chapter.id), lesson)
    audit.record("courses.lesson_restored", lesson, title=lesson.title)
    _changed(course)
    return lesson


def delete_chapter(course_id: int, chapter_id: int) -> Chapter:
    """Removes a chapter with the lessons in it, all at one moment, by which they are known when they come back."""
    course = _opened(course_id)
    chapter = _of(Chapter, course_id, chapter_id)
    chapter.deleted_at = clock.now()
    for lesson in _lessons(course_id, chapter.id):
        lesson.deleted_at = chapter.deleted_at
    audit.record("courses.chapter_deleted", chapter, title=chapter.title)
    _changed(course)
    return chapter


def restore_chapter(course_id: int, chapter_id: int) -> Chapter:
    """Brings a removed chapter back to its place, with the lessons that were removed along with it."""
    course = _opened(course_id)
    chapter = _of(Chapter, course_id, chapter_id, deleted=None)
    if chapter.deleted_at is None:
        return chapter
    _restore_lessons(chapter.id, chapter.deleted_at)
    _insert_at_its_place(_chapters(course_id), chapter)
    audit.record("courses.chapter_restored", chapter, title=chapter.title)
    _changed(course)
    return chapter


def _restore_lessons(chapter_id: int, deleted_at: datetime) -> None:
    db.session.execute(
        update(Lesson).where(Lesson.chapter_id == chapter_id, Lesson.deleted_at == deleted_at).values(deleted_at=None),
        execution_options={"synchronize_session": "fetch"},
    )


def _opened(course_id: int) -> Course:
    course = editing.locked(Course, course_id)
    policy.must_be_changeable(course)
    return course


def _changed(course: Course) -> None:
    """Counts the change and, anew, the lessons."""
    course.outline_version += 1
    db.session.flush()
    course.lesson_count = (
        db.session.scalar(select(func.count()).where(Lesson.course_id == course.id, Lesson.deleted_at.is_(None))) or 0
    )
    db.session.flush()


def _of(table: type[Placed], course_id: int, row_id: int, *, deleted: bool | None = False) -> Placed:
    """The row, if it is this course's; ``deleted=None`` takes removed ones too."""
    query = select(table).where(table.id == row_id, table.course_id == course_id)
    if deleted is False:
        query = query.where(table.deleted_at.is_(None))
    row = db.session.scalar(query)
    if row is None:
        raise NotFound(_("It is not in this course any more. Reload the outline."))
    return row


def _chapters(course_id: int) -> list[Chapter]:
    query = select(Chapter).where(Chapter.course_id == course_id, Chapter.deleted_at.is_(None))
    return list(db.session.scalars(query.order_by(Chapter.position, Chapter.id)))


def _lessons(course_id: int, chapter_id: int | None = None) -> list[Lesson]:
    query = select(Lesson).options(defer(Lesson.body))
    query = query.where(Lesson.course_id == course_id, Lesson.deleted_at.is_(None))
    if chapter_id is not None:
        query = query.where(Lesson.chapter_id == chapter_id)
    return list(db.session.scalars(query.order_by(Lesson.position, Lesson.id)))


def _present_order(chapters: Iterable[Chapter], lessons: Iterable[Lesson]) -> list[ChapterOrder]:
    inside: dict[int, list[int]] = defaultdict(list)
    for lesson in lessons:
        inside[lesson.chapter_id].append(lesson.id)
    return [ChapterOrder(chapter.id, tuple(inside[chapter.id])) for chapter in chapters]


def _step(direction: str) -> int:
    if direction not in {"up", "down"}:
        raise Invalid(_("Say “up” or “down”."), field="direction")
    return 1 if direction == "down" else -1


def _end(rows: Sequence[Chapter | Lesson]) -> int:
    return max((row.position for row in rows), default=-1) + 1


def _number(rows: Sequence[Chapter | Lesson]) -> None:
    for number, row in enumerate(rows):
        row.position = number


def _insert_at_its_place(siblings: list[Placed], row: Placed) -> None:
    place = sum(sibling.position < row.position for sibling in siblings)
    siblings.insert(place, row)
    row.deleted_at = None
    _number(siblings)
