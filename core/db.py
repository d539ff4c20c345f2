"""The database: one declarative base, UTC times, and what SQLite needs to behave like a database.

SQLite's Python driver opens transactions lazily and lets a savepoint commit; so the driver is put into autocommit and
SQLAlchemy's ``begin`` event says BEGIN itself. Work that may write says BEGIN IMMEDIATE: a deferred transaction that
reads and then writes fails at once when another writer came between, whatever the busy timeout.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from flask import has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, Engine, MetaData, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.pool import Pool
from sqlalchemy.types import JSON, TypeDecorator

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. Naive values are refused: they are the start of every wrong clock."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored: use core.clock.now()")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON},
    )


db = SQLAlchemy(model_class=_Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """The base of every table. (Flask-SQLAlchemy builds the real one at run time.)"""

else:
    Model = db.Model


class Versioned:
    """Rows that people edit in forms: ``version`` counts the saves, so that a stale form is noticed."""

    version: Mapped[int] = mapped_column(default=1, server_default="1")


_reading: ContextVar[bool] = ContextVar("reading", default=False)
_WROTE = "wrote"


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside promise not to write, and so never wait for SQLite's writer."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def _may_write() -> bool:
    if _reading.get():
        return False
    return not (has_request_context() and request.method in SAFE_METHODS)


def release() -> None:
    """Ends a transaction that has only read, so that nobody waits while something slow is done (hashing a password).

    The next statement begins another. Raises RuntimeError where something was written or is about to be: half of a
    change would become visible, and stay if the request fails.
    """
    session = db.session()
    if not session.in_transaction():
        return
    if session.new or session.deleted or session.dirty or session.connection().info.get(_WROTE):
        raise RuntimeError("something slow stands between a write and its commit: do it before writing")
    session.commit()


@contextmanager
def looking_up() -> Iterator[None]:
    """Reads what is asked before a request's body arrives, in a transaction that ends with it.

    A body may take minutes on a slow line, or for ever where somebody means harm; SQLite's one writer must not be held
    meanwhile. Inside a transaction that is open already, and where nothing will be written, it makes no difference.
    """
    alone = not db.session().in_transaction()
    with reading():
        yield
    if alone and not (has_request_context() and request.method in SAFE_METHODS):
        release()


def _is_sqlite(connection: Any) -> bool:
    return type(connection).__module__.startswith("sqlite3")


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, _record: Any) -> None:
    if not _is_sqlite(connection):
        # Compiling a statement takes PostgreSQL longer than any of ours runs.
        connection.execute("SET jit = off")
        connection.commit()
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    # SQLite serves those who wait for its writer in no order: as many as the server has threads, all at one moment,
    # must each get their turn before one of them gives up.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=20000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Pool, "checkout")
def _on_checkout(connection: Any, _record: Any, _proxy: Any) -> None:
    """Nobody's request fails on a connection that the server closed meanwhile.

    Such a connection has something to read, its end; one that is alive and idle has nothing. Looking costs no round
    trip, where SQLAlchemy's ``pool_pre_ping`` costs one each time, a sixth of a heartbeat.
    """
    if _is_sqlite(connection):
        return
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    if watch.poll(0):
        raise InvalidatePoolError


@event.listens_for(Engine, "begin")
def _on_begin(connection: Connection) -> None:
    connection.info.pop(_WROTE, None)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _may_write() else "BEGIN")


@event.listens_for(Engine, "after_cursor_execute")
def _after_execute(
    connection: Connection, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
) -> None:
    if context is not None and (context.isinsert or context.isupdate or context.isdelete):
        connection.info[_WROTE] = True


def insert_new(table: Table, *, on: list[str]) -> Any:
    """An INSERT for ``table`` that leaves rows alone whose ``on`` columns are taken; ``.values(…)`` follows.

    The result's ``rowcount`` says how many rows are new, on both databases.
    """
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[db.engine.dialect.name]
    return dialect.insert(table).on_conflict_do_nothing(index_elements=on).execution_options(preserve_rowcount=True)


def table_of(model: type[Model]) -> Table:
    """The table behind a model, for statements that want columns and not objects."""
    return cast(Table, model.__table__)
