"""The commands of the worker."""

import json
from collections.abc import Callable

import click
from flask import current_app
from flask.cli import with_appcontext

from core.config import current_settings
from core.db import db, reading
from core.errors import NotFound
from core.jobs import queries, service, words
from core.jobs.models import Job, JobState
from core.jobs.worker import Worker, run_until_signalled


@click.command("worker")
@with_appcontext
@click.option("--threads", type=click.IntRange(1, 64), help="Jobs at the same time. Default: setting worker_threads.")
@click.option("--queues", help="Only these queues, separated by commas. Default: all.")
def worker_command(threads: int | None, queues: str | None) -> None:
    """Runs jobs until it is told to stop (Ctrl-C or SIGTERM): short ones finish, long ones go back to waiting."""
    settings = current_settings()
    names = None if queues is None else [name.strip() for name in queues.split(",") if name.strip()]
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - threads need the real one
    run_until_signalled(Worker(app, threads=threads or settings.worker_threads, queues=names))


@click.group("jobs")
def jobs_group() -> None:
    """Long tasks: what is waiting, running, failed; calling off, starting again."""


@jobs_group.command("list")
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Standard output is JSON alone.")
@with_appcontext
def list_command(state: str | None, limit: int, as_json: bool) -> None:
    """Shows the newest jobs."""
    with reading():
        found = [(job, words.describe(job)) for job in queries.recent(JobState(state) if state else None, limit)]
        counts = queries.count_by_state()
    if as_json:
        jobs = [{"id": job.id, "kind": job.kind, "state": job.state, "sentence": said} for job, said in found]
        click.echo(json.dumps({"jobs": jobs, "counts": counts}, ensure_ascii=False))
        return
    for job, said in found:
        click.echo(f"{job.id:>8}  {job.kind:<28} {said}")


@jobs_group.command("cancel")
@click.argument("job_id", type=int)
@with_appcontext
def cancel_command(job_id: int) -> None:
    """Calls a job off."""
    _handle(job_id, service.cancel)


@jobs_group.command("retry")
@click.argument("job_id", type=int)
@with_appcontext
def retry_command(job_id: int) -> None:
    """Starts a failed or cancelled job again."""
    _handle(job_id, service.retry)


def _handle(job_id: int, act: Callable[[Job], None]) -> None:
    try:
        job = queries.job(job_id)
    except NotFound as error:
        raise click.ClickException(str(error)) from None
    act(job)
    db.session.commit()
    click.echo(words.describe(job))


commands: list[click.Command] = [worker_command, jobs_group]
