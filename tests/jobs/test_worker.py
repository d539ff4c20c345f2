"""A worker in this process: woken by the bell, many callers with one key, leaving in good order."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Thread
from time import monotonic

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from core.db import db, reading
from core.jobs.models import Job, JobState
from core.jobs.registry import JobContext
from core.jobs.service import enqueue
from core.jobs.worker import Worker
from tests.jobs import kinds
from tests.jobs.conftest import reloaded
from tests.jobs.workers import wait_until

pytestmark = pytest.mark.usefixtures("rows_to_apply")


@contextmanager
def _working(app: Flask) -> Iterator[Worker]:
    worker = Worker(app, threads=1)
    thread = Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_the_bell_wakes_a_sleeping_worker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.worker.POLL_SECONDS", 60.0)
    started = Event()
    kinds.during.append(lambda _context: started.set())
    first = enqueue("test.increment", {"number": 0})
    db.session.commit()
    with _working(app):
        wait_until(lambda: reloaded(first).state == JobState.DONE, 10)
        Event().wait(0.2)  # it finds nothing more and goes to sleep
        enqueue("test.scripted", {})
        before = monotonic()
        db.session.commit()
        assert started.wait(5)
        assert monotonic() - before < 1.0


def test_without_a_bell_work_is_found_by_polling(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.worker.POLL_SECONDS", 0.2)
    monkeypatch.setattr("core.jobs.doorbell.ring", lambda _home: None)
    with _working(app):
        job = enqueue("test.increment", {"number": 0})
        db.session.commit()
        wait_until(lambda: reloaded(job).state == JobState.DONE, 10)


def test_twenty_callers_with_one_key_get_one_job(app: Flask) -> None:
    together = Barrier(20)

    def ask(_number: int) -> int:
        with app.app_context():
            together.wait()
            job = enqueue("test.increment", {"number": 0}, unique_key="one")
            db.session.commit()
            return job.id

    with ThreadPoolExecutor(20) as callers:
        ids = set(callers.map(ask, range(20)))

    assert len(ids) == 1
    with reading(), db.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Job)).scalar() == 1


def test_a_leaving_worker_sends_long_work_back_to_wait(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.worker.FINISH_SECONDS", 0.2)
    started = Event()

    def long_work(context: JobContext) -> None:
        context.commit()
        started.set()
        while True:
            context.checkpoint()
            Event().wait(0.02)

    kinds.during.append(long_work)
    job = enqueue("test.scripted", {})
    db.session.commit()
    with _working(app):
        assert started.wait(10)

    job = reloaded(job)
    assert (job.state, job.failures, job.owner) == (JobState.WAITING, 0, None)


def test_a_worker_that_leaves_takes_back_work_that_never_looks_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.worker.FINISH_SECONDS", 0.1)
    monkeypatch.setattr("core.jobs.worker.LEAVE_SECONDS", 0.1)
    started, carry_on, ended = Event(), Event(), Event()

    def deaf(context: JobContext) -> None:
        context.commit()
        started.set()
        carry_on.wait(10)
        kinds.apply(0)
        ended.set()

    kinds.during.append(deaf)
    job = enqueue("test.scripted", {})
    db.session.commit()
    with _working(app):
        assert started.wait(10)
    assert reloaded(job).state == JobState.WAITING

    carry_on.set()
    assert ended.wait(10)
    wait_until(lambda: reloaded(job).state == JobState.WAITING, 5)
    assert kinds.times_applied() == [1], "the late second write is refused, the committed first stays"


def test_the_lease_of_a_silent_but_living_handler_is_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.worker.LEASE_SECONDS", 0.4)
    leases: list[object] = []

    def silent(context: JobContext) -> None:
        context.commit()
        first = reloaded_here(context)
        wait_until(lambda: reloaded_here(context) != first, 10)
        leases.append(first)

    def reloaded_here(context: JobContext) -> object:
        with reading(), db.engine.connect() as connection:
            return connection.execute(select(Job.lease_until).where(Job.id == context.job_id)).scalar()

    kinds.during.append(silent)
    job = enqueue("test.scripted", {})
    db.session.commit()
    with _working(app):
        wait_until(lambda: reloaded(job).state == JobState.DONE, 15)
    assert len(leases) == 1


@pytest.mark.parametrize("app", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_worker_survives_the_loss_of_its_connections(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.worker.POLL_SECONDS", 0.2)
    monkeypatch.setattr("core.jobs.rows.BACKOFF_SECONDS", 0.1)

    def lose_everything(context: JobContext) -> None:
        if context.attempt == 1:
            kill = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            with db.engine.begin() as connection:
                connection.execute(kill)

    kinds.during.append(lose_everything)
    job = enqueue("test.scripted", {})
    db.session.commit()
    with _working(app):
        wait_until(lambda: reloaded(job).state == JobState.DONE, 20)

    assert reloaded(job).attempt == 2
    assert kinds.times_applied() == [1]
