"""Asking for work, calling it off, asking again. Everything here joins the caller's transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from core import clock
from core.config import current_settings
from core.db import db, insert_new
from core.jobs import doorbell
from core.jobs.models import Job, JobState
from core.jobs.registry import JobContext, JobFailed, every, handler, say
from core.tenancy import across_institutions, scope_or_none

__all__ = [
    "CURRENT_SCOPE",
    "JobContext",
    "JobFailed",
    "cancel",
    "enqueue",
    "every",
    "handler",
    "retry",
    "say",
]

CURRENT_SCOPE = -1
"""Default of ``institution_id``: whatever institution the caller works in, or none."""

_RING = "jobs_to_ring_for"


def enqueue(
    kind: str,
    payload: dict[str, Any],
    *,
    queue: str = "default",
    priority: int = 0,
    unique_key: str | None = None,
    again: bool = False,
    run_at: datetime | None = None,
    user_id: int | None = None,
    max_attempts: int = 5,
    institution_id: int | None = CURRENT_SCOPE,
) -> Job:
    """Adds a job to the caller's transaction, flushed so that it has an id; it exists when the caller commits.

    ``payload`` is plain JSON. Higher ``priority`` runs earlier. ``user_id`` is the person who may watch and cancel it.
    With ``unique_key``, a waiting or running job of that key is returned instead of a second one. A running one may
    have read what the caller is just changing; with ``again`` a run is certain to begin after the caller's commit.
    """
    values: dict[str, Any] = {
        "kind": kind,
        "payload": payload,
        "queue": queue,
        "priority": priority,
        "unique_key": unique_key,
        "run_at": run_at or clock.now(),
        "user_id": user_id,
        "max_attempts": max_attempts,
        "institution_id": scope_or_none() if institution_id == CURRENT_SCOPE else institution_id,
    }
    db.session.flush()
    db.session.info[_RING] = True
    with across_institutions("a job's row belongs to the site"):
        if unique_key is None:
            return db.session.scalars(insert(Job).values(values).returning(Job)).one()
        job_id = None
        while job_id is None:
            job_id = _insert_unless_live(values, again)
        return db.session.get_one(Job, job_id, populate_existing=True)


def _insert_unless_live(values: dict[str, Any], again: bool) -> int | None:
    """The id of the new or of the live job; None when the live one ended between the two statements."""
    connection = db.session.connection()
    statement = insert_new(Job.__table__, on=["unique_key"]).values(values).returning(Job.id)  # type: ignore[arg-type]
    created: int | None = connection.execute(statement).scalar()
    if created is not None:
        return created
    live = (Job.unique_key == values["unique_key"], Job.state.in_([JobState.WAITING, JobState.RUNNING]))
    if again:
        # Writing the row also keeps workers from starting it before the caller has committed.
        return connection.execute(update(Job).where(*live).values(again=True).returning(Job.id)).scalar()
    return connection.execute(select(Job.id).where(*live)).scalar()


def cancel(job: Job) -> None:
    """Calls a job off: at once while it waits, at its next checkpoint while it runs. Ended jobs stay as they are."""
    _change(
        job,
        [JobState.WAITING],
        state=JobState.CANCELLED,
        ended_at=clock.now(),
        unique_key=None,
        cancel_requested=True,
    ) or _change(job, [JobState.RUNNING], cancel_requested=True)


def retry(job: Job) -> None:
    """Lets a failed or cancelled job wait again, with a fresh budget of attempts. Others stay as they are."""
    if _change(
        job,
        [JobState.FAILED, JobState.CANCELLED],
        state=JobState.WAITING,
        failures=0,
        run_at=clock.now(),
        cancel_requested=False,
        progress=0,
        message={},
        ended_at=None,
    ):
        db.session.info[_RING] = True


def _change(job: Job, when: list[JobState], **values: Any) -> bool:
    db.session.flush()
    statement = update(Job).where(Job.id == job.id, Job.state.in_(when)).values(values)
    changed = db.session.connection().execute(statement).rowcount == 1
    with across_institutions("a job's row belongs to the site"):
        db.session.refresh(job)
    return changed


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    if session.info.pop(_RING, False):
        doorbell.ring(current_settings().home)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_RING, None)
