"""How a URL that names a course or a lesson leads to its institution."""

from sqlalchemy import select

from core.courses.models import Course, Lesson
from core.db import db
from core.web.scope import scope_by


@scope_by("course_slug")
def institution_of_course(slug: str) -> int | None:
    """The institution that owns the course; None where there is no such course."""
    return db.session.scalar(select(Course.institution_id).where(Course.slug == slug))


@scope_by("lesson_id")
def institution_of_lesson(lesson_id: int) -> int | None:
    """The institution that owns the lesson; None where there is no such lesson."""
    return db.session.scalar(select(Lesson.institution_id).where(Lesson.id == lesson_id))
