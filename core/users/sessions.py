"""Log-in sessions: a random token in the signed cookie, its hash in a row that can be listed and revoked."""

import hashlib
import secrets
from datetime import timedelta

from flask import Flask, request, session
from flask_login import user_logged_in, user_logged_out
from sqlalchemy import delete, select, update

from core import clock
from core.config import current_settings
from core.db import db
from core.permissions import Role, Viewer
from core.users.models import ApiToken, User, UserSession

KEY = "sid"
TOUCH_EVERY = timedelta(minutes=10)


def fast_hash(token: str) -> str:
    """SHA-256 of a token with enough randomness of its own; passwords are never hashed like this."""
    return hashlib.sha256(token.encode()).hexdigest()


def init_app(app: Flask) -> None:
    """Begins a session row with each log-in and ends it with the log-out."""
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)


def begin(user: User) -> str:
    """Adds a session for ``user`` and returns the token that the cookie keeps."""
    token = secrets.token_urlsafe(32)
    moment = clock.now()
    db.session.add(
        UserSession(
            token_hash=fast_hash(token),
            user_id=user.id,
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + timedelta(days=current_settings().session_days),
            user_agent=(request.user_agent.string or "")[:255],
            address=request.remote_addr or "",
        )
    )
    return token


def _begin(_app: Flask, user: User, **_extra: object) -> None:
    session[KEY] = begin(user)


def _end(_app: Flask, **_extra: object) -> None:
    token = session.pop(KEY, None)
    if token:
        db.session.execute(delete(UserSession).where(UserSession.token_hash == fast_hash(token)))


def person_of_cookie(uniquifier: str) -> User | None:
    """The person of the request's session: known, active, not revoked, not expired. One statement."""
    token = session.get(KEY)
    if not token:
        return None
    moment = clock.now()
    row = db.session.execute(
        select(User, UserSession.id, UserSession.last_seen_at)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == fast_hash(token),
            UserSession.expires_at > moment,
            User.fs_uniquifier == uniquifier,
            User.active,
        )
    ).first()
    if row is None:
        return None
    user, session_id, last_seen_at = row
    if moment - last_seen_at > TOUCH_EVERY:
        _touch(session_id)
    return user


def person_of_token(header: str | None) -> tuple[User, ApiToken] | None:
    """The person of an ``Authorization: Bearer`` header, with the token used."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    moment = clock.now()
    row = db.session.execute(
        select(User, ApiToken)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(ApiToken.token_hash == fast_hash(token.strip()), User.active)
    ).first()
    if row is None or (row[1].expires_at is not None and row[1].expires_at <= moment):
        return None
    return row[0], row[1]


def load_viewer(user: User) -> Viewer:
    """Everything the person may be anywhere, for :mod:`core.permissions`. One statement."""
    # Imported here: memberships and teams belong to packages that themselves speak of people.
    from core.courses.models import TeamMember
    from core.institutions.models import Membership

    memberships = select(Membership.institution_id, Membership.role, db.literal(True)).where(
        Membership.user_id == user.id
    )
    teams = select(TeamMember.course_id, TeamMember.role, db.literal(False)).where(TeamMember.user_id == user.id)
    institutions, courses = {}, {}
    for place, role, is_institution in db.session.execute(memberships.union_all(teams)):
        if is_institution:
            institutions[place] = _INSTITUTION_ROLES[role]
        else:
            courses[place] = Role(role)
    return Viewer(user.id, user.is_operator, institutions, courses)


_INSTITUTION_ROLES = {
    "administrator": Role.ADMINISTRATOR,
    "instructor": Role.STAFF,
    "student": Role.MEMBER,
}


def _touch(session_id: int) -> None:
    # A connection of its own: the request's transaction may be a reading one.
    with db.engine.begin() as connection:
        connection.execute(
            update(UserSession).where(UserSession.id == session_id).values(last_seen_at=clock.now())
        )
