"""Alembic's environment and core's revisions. Run through ``core.schema``; nothing imports this."""
