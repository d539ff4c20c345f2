"""The commands of the worker."""

import click
from flask import current_app
from flask.cli import with_appcontext

from core.config import Settings
from core.jobs.worker import Worker, run_until_signalled


@click.command("worker")
@with_appcontext
@click.option("--threads", type=click.IntRange(1, 64), help="Jobs at the same time. Default: setting worker_threads.")
@click.option("--queues", help="Only these queues, separated by commas. Default: all.")
def worker_command(threads: int | None, queues: str | None) -> None:
    """Runs jobs until it is told to stop (Ctrl-C or SIGTERM): short ones finish, long ones go back to waiting."""
    settings: Settings = current_app.extensions["jinke"]
    names = None if queues is None else [name.strip() for name in queues.split(",") if name.strip()]
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - threads need the real one
    run_until_signalled(Worker(app, threads=threads or settings.worker_threads, queues=names))


commands: list[click.Command] = [worker_command]
