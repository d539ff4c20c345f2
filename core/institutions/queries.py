"""Reading institutions."""

from collections.abc import Sequence

from sqlalchemy import select

from core.db import db
from core.errors import NotFound
from core.i18n import _
from core.institutions.models import Institution


def by_slug(slug: str) -> Institution:
    """The institution of that slug. Raises :class:`NotFound` where there is none."""
    institution = db.session.scalars(select(Institution).where(Institution.slug == slug)).first()
    if institution is None:
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    return institution


def institutions_after(institution_id: int, limit: int) -> Sequence[Institution]:
    """Up to ``limit`` institutions of the site after the one with this id, the oldest first."""
    return db.session.scalars(
        select(Institution).where(Institution.id > institution_id).order_by(Institution.id).limit(limit)
    ).all()
