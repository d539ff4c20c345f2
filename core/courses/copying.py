"""Copying a course: everything that was written, nothing that happened.

Chapters, lessons and captions are written anew in one statement each, however many there are. Files are stored under
the hash of their content and never change, so the copy refers to the same ones. Team, runs, enrolments, reviewer and
history stay with the original.
"""

from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import InstrumentedAttribute

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
CHAPTER = (Chapter.title, Chapter.position)
LESSON = (
    Lesson.kind,
    Lesson.title,
    Lesson.position,
    Lesson.body,
    Lesson.asset_id,
    Lesson.duration_ms,
    Lesson.is_preview,
    Lesson.is_required,
)
CAPTION = (Caption.language, Caption.label, Caption.vtt)


def copy_course(source: Course, institution_id: int, copier_id: int, *, title: str, slug: str) -> Course:
    """A draft like ``source`` in an institution, led by the copier. The caller has asked whether both are allowed.

    Raises :class:`core.errors.Invalid` for a slug that cannot be had.
    """
    service.check_slug(slug)
    chapters = _rows(Chapter.id, *CHAPTER, where=(Chapter.course_id == source.id, Chapter.deleted_at.is_(None)))
    lessons = _rows(
        Lesson.id, Lesson.chapter_id, *LESSON, where=(Lesson.course_id == source.id, Lesson.deleted_at.is_(None))
    )
    captions = _rows(Caption.lesson_id, *CAPTION, where=(Caption.lesson_id.in_([lesson["id"] for lesson in lessons]),))
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
        new = {"institution_id": institution_id, "course_id": course.id}
        chapter_ids = _insert(Chapter, chapters, new, {})
        lesson_ids = _insert(Lesson, lessons, {**new, "updated_by_id": copier_id}, {"chapter_id": chapter_ids})
        _insert(Caption, captions, {"institution_id": institution_id}, {"lesson_id": lesson_ids})
        db.session.add(TeamMember(course_id=course.id, user_id=copier_id, role=TeamRole.LEADER))
        audit.record("courses.copied", course, source_id=source.id)
        db.session.flush()
    return course


def _rows(*columns: InstrumentedAttribute[Any], where: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [dict(row) for row in db.session.execute(select(*columns).where(*where).order_by(columns[0])).mappings()]


def _insert(
    table: type[Chapter | Lesson | Caption],
    rows: list[dict[str, Any]],
    added: dict[str, Any],
    parents: dict[str, dict[int, int]],
) -> dict[int, int]:
    """Inserts copies of ``rows`` below their new parents; returns old id → new id."""
    if not rows:
        return {}
    fresh = [
        {
            **{name: value for name, value in row.items() if name != "id"},
            **{name: new_ids[row[name]] for name, new_ids in parents.items()},
            **added,
        }
        for row in rows
    ]
    statement = insert(table).returning(table.id, sort_by_parameter_order=True)
    new_ids = db.session.scalars(statement, fresh).all()
    return dict(zip((row.get("id", 0) for row in rows), new_ids, strict=True))
