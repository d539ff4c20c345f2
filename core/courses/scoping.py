"""How a URL that names a course leads to its institution."""

from sqlalchemy import select

from core.courses.models import Course
from core.db import db
from core.web.scope import scope_by


@scope_by("course_slug")
def institution_of_course(slug: str) -> int | None:
    """The institution that owns the course; None where there is no such course."""
    return db.session.scalar(select(Course.institution_id).where(Course.slug == slug))
