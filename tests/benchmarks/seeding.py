"""A site of 1,000 courses and 10,000 learners, written in bulk; the figures speak of this size."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask_security import hash_password
from flask_wtf.csrf import generate_csrf
from sqlalchemy import text
from sqlalchemy.engine import Connection

from core import clock
from core.courses.stamp import CatalogueStamp
from core.db import db
from core.institutions.models import Institution, Membership
from core.users import sessions
from core.users.models import User, UserSession
from core.users.tokens import fast_hash, new_token
from tests.benchmarks import seeding_courses
from tests.benchmarks.seeding_courses import write

PASSWORD = "correct horse battery"
PLACES = ("江南", "北川", "临海", "武阳", "云岭", "长河", "东山", "青原")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is written."""

    institutions: int = 8
    courses: int = 1_000
    chapters: int = 5
    lessons: int = 6
    """Per chapter."""
    learners: int = 10_000
    teachers: int = 200
    courses_per_learner: int = 3
    class_learners: int = 1_000
    class_lessons: int = 60
    players: int = 300
    """Learners who are logged in and can send heartbeats."""
    imported: int = 1_000


SMALL = replace(
    Size(),
    institutions=2,
    courses=30,
    learners=120,
    teachers=6,
    class_learners=40,
    class_lessons=10,
    players=10,
    imported=20,
)
"""For seeing that the benchmark itself works."""


@dataclass
class Seeded:
    """What a measurement needs to know of the site."""

    size: Size
    slugs: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    cookies: dict[int, str] = field(default_factory=dict)
    """User id → the cookie of a logged-in browser."""
    csrf: dict[int, str] = field(default_factory=dict)
    class_path: str = ""
    video_lesson: int = 0
    player_ids: list[int] = field(default_factory=list)
    player_lesson: int = 0
    teacher_id: int = 0


def seed(app: Flask, size: Size) -> Seeded:
    """Writes everything. The database must be migrated and empty."""
    players = list(range(1, size.players + 1))
    facts = Seeded(size, player_ids=players, teacher_id=size.learners + size.teachers)
    logged_in = list(_log_in(app, facts))
    with app.app_context():
        hashed = hash_password(PASSWORD)  # one for all: making them is not what is measured
        with db.engine.begin() as connection:
            _institutions(connection, size)
            _people(connection, facts, hashed)
            seeding_courses.courses(connection, facts)
            seeding_courses.enrolments(connection, facts)
            seeding_courses.large_class(connection, facts)
            write(connection, UserSession, iter(logged_in))
            write(connection, CatalogueStamp, iter([{"id": 1, "stamp": secrets.token_hex(16)}]))
            _settle_sequences(connection)
        if db.engine.dialect.name == "postgresql":
            # What its own housekeeping does within minutes. SQLite has none, and is measured as a site would have it.
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        db.engine.dispose()
    return facts


def _institutions(connection: Connection, size: Size) -> None:
    rows = (
        {"id": n + 1, "slug": f"school-{n}", "name": f"{PLACES[n % 8]}职业技术学院"} for n in range(size.institutions)
    )
    write(connection, Institution, rows)


def _people(connection: Connection, facts: Seeded, hashed: str) -> None:
    """Learners have ids from 1, teachers come after them; everybody belongs to one institution."""
    size, moment = facts.size, clock.now()
    total = size.learners + size.teachers
    facts.emails = [f"learner{n + 1}@example.edu.cn" for n in range(size.learners)]
    write(
        connection,
        User,
        (
            {
                "id": n + 1,
                "email": f"{'learner' if n < size.learners else 'teacher'}{n + 1}@example.edu.cn",
                "name": f"{'陈林王赵周吴郑孙'[n % 8]}{'若溪思远子涵明轩雨桐'[n % 10]}{n + 1}",
                "fs_uniquifier": f"person-{n + 1}",
                "password": hashed,
                "confirmed_at": moment,
                "agreed_at": moment,
            }
            for n in range(total)
        ),
    )
    write(
        connection,
        Membership,
        (
            {
                "institution_id": n % size.institutions + 1,
                "user_id": n + 1,
                "role": "student" if n < size.learners else "instructor",
                "external_id": f"{20260000 + n}",
            }
            for n in range(total)
        ),
    )


def _log_in(app: Flask, facts: Seeded) -> Iterator[dict[str, Any]]:
    """Session rows of the players and of a teacher; their cookies, as the site would have set them, go to ``facts``."""
    moment = clock.now()
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    for user_id in [*facts.player_ids, facts.teacher_id]:
        token = new_token()
        with app.test_request_context():
            session.update({"_user_id": f"person-{user_id}", "_fresh": True, sessions.KEY: token})
            facts.csrf[user_id] = generate_csrf()
            value = signer.dumps(dict(session))
        facts.cookies[user_id] = f"{app.config['SESSION_COOKIE_NAME']}={value}"
        yield {
            "token_hash": fast_hash(token),
            "user_id": user_id,
            "expires_at": moment + timedelta(days=1),
            "last_seen_at": moment,
        }


def _settle_sequences(connection: Connection) -> None:
    """PostgreSQL's counters go on after the ids that were written."""
    if connection.dialect.name != "postgresql":
        return
    for table in db.metadata.sorted_tables:
        if "id" in table.c and table.c.id.type.python_type is int:
            name = f'"{table.name}"'
            counter = f"pg_get_serial_sequence('{name}', 'id')"
            connection.execute(text(f"SELECT setval({counter}, coalesce(max(id), 0) + 1, false) FROM {name}"))
