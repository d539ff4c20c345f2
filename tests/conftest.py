"""Fixtures everybody shares: the application on both databases, people, a course, a count of statements."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from core import schema
from core.app import create_app
from core.db import db
from tests import factories
from tests.client import Client
from tests.postgres import postgres_server

pytest_plugins = ["tests.browser"]

SHARED = Path(os.environ.get("JINKE_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real files that nobody here wrote."""
    folder = SHARED / "samples"
    if not folder.is_dir():
        pytest.skip(f"no sample files at {folder}: set JINKE_SHARED")
    return folder


@dataclass
class Site:
    """A migrated application and how to bring its database back to empty."""

    app: Flask
    empty: Callable[[], None]


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Site:
    home = tmp_path_factory.mktemp("site")
    app = create_app(home=home, **TEST_SETTINGS)
    pristine = home / "pristine.sqlite"
    with app.app_context():
        schema.upgrade()
        db.engine.dispose()
        shutil.copy(home / "jinke.sqlite", pristine)

    def empty() -> None:
        with app.app_context():
            db.engine.dispose()
        for leftover in ("jinke.sqlite-wal", "jinke.sqlite-shm"):
            (home / leftover).unlink(missing_ok=True)
        shutil.copy(pristine, home / "jinke.sqlite")

    return Site(app, empty)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this run's own; skips where none is installed."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def _postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Site]:
    app = create_app(home=tmp_path_factory.mktemp("site"), database_url=postgres_url, **TEST_SETTINGS)
    with app.app_context():
        schema.upgrade()

    def empty() -> None:
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for table in db.metadata.sorted_tables:
                connection.execute(table.delete())
            connection.execute(text("SET session_replication_role = DEFAULT"))

    yield Site(app, empty)
    with app.app_context():
        db.engine.dispose()


TEST_SETTINGS: dict[str, Any] = {
    "secret_key": "only-for-tests-" + "x" * 40,
    "debug": True,
    "cheap_hashes": True,
    "rate_limits": False,
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application with an empty database; every test that asks for it runs on SQLite and on PostgreSQL."""
    site: Site = request.getfixturevalue(f"_{request.param}")
    site.empty()
    site.app.test_client_class = Client
    with site.app.app_context():
        yield site.app
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts, not logged in. Speaks Chinese unless a request says otherwise."""
    return app.test_client()


@pytest.fixture
def make(app: Flask) -> factories.Factory:
    """Makes rows: ``make.user()``, ``make.course(institution=…)``."""
    return factories.Factory()


@pytest.fixture
def login(app: Flask) -> Callable[..., FlaskClient]:
    """``login(user)`` gives a client on which that person is logged in."""

    def log_in(user: object) -> FlaskClient:
        return factories.logged_in(app, user)

    return log_in


@contextmanager
def _counting() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA")):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


CountQueries = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def count_queries(app: Flask) -> CountQueries:
    """``with count_queries() as statements:`` collects every SQL statement sent inside."""
    return _counting
