"""Copying a course: everything that was written, nothing that happened.

Chapters, lessons and captions are written anew in one statement each, however many there are. Files are stored under
the hash of their content and never change, so the copy refers to the same ones. Team, runs, enrolments, reviewer and
history stay with the original.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, insert, select

from core import audit
from core.courses import service
from core.courses.models import Caption, Chapter, Course, Lesson, TeamMember, TeamRole
from core.db import db
from core.tenancy import institution_scope

COURSE = (
    "summary",
    "description",
    "outcomes",
    "audience",
    "subject",
    "level",
    "language",
    "credit_hours",
    "has_certificate",
    "cover_id",
    "visibility",
)
LESSON = (
    Lesson.kind,
    Lesson.title,
    Lesson.body,
    Lesson.asset_id,
    Lesson.duration_ms,
    Lesson.is_preview,
    Lesson.is_required,
)

Rows = list[dict[str, Any]]


def copy_course(source: Course, institution_id: int, copier_id: int, *, title: str, slug: str) -> Course:
    """A draft like ``source`` in an institution, led by the copier. The caller has asked whether both are allowed.

    Raises :class:`core.errors.Invalid` for a slug that cannot be had.
    """
    service.check_slug(slug)
    chapters, lessons, captions = _content(source.id)
    kept = {name: getattr(source, name) for name in COURSE}
    with institution_scope(institution_id):
        course = Course(
            title=title,
            slug=slug,
            created_by_id=copier_id,
            updated_by_id=copier_id,
            lesson_count=len(lessons),
            **kept,
        )
        service.insert_course(course)
        _write_content(course, chapters, lessons, captions)
        db.session.add(TeamMember(course_id=course.id, user_id=copier_id, role=TeamRole.LEADER))
        audit.record("courses.copied", course, source_id=source.id)
        db.session.flush()
    return course


def _content(course_id: int) -> tuple[Rows, Rows, Rows]:
    """Chapters, lessons and captions of a course, the first two in order."""
    live = (Chapter.course_id == course_id, Chapter.deleted_at.is_(None), Lesson.deleted_at.is_(None))
    in_order = (Chapter.position, Chapter.id)
    chapters = select(Chapter.id, Chapter.title).where(*live[:2]).order_by(*in_order)
    lessons = (
        select(Lesson.id, Lesson.chapter_id, *LESSON)
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .where(*live)
        .order_by(*in_order, Lesson.position, Lesson.id)
    )
    captions = (
        select(Caption.lesson_id, Caption.language, Caption.label, Caption.vtt)
        .join(Lesson, Lesson.id == Caption.lesson_id)
        .join(Chapter, Chapter.id == Lesson.chapter_id)
        .where(*live)
    )
    return _rows(chapters), _rows(lessons), _rows(captions)


def _write_content(course: Course, chapters: Rows, lessons: Rows, captions: Rows) -> None:
    """Writes the rows anew below ``course``. Numbered through, so that their order finds their new ids again."""
    new = {"institution_id": course.institution_id, "course_id": course.id}
    _insert(Chapter, [{**new, "title": row["title"], "position": n} for n, row in enumerate(chapters)])
    ids = select(Chapter.id).where(Chapter.course_id == course.id).order_by(Chapter.position)
    chapter_ids = _new_ids(chapters, db.session.scalars(ids).all())

    copies = [
        {**row, **new, "chapter_id": chapter_ids[row["chapter_id"]], "position": n} for n, row in enumerate(lessons)
    ]
    _insert(Lesson, [{name: value for name, value in copy.items() if name != "id"} for copy in copies])
    ids = select(Lesson.id).where(Lesson.course_id == course.id).order_by(Lesson.position)
    lesson_ids = _new_ids(lessons, db.session.scalars(ids).all())

    owner = {"institution_id": course.institution_id}
    _insert(Caption, [{**row, **owner, "lesson_id": lesson_ids[row["lesson_id"]]} for row in captions])


def _rows(query: Select[*tuple[Any, ...]]) -> Rows:
    return [dict(row) for row in db.session.execute(query).mappings()]


def _insert(table: type[Chapter | Lesson | Caption], rows: Rows) -> None:
    if rows:
        db.session.execute(insert(table), rows)


def _new_ids(rows: Rows, ids: Sequence[int]) -> dict[int, int]:
    return dict(zip((row["id"] for row in rows), ids, strict=True))
