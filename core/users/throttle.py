"""Pauses after failed log-ins, per account, counted in the database so that every process and every restart knows.

An attempt is counted before its password is looked at, in a transaction of its own: a hundred guesses at the same
moment are a hundred attempts, and the refusal that follows cannot roll the count back. Names without an account are
counted alike, so a pause says nothing about whether one exists. The pauses are per account only: a school behind one
address never waits for its neighbour's mistakes.
"""

import math
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, literal, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from core import clock
from core.db import db, release
from core.errors import TooManyRequests
from core.i18n import _
from core.users.models import LoginThrottle, User
from core.users.tokens import fast_hash

FREE_ATTEMPTS = 5
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))
"""After the fifth failure in a row, the sixth, and so on; the last stays."""
FORGOTTEN_AFTER = timedelta(days=1)


def key_of(user: User | None, identity: str) -> str:
    """What attempts are counted under: the account, however it was named, else the name (hashed: it may be a typo)."""
    return f"user:{user.id}" if user is not None else f"name:{fast_hash(identity)}"


def attempt(key: str) -> None:
    """Counts an attempt. Raises :class:`TooManyRequests` during a pause. Ends the request's reading transaction."""
    release()
    with db.engine.begin() as connection:
        wait = _count(connection, key)
    if wait is not None:
        minutes = max(1, math.ceil(wait / timedelta(minutes=1)))
        raise TooManyRequests(
            _(
                "Too many wrong attempts. Try again in %(minutes)d minutes, or set a new password by e-mail.",
                minutes=minutes,
            ),
            retry_after=math.ceil(wait.total_seconds()),
        )


def succeeded(key: str) -> None:
    """Forgets the failures of an account whose password was right."""
    release()
    with db.engine.begin() as connection:
        connection.execute(delete(LoginThrottle).where(LoginThrottle.key == key))


def forget(user: User) -> None:
    """Lifts the pause of an account in the caller's transaction: a new password was set."""
    db.session.execute(delete(LoginThrottle).where(LoginThrottle.key == key_of(user, "")))


def _count(connection: Connection, key: str) -> timedelta | None:
    """One more attempt, or how long the pause still lasts."""
    now = clock.now()
    table = LoginThrottle
    long_ago = table.first_failure_at < now - FORGOTTEN_AFTER
    failures = case((long_ago, 1), else_=table.failures + 1)
    insert = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name].insert(table)
    statement = insert.values(key=key, failures=1, first_failure_at=now).on_conflict_do_update(
        index_elements=[table.key],
        set_={
            "failures": failures,
            "first_failure_at": case(
                (long_ago, literal(now, table.first_failure_at.type)), else_=table.first_failure_at
            ),
            "locked_until": case((long_ago, null()), else_=_pause(now)),
        },
        where=or_(table.locked_until.is_(None), table.locked_until <= now),
    )
    if connection.execute(statement.returning(table.key)).first() is not None:
        return None
    until = connection.execute(select(table.locked_until).where(table.key == key)).scalar()
    return until - now if until is not None and until > now else timedelta()


def _pause(now: datetime) -> ColumnElement[datetime | None]:
    """Until when the account pauses if this attempt fails too, by the number of failures before it."""
    moment = LoginThrottle.locked_until.type
    ladder = [
        (LoginThrottle.failures + 1 == FREE_ATTEMPTS + step, literal(now + pause, moment))
        for step, pause in enumerate(PAUSES)
    ]
    last = (LoginThrottle.failures + 1 >= FREE_ATTEMPTS + len(PAUSES), literal(now + PAUSES[-1], moment))
    return case(*ladder, last, else_=null())


def may_be_written_to(address: str) -> bool:
    """Counts a letter that somebody asked for to an address, in the caller's transaction; False once it has had many.

    Without this anybody could fill a mailbox from a form. Whoever asks is told the same either way.
    """
    return _count(db.session.connection(), f"mail:{fast_hash(address)}") is None
