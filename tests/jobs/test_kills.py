"""Workers that are killed or frozen at any moment: every job ends, and nothing is applied twice."""

import os
import random
import signal
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import select

from core.db import db, reading
from core.jobs.models import Job, JobState
from core.jobs.service import enqueue
from tests.jobs import kinds
from tests.jobs.conftest import reloaded
from tests.jobs.workers import wait_until, workers_of

pytestmark = pytest.mark.usefixtures("rows_to_apply")

JOBS = 40
WORKERS = 4
KILLS = 15
ENDED = {JobState.DONE, JobState.FAILED}


def _states() -> list[tuple[str, int, dict[str, object]]]:
    statement = select(Job.state, Job.attempt, Job.reason).where(Job.kind.startswith("test.")).order_by(Job.id)
    with reading(), db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement)]


def _is_any_running() -> bool:
    states = {state for state, _attempt, _reason in _states()}
    return JobState.RUNNING in states or states <= ENDED


@pytest.mark.slow
def test_fifteen_kills_over_forty_jobs(app: Flask) -> None:
    chance = random.Random(20261122)
    kinds.prepare(JOBS)
    for number in range(JOBS):
        enqueue("test.slow_increment", {"number": number, "seconds": chance.uniform(0.2, 1.0)})
    db.session.commit()

    with workers_of(app) as workers:
        for _number in range(WORKERS):
            workers.start()
        for _kill in range(KILLS):
            # On a busy machine a fresh worker takes a while to begin; killing only those would prove little.
            wait_until(_is_any_running, 60)
            Event().wait(chance.uniform(0.1, 0.8))
            workers.kill(chance.choice(workers.pids))
            workers.start()
        wait_until(lambda: all(state in ENDED for state, _attempt, _reason in _states()), 60)

    outcomes = _states()
    assert any(attempt > 1 for _state, attempt, _reason in outcomes), "no kill hit a running job: a tame test"
    for (state, _attempt, reason), times in zip(outcomes, kinds.times_applied(), strict=True):
        assert times == (1 if state == JobState.DONE else 0)
        assert state == JobState.DONE or reason["code"] == "jobs.worker_vanished"


def test_a_frozen_workers_late_result_is_refused(app: Flask) -> None:
    job = enqueue("test.slow_increment", {"number": 0, "seconds": 1.0})
    db.session.commit()

    with workers_of(app) as workers:
        frozen = workers.start()
        wait_until(lambda: reloaded(job).state == JobState.RUNNING, 20)
        os.kill(frozen, signal.SIGSTOP)
        workers.start()
        wait_until(lambda: reloaded(job).state == JobState.DONE, 20)
        assert reloaded(job).attempt == 2
        os.kill(frozen, signal.SIGCONT)
        workers.stop(frozen)  # it finishes what it was at before it leaves

    assert kinds.times_applied() == [1]
    assert (reloaded(job).state, reloaded(job).attempt) == (JobState.DONE, 2)


def test_a_worker_asked_to_leave_finishes_short_work(app: Flask) -> None:
    job = enqueue("test.slow_increment", {"number": 0, "seconds": 0.5})
    db.session.commit()

    with workers_of(app) as workers:
        worker = workers.start()
        wait_until(lambda: reloaded(job).state == JobState.RUNNING, 20)
        workers.stop(worker)

    assert (reloaded(job).state, reloaded(job).attempt) == (JobState.DONE, 1)
