"""How a URL that names a course or a lesson leads to its institution."""

from sqlalchemy import bindparam, select

from core.courses.models import Course, Lesson
from core.db import db
from core.web.scope import scope_by

# Built once: most requests begin with one of them.
_BY_SLUG = select(Course.institution_id).where(Course.slug == bindparam("slug"))
_BY_LESSON = select(Lesson.institution_id).where(Lesson.id == bindparam("lesson_id"))


@scope_by("course_slug")
def institution_of_course(slug: str) -> int | None:
    """The institution that owns the course; None where there is no such course."""
    return db.session.scalar(_BY_SLUG, {"slug": slug})


@scope_by("lesson_id")
def institution_of_lesson(lesson_id: int) -> int | None:
    """The institution that owns the lesson; None where there is no such lesson."""
    return db.session.scalar(_BY_LESSON, {"lesson_id": lesson_id})
