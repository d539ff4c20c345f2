"""The worker's statements on the job table. Each is one conditional UPDATE; none reads first and writes later.

Everything a worker says about its job is said under :func:`_fence`: the row must still be ``running`` in the same
attempt. A worker that was frozen and overtaken changes nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, literal, null, select, update
from sqlalchemy.engine import Connection

from core import clock
from core.jobs.models import Job, JobState
from core.jobs.registry import LEASE_SECONDS, handlers

BACKOFF_SECONDS = 4
BACKOFF_LONGEST = 15 * 60
REAP_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as its worker knows it; ``id`` and ``attempt`` together are the right to write."""

    id: int
    attempt: int
    kind: str
    payload: dict[str, Any]
    institution_id: int | None
    failures: int
    max_attempts: int


def something_due(connection: Connection, queues: Sequence[str] | None) -> bool:
    """Whether a claim would find work. A read, so that an idle worker never asks for SQLite's write lock."""
    return bool(connection.execute(select(exists().where(*_due(queues)))).scalar())


def claim(connection: Connection, owner: str, queues: Sequence[str] | None) -> Claim | None:
    """Takes the next job that is due, or None. No two callers ever get the same attempt."""
    chosen = (
        select(Job.id)
        .where(*_due(queues))
        .order_by(Job.priority.desc(), Job.run_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Job)
        .where(Job.id == chosen, Job.state == JobState.WAITING)
        .values(
            state=JobState.RUNNING,
            attempt=Job.attempt + 1,
            owner=owner,
            lease_until=_lease_end(),
            started_at=clock.now(),
            progress=0,
            message={},
            again=False,
        )
        .returning(Job.id, Job.attempt, Job.kind, Job.payload, Job.institution_id, Job.failures, Job.max_attempts)
    )
    row = connection.execute(statement).first()
    return None if row is None else Claim(*row)


def extend(connection: Connection, held: Claim, shown: dict[str, Any]) -> bool | None:
    """Extends the lease and writes what is ``shown`` (progress, message). Whether a person called the job off; None
    when it is no longer this attempt's."""
    statement = (
        update(Job).where(_fence(held)).values(lease_until=_lease_end(), **shown).returning(Job.cancel_requested)
    )
    return connection.execute(statement).scalar()


def finish(connection: Connection, held: Claim, result: dict[str, Any]) -> bool:
    """Done, or waiting once more where somebody asked meanwhile. False when the job is no longer this attempt's: then
    nothing may be committed."""
    values = {"progress": 1000, "result": result, "reason": {}, "error": "", "failures": 0}
    return _end(connection, held, JobState.DONE, again=True, **values)


def cancelled(connection: Connection, held: Claim) -> bool:
    """Called off by a person, and stopped."""
    return _end(connection, held, JobState.CANCELLED)


def fail(connection: Connection, held: Claim, reason: dict[str, Any], error: str, *, for_good: bool) -> bool:
    """Failed: to be tried again after a pause that doubles each time, or for good when the budget is spent."""
    failures = held.failures + 1
    if for_good or failures >= held.max_attempts:
        spent = case((Job.again, 0), else_=failures)
        return _end(connection, held, JobState.FAILED, again=True, failures=spent, reason=reason, error=error)
    pause = timedelta(seconds=backoff(failures))
    return _put_back(connection, held, run_at=clock.now() + pause, failures=failures, reason=reason, error=error)


def release(connection: Connection, held: Claim) -> bool:
    """Back to waiting because the worker stops; costs none of the job's attempts."""
    return _put_back(connection, held, run_at=clock.now())


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures: doubling, with jitter so that jobs that failed together part company."""
    return min(BACKOFF_SECONDS * 2.0 ** (failures - 1), BACKOFF_LONGEST) * random.uniform(0.75, 1.25)  # noqa: S311


def lapsed(connection: Connection) -> bool:
    """Whether some job's worker fell silent. A read."""
    return bool(connection.execute(select(exists().where(*_silent(clock.now())))).scalar())


def reap(connection: Connection) -> int:
    """Hands on the jobs whose workers fell silent: called off, failed for good, or waiting again. Returns how many."""
    now = clock.now()
    chosen = select(Job.id).where(*_silent(now)).limit(REAP_AT_ONCE).with_for_update(skip_locked=True)
    spent = Job.failures + 1 >= Job.max_attempts
    ends = spent | Job.cancel_requested
    statement = (
        update(Job)
        .where(Job.id.in_(chosen.scalar_subquery()), *_silent(now))
        .values(
            state=case((Job.cancel_requested, JobState.CANCELLED), (spent, JobState.FAILED), else_=JobState.WAITING),
            failures=Job.failures + 1,
            unique_key=case((ends, null()), else_=Job.unique_key),
            ended_at=case((ends, literal(now, Job.ended_at.type)), else_=null()),
            run_at=now,
            reason={"code": "jobs.worker_vanished"},
            owner=None,
            lease_until=None,
        )
    )
    return connection.execute(statement).rowcount


def _due(queues: Sequence[str] | None) -> list[ColumnElement[bool]]:
    conditions = [Job.state == JobState.WAITING, Job.run_at <= clock.now()]
    return conditions if queues is None else [*conditions, Job.queue.in_(queues)]


def _silent(now: datetime) -> list[ColumnElement[bool]]:
    return [Job.state == JobState.RUNNING, Job.lease_until < now]


def _lease_end() -> Any:
    now = clock.now()

    def end(seconds: int) -> ColumnElement[datetime | None]:
        return literal(now + timedelta(seconds=seconds), Job.lease_until.type)

    special = {
        kind: end(known.lease_seconds) for kind, known in handlers.items() if known.lease_seconds != LEASE_SECONDS
    }
    usual = end(LEASE_SECONDS)
    return case(special, value=Job.kind, else_=usual) if special else usual


def _fence(held: Claim) -> ColumnElement[bool]:
    return and_(Job.id == held.id, Job.attempt == held.attempt, Job.state == JobState.RUNNING)


def _end(connection: Connection, held: Claim, state: JobState, *, again: bool = False, **values: Any) -> bool:
    """``again``: where the job was asked for once more while it ran, it waits instead of ending."""
    now = clock.now()
    wait = Job.again if again else false()
    return _write(
        connection,
        held,
        state=case((wait, JobState.WAITING), else_=state),
        ended_at=case((wait, null()), else_=literal(now, Job.ended_at.type)),
        unique_key=case((wait, Job.unique_key), else_=null()),
        run_at=now,
        **values,
    )


def _put_back(connection: Connection, held: Claim, **values: Any) -> bool:
    return _write(connection, held, state=JobState.WAITING, **values)


def _write(connection: Connection, held: Claim, **values: Any) -> bool:
    statement = update(Job).where(_fence(held)).values(owner=None, lease_until=None, **values)
    return connection.execute(statement).rowcount == 1
