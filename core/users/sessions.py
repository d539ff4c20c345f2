"""Log-in sessions: a random token in the signed cookie, its hash in a row that can be listed and revoked."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import user_logged_in, user_logged_out
from flask_security.utils import set_request_attr
from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Row, bindparam, delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import InstrumentedAttribute

from core import clock
from core.config import current_settings
from core.db import db, reading, release
from core.permissions import Role, Viewer
from core.users.models import ApiToken, User, UserSession
from core.users.tokens import fast_hash, new_token

KEY = "sid"
TOUCH_EVERY = timedelta(minutes=10)
BRIEFLY = timedelta(days=1)
"""How long a log-in lasts without “stay logged in”, if the browser is not closed before."""


def init_app(app: Flask) -> None:
    """Begins a session row with each log-in and ends it with the log-out."""
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)


def begin(user: User) -> str:
    """Adds a session for ``user`` and returns the token that the cookie keeps."""
    token = new_token()
    moment = clock.now()
    lasts = timedelta(days=current_settings().session_days) if session.permanent else BRIEFLY
    db.session.add(
        UserSession(
            token_hash=fast_hash(token),
            user_id=user.id,
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + lasts,
            user_agent=(request.user_agent.string or "")[:255],
            address=request.remote_addr or "",
        )
    )
    return token


def end_others(user: User) -> None:
    """Ends all sessions of ``user`` but the one that this request has just begun."""
    kept = fast_hash(session.get(KEY, ""))
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id, UserSession.token_hash != kept))


def current_session_id() -> int | None:
    """The id of the session row this request came with."""
    found: int | None = g.get("session_id")
    return found


def _begin(_app: Flask, user: User, **_extra: object) -> None:
    # Whatever the cookie knew before the log-in could have been put there by somebody else.
    _end(_app)
    for name in ("csrf_token", "fs_gexp"):
        session.pop(name, None)
        g.pop(name, None)
    session[KEY] = begin(user)
    set_request_attr("fs_authn_via", "session")


def _end(_app: Flask, **_extra: object) -> None:
    token = session.pop(KEY, None)
    if token:
        db.session.execute(delete(UserSession).where(UserSession.token_hash == fast_hash(token)))


def person_of_cookie(uniquifier: str) -> User | None:
    """The person of the request's session: known, active, not revoked, not expired. One statement.

    It is a transaction of its own that only reads: a request that posts a long body would otherwise keep SQLite's one
    writer waiting from here on.
    """
    token = session.get(KEY)
    if not token:
        return None
    if db.session().in_transaction():
        row = _find(token, uniquifier)
    else:
        with reading():
            row = _find(token, uniquifier)
            release()
    if row is None:
        return None
    user: User = row[0]
    g.session_id, last_seen_at = row[1], row[2]
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    if clock.now() - last_seen_at > TOUCH_EVERY:
        _touch(UserSession.id == g.session_id, UserSession.last_seen_at)
    return user


# Built once: every request of a person who is logged in begins with it.
_SESSION = (
    select(User, UserSession.id, UserSession.last_seen_at)
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.expires_at > bindparam("moment"),
        User.fs_uniquifier == bindparam("uniquifier"),
        User.active,
    )
)


def _find(token: str, uniquifier: str) -> Row[User, int, datetime] | None:
    values = {"token_hash": fast_hash(token), "moment": clock.now(), "uniquifier": uniquifier}
    return db.session.execute(_SESSION, values).first()


def person_of_token(header: str | None) -> tuple[User, ApiToken] | None:
    """The person of an ``Authorization: Bearer`` header, with the token used."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    moment = clock.now()
    with reading():
        row = db.session.execute(
            select(User, ApiToken)
            .join(ApiToken, ApiToken.user_id == User.id)
            .where(ApiToken.token_hash == fast_hash(token.strip()), User.active)
        ).first()
        release()
    if row is None or (row[1].expires_at is not None and row[1].expires_at <= moment):
        return None
    if row[1].last_used_at is None or moment - row[1].last_used_at > TOUCH_EVERY:
        _touch(ApiToken.id == row[1].id, ApiToken.last_used_at)
    return row[0], row[1]


@cache
def _roles() -> CompoundSelect[int, str, bool]:
    # Imported here: memberships and teams belong to packages that themselves speak of people.
    from core.courses.models import TeamMember
    from core.institutions.models import Membership

    person: BindParameter[int] = bindparam("user_id")
    memberships = select(Membership.institution_id, Membership.role, db.literal(True))
    teams = select(TeamMember.course_id, TeamMember.role, db.literal(False))
    return memberships.where(Membership.user_id == person).union_all(teams.where(TeamMember.user_id == person))


def load_viewer(user: User) -> Viewer:
    """Everything the person may be anywhere, for :mod:`core.permissions`. One statement."""
    institutions: dict[int, Role] = {}
    courses: dict[int, Role] = {}
    for place, role, is_institution in db.session.execute(_roles(), {"user_id": user.id}):
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


def _touch(row: ColumnElement[bool], column: InstrumentedAttribute[Any]) -> None:
    """Notes that a session or a token was used just now."""
    if db.session().in_transaction():
        # Perhaps a writing one: on SQLite a second connection would wait for it, and it for the connection.
        return
    try:
        with db.engine.begin() as connection:
            connection.execute(update(column.class_).where(row).values({column: clock.now()}))
    except OperationalError:
        # Somebody else writes for long. The next request will note it.
        current_app.logger.info("a session's last use could not be noted: the database is busy")
