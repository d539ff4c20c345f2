"""How a URL that names an institution leads to it."""

from sqlalchemy import select

from core.db import db
from core.institutions.models import Institution
from core.web.scope import scope_by


@scope_by("institution_slug")
def institution_by_slug(slug: str) -> int | None:
    """The institution's id; None where there is no such institution."""
    return db.session.scalar(select(Institution.id).where(Institution.slug == slug))
