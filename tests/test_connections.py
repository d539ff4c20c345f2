"""Connections to the database outlive its restart."""

import pytest
from flask import Flask
from sqlalchemy import text

from core.db import db, reading


def _backend() -> int:
    with reading(), db.engine.connect() as connection:
        pid: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return pid


def test_a_connection_that_the_server_closed_is_replaced_before_anybody_fails_on_it(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    first = _backend()
    assert _backend() == first, "an idle connection is used again"
    with db.engine.connect() as other, db.engine.connect() as another:
        gone = [connection.execute(text("SELECT pg_backend_pid()")).scalar_one() for connection in (other, another)]
    with db.engine.connect() as connection:
        rest = [pid for pid in gone if pid != connection.execute(text("SELECT pg_backend_pid()")).scalar_one()]
        # The second argument waits until it has ended.
        assert connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": rest[0]}).scalar_one()
        with db.engine.connect() as second:
            assert second.execute(text("SELECT pg_backend_pid()")).scalar_one() != rest[0]


def test_statements_are_not_compiled_by_the_server(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite compiles nothing")
    with db.engine.connect() as connection:
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"
