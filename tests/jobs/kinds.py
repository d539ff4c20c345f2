"""Kinds of job that only tests know, usable from the test's process and from workers it starts."""

from collections.abc import Callable
from threading import Event
from typing import Any

from sqlalchemy import Column, Integer, Table, insert, update

from core.db import db, reading
from core.jobs.registry import JobContext, JobFailed, handler

applied = Table(
    "applied", db.metadata.__class__(), Column("number", Integer, primary_key=True), Column("times", Integer)
)
"""What the jobs' handlers write: how often each number was applied."""

during: list[Callable[[JobContext], None]] = []
"""What a ``test.scripted`` job does while it runs."""


def prepare(numbers: int = 1) -> None:
    """An empty table of ``numbers`` rows, never applied yet."""
    with db.engine.begin() as connection:
        applied.drop(connection, checkfirst=True)
        applied.create(connection)
        connection.execute(insert(applied), [{"number": number, "times": 0} for number in range(numbers)])


def times_applied() -> list[int]:
    """By number."""
    with reading(), db.engine.connect() as connection:
        return list(connection.execute(applied.select().order_by(applied.c.number)).scalars(1))


def apply(number: int) -> None:
    """What a handler does with its database: one increment, in the session's transaction."""
    statement = update(applied).where(applied.c.number == number).values(times=applied.c.times + 1)
    db.session.connection().execute(statement)


@handler("test.increment")
def increment(payload: dict[str, Any]) -> None:
    apply(payload["number"])


@handler("test.slow_increment", lease_seconds=2)
def slow_increment(payload: dict[str, Any]) -> None:
    Event().wait(payload["seconds"])
    apply(payload["number"])


@handler("test.scripted")
def scripted(payload: dict[str, Any], context: JobContext) -> None:
    apply(payload.get("number", 0))
    for step in during:
        step(context)


@handler("test.refuses")
def refuses(payload: dict[str, Any]) -> None:
    apply(payload.get("number", 0))
    raise JobFailed("test.refused", file="名单.xlsx")


@handler("test.breaks")
def breaks(payload: dict[str, Any]) -> None:
    apply(payload.get("number", 0))
    raise RuntimeError("the disk is full")
