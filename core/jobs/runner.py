"""Taking one job and bringing it to an end, in the calling thread."""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Event
from typing import Any

from flask import Flask
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from core.db import db, reading
from core.jobs import periodic, rows
from core.jobs.registry import LEASE_SECONDS, Cancelled, Fenced, JobFailed, Released, handlers
from core.jobs.running import RunningJob
from core.tenancy import institution_scope

log = logging.getLogger(__name__)

LONGEST_TRACEBACK = 20_000
PAUSE_SECONDS = 0.2


class Runner:
    """Runs jobs one after the other. Several threads may share one; ``running`` is what they are at, by job id."""

    def __init__(
        self, app: Flask, *, owner: str, queues: Sequence[str] | None = None, leaving: Event | None = None
    ) -> None:
        self._app = app
        self._owner = owner
        self._queues = queues
        self._leaving = leaving or Event()
        with app.app_context():
            self.engine = db.engine
        self.running: dict[int, RunningJob] = {}

    def run_next(self) -> bool:
        """Runs the next job that is due; False when there is none. Database errors while claiming pass through."""
        with reading(), self.engine.connect() as connection:
            if not rows.something_due(connection, self._queues):
                return False
        with self.engine.begin() as connection:
            claim = rows.claim(connection, self._owner, self._queues)
        if claim is None:
            return True  # somebody else was quicker; there may be more
        job = self.running[claim.id] = RunningJob(self.engine, claim, self._leaving)
        try:
            with self._app.app_context(), _scope_of(claim):
                self._work(job)
        finally:
            del self.running[claim.id]
        return True

    def write(self, act: Callable[[Connection], Any]) -> None:
        """``act`` in a transaction of its own, again and again while the database is busy, for at most a lease."""
        until = time.monotonic() + LEASE_SECONDS
        while time.monotonic() < until:
            try:
                with self.engine.begin() as connection:
                    act(connection)
                return
            except OperationalError as error:
                log.info("the database is busy (%s); trying again", error.orig)
                time.sleep(PAUSE_SECONDS)
        log.error("the end of a job could not be written; its lease will lapse and it will be handed on")

    def look_after_others(self) -> int:
        """Hands on jobs whose workers fell silent, plans periodic work; returns how many were handed on."""
        with reading(), self.engine.connect() as connection:
            silent = rows.lapsed(connection)
            unplanned = periodic.missing(connection)
        if not silent and not unplanned:
            return 0
        with self._app.app_context(), self.engine.begin() as connection:
            periodic.plan(connection, unplanned)
            return rows.reap(connection)

    def _work(self, job: RunningJob) -> None:
        claim = job.claim
        end: Callable[[Connection], Any]
        try:
            self._call(job)
            return
        except Cancelled:
            end = lambda connection: rows.cancelled(connection, claim)  # noqa: E731
        except Released:
            end = lambda connection: rows.release(connection, claim)  # noqa: E731
        except Fenced:
            log.warning("job %s (%s): attempt %s was overtaken", claim.id, claim.kind, claim.attempt)
            return
        except JobFailed as failure:
            reason = {"code": failure.code, "params": failure.params}
            end = lambda connection: rows.fail(connection, claim, reason, "", for_good=True)  # noqa: E731
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a handler raises is the job's failure, not the worker's
            end = self._failure(claim, error)
        finally:
            db.session.remove()
        self.write(end)

    def _call(self, job: RunningJob) -> None:
        """The handler, and in the transaction of its writes the job's end: both or neither."""
        claim = job.claim
        known = handlers.get(claim.kind)
        if known is None:
            raise JobFailed("jobs.unknown_kind", kind=claim.kind)
        known.run(claim.payload, job)
        db.session.flush()
        if not rows.finish(db.session.connection(), claim, job.kept):
            raise Fenced
        db.session.commit()

    def _failure(self, claim: rows.Claim, error: BaseException) -> Callable[[Connection], Any]:
        log.error("job %s (%s) failed", claim.id, claim.kind, exc_info=error)
        trace = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
        reason = {"code": "jobs.broke", "params": {"error": type(error).__name__}}
        return lambda connection: rows.fail(connection, claim, reason, trace, for_good=False)


def _scope_of(claim: rows.Claim) -> AbstractContextManager[None]:
    return nullcontext() if claim.institution_id is None else institution_scope(claim.institution_id)


def work_off(app: Flask, *, queues: Sequence[str] | None = None, limit: int = 1000) -> int:
    """Runs what is due, in this thread, until nothing is; returns how many were taken. For commands and tests."""
    runner = Runner(app, owner="here", queues=queues)
    taken = 0
    while taken < limit and runner.run_next():
        taken += 1
    return taken
