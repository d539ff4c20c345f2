"""The one Alembic environment. Each owner of tables (core, later every plugin) has a version table of its own.

``config.attributes`` carry what the caller decided: the connection, the owner's version table, and which tables the
owner's autogenerate may see.
"""

from alembic import context

from core.db import db

config = context.config


def run() -> None:
    """Runs the migrations on the connection that the caller opened."""
    context.configure(
        connection=config.attributes["connection"],
        target_metadata=db.metadata,
        version_table=config.attributes["version_table"],
        include_name=config.attributes["include_name"],
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
