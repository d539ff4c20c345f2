"""The schema of the database: brought up to date by Alembic, for core and, with its own version table, each plugin."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from core.db import db

MIGRATIONS = Path(__file__).parents[1] / "migrations"
VERSION_TABLE = "alembic_version"


def upgrade() -> None:
    """Applies core's pending revisions; all of them or none."""
    _run(lambda config: command.upgrade(config, "head"))


def downgrade(revision: str = "base") -> None:
    """Goes back to a revision."""
    _run(lambda config: command.downgrade(config, revision))


def is_current() -> bool:
    """Whether the database stands at core's newest revision."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return set(context.get_current_heads()) == set(ScriptDirectory.from_config(_config(connection)).get_heads())


def _run(act: Callable[[Config], None]) -> None:
    with db.engine.begin() as connection:
        act(_config(connection))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    config.attributes["include_name"] = _is_core
    return config


def _is_core(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and (name or "").startswith("plugin_"))
