"""Reads about accounts."""

from collections.abc import Sequence

from sqlalchemy import select

from core import clock
from core.db import db
from core.errors import NotFound
from core.i18n import _
from core.users.models import ActivationLink, ApiToken, User, UserSession
from core.users.tokens import fast_hash


def sessions_of(user: User) -> Sequence[UserSession]:
    """The browsers in which a person is logged in, the latest used first."""
    return db.session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user.id, UserSession.expires_at > clock.now())
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    ).all()


def tokens_of(user: User) -> Sequence[ApiToken]:
    """A person's API tokens, the newest first; expired ones are among them until they are revoked."""
    return db.session.scalars(
        select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    ).all()


def activation(token: str) -> tuple[ActivationLink, User]:
    """The link with this token and its person. Raises :class:`NotFound` once it is used, replaced or expired."""
    row = db.session.execute(
        select(ActivationLink, User)
        .join(User, User.id == ActivationLink.user_id)
        .where(
            ActivationLink.token_hash == fast_hash(token),
            ActivationLink.used_at.is_(None),
            ActivationLink.expires_at > clock.now(),
            User.password.is_(None),
            User.active,
        )
    ).first()
    if row is None:
        raise NotFound(_("This activation link has been used, replaced by a newer one, or has expired."))
    return row[0], row[1]
