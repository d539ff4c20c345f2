"""The life of a job, told as stories, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock
from core.db import db, reading
from core.jobs import periodic, queries, rows
from core.jobs.models import Job, JobState
from core.jobs.registry import Fenced, JobContext, JobFailed, Released
from core.jobs.runner import Runner, work_off
from core.jobs.service import cancel, enqueue, retry
from core.jobs.words import describe
from core.tenancy import institution_scope, scope_or_none
from tests.factories import Factory
from tests.jobs import kinds
from tests.jobs.conftest import reloaded

pytestmark = pytest.mark.usefixtures("rows_to_apply")


def test_a_job_that_works_is_done_once_with_its_writes(app: Flask) -> None:
    job = enqueue("test.increment", {"number": 0})
    db.session.commit()

    assert work_off(app) == 1

    job = reloaded(job)
    assert (job.state, job.attempt, job.progress) == (JobState.DONE, 1, 1000)
    assert job.ended_at is not None
    assert job.owner is None
    assert kinds.times_applied() == [1]
    assert work_off(app) == 0


def test_a_caller_that_rolls_back_leaves_no_job(app: Flask) -> None:
    enqueue("test.increment", {"number": 0})
    db.session.rollback()

    assert work_off(app) == 0
    assert kinds.times_applied() == [0]


def test_a_refusal_fails_for_good_and_undoes_the_writes(app: Flask) -> None:
    job = enqueue("test.refuses", {})
    db.session.commit()

    work_off(app)

    job = reloaded(job)
    assert (job.state, job.failures) == (JobState.FAILED, 1)
    assert job.reason == {"code": "test.refused", "params": {"file": "名单.xlsx"}}
    assert kinds.times_applied() == [0]


def test_a_breakage_is_tried_again_later_and_later_until_the_budget_is_spent(app: Flask) -> None:
    job = enqueue("test.breaks", {}, max_attempts=3)
    db.session.commit()

    work_off(app)
    job = reloaded(job)
    assert (job.state, job.failures) == (JobState.WAITING, 1)
    assert "the disk is full" in job.error
    first_pause = job.run_at - clock.now()
    assert work_off(app) == 0, "not before its time"

    with clock.shifted(timedelta(minutes=1)):
        work_off(app)
        second_pause = reloaded(job).run_at - clock.now()
    assert second_pause > first_pause
    with clock.shifted(timedelta(minutes=2)):
        work_off(app)

    job = reloaded(job)
    assert (job.state, job.failures, job.attempt) == (JobState.FAILED, 3, 3)
    assert kinds.times_applied() == [0]


def test_a_failed_job_can_be_asked_for_again(app: Flask) -> None:
    job = enqueue("test.refuses", {})
    db.session.commit()
    work_off(app)

    job = reloaded(job)
    retry(job)
    db.session.commit()

    job = reloaded(job)
    assert (job.state, job.failures) == (JobState.WAITING, 0)
    assert work_off(app) == 1
    assert reloaded(job).attempt == 2, "the token never goes back"


def test_a_done_job_cannot_be_run_again(app: Flask) -> None:
    job = enqueue("test.increment", {"number": 0})
    db.session.commit()
    work_off(app)

    retry(reloaded(job))
    db.session.commit()

    assert work_off(app) == 0


def test_a_job_of_unknown_kind_fails_and_says_so(app: Flask) -> None:
    job = enqueue("nobody.knows", {})
    db.session.commit()
    work_off(app)

    job = reloaded(job)
    assert job.state == JobState.FAILED
    assert "nobody.knows" in describe(job, "zh_Hans_CN")


def test_order_is_priority_then_time(app: Flask) -> None:
    kinds.prepare(3)
    order: list[int] = []
    kinds.during.append(lambda context: order.append(context.job_id))
    late = enqueue("test.scripted", {})
    early = enqueue("test.scripted", {}, run_at=clock.now() - timedelta(hours=1))
    urgent = enqueue("test.scripted", {}, priority=5)
    db.session.commit()

    work_off(app)

    assert order == [urgent.id, early.id, late.id]


def test_a_worker_of_some_queues_leaves_the_others(app: Flask) -> None:
    enqueue("test.increment", {"number": 0}, queue="video")
    db.session.commit()

    assert work_off(app, queues=["default"]) == 0
    assert work_off(app, queues=["default", "video"]) == 1


def test_the_handler_works_in_the_scope_of_the_caller(app: Flask, make: Factory) -> None:
    institution = make.institution()
    seen: list[int | None] = []
    kinds.during.append(lambda _context: seen.append(scope_or_none()))
    with institution_scope(institution.id):
        enqueue("test.scripted", {})
    enqueue("test.scripted", {})
    db.session.commit()

    work_off(app)

    assert seen == [institution.id, None]


# ---------------------------------------------------------------------------------------------- calling it off


def test_a_waiting_job_is_cancelled_at_once(app: Flask) -> None:
    job = enqueue("test.increment", {"number": 0}, unique_key="once")
    db.session.commit()
    cancel(job)
    db.session.commit()

    assert work_off(app) == 0
    job = reloaded(job)
    assert (job.state, job.unique_key) == (JobState.CANCELLED, None)


def test_a_running_job_is_cancelled_at_its_next_checkpoint(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    job = enqueue("test.scripted", {})
    db.session.commit()

    def cancelled_meanwhile(context: JobContext) -> None:
        context.commit()
        with app.app_context():
            cancel(queries.job(job.id))
            db.session.commit()
        context.commit()
        raise AssertionError("a cancelled job went on")

    kinds.during.append(cancelled_meanwhile)
    work_off(app)

    assert reloaded(job).state == JobState.CANCELLED
    assert kinds.times_applied() == [1], "what was committed before stays"


def test_progress_is_shown_while_it_runs_and_is_said_in_words(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.jobs.running.SHOW_SECONDS", 0)
    job = enqueue("test.scripted", {})
    db.session.commit()
    seen: list[str] = []

    def look(context: JobContext) -> None:
        context.commit()
        context.progress(420, "test.reading", rows=7)
        with app.app_context():
            seen.append(describe(reloaded(job), "en"))

    kinds.during.append(look)
    work_off(app)

    assert seen == ["Running, 42 %: test.reading"]


# ------------------------------------------------------------------------------------- workers that fall silent


def _runner(app: Flask) -> Runner:
    return Runner(app, owner="test")


def test_a_job_whose_worker_vanished_waits_again_and_at_last_fails(app: Flask) -> None:
    job = enqueue("test.increment", {"number": 0}, max_attempts=2, unique_key="k")
    db.session.commit()
    engine = _runner(app).engine

    for hours, state in ((0, JobState.WAITING), (1, JobState.FAILED)):
        with clock.shifted(timedelta(hours=hours)), engine.begin() as connection:
            assert rows.claim(connection, "a worker", None) is not None
        with clock.shifted(timedelta(hours=hours)), engine.begin() as connection:
            assert rows.reap(connection) == 0, "the lease still holds"
        with clock.shifted(timedelta(hours=hours, seconds=60)), engine.begin() as connection:
            assert rows.lapsed(connection)
            assert rows.reap(connection) == 1
        assert reloaded(job).state == state

    job = reloaded(job)
    assert job.reason["code"] == "jobs.worker_vanished"
    assert job.unique_key is None
    assert job.ended_at is not None


def test_the_late_result_of_an_overtaken_worker_is_refused(app: Flask) -> None:
    job = enqueue("test.scripted", {})
    db.session.commit()

    def overtaken(_context: JobContext) -> None:
        kinds.during.clear()
        db.session.rollback()
        with clock.shifted(timedelta(minutes=5)):
            with db.engine.begin() as connection:
                rows.reap(connection)
            assert work_off(app) == 1, "another worker does it"
        kinds.apply(0)

    kinds.during.append(overtaken)
    work_off(app)

    assert (reloaded(job).state, reloaded(job).attempt) == (JobState.DONE, 2)
    assert kinds.times_applied() == [1]


def test_an_overtaken_worker_cannot_commit_a_part(app: Flask) -> None:
    job = enqueue("test.scripted", {})
    db.session.commit()
    outcome: list[type[BaseException]] = []

    def overtaken(context: JobContext) -> None:
        db.session.rollback()
        with clock.shifted(timedelta(minutes=5)), db.engine.begin() as connection:
            rows.reap(connection)
        kinds.apply(0)
        try:
            context.commit()
        except Fenced as error:
            outcome.append(type(error))
            raise

    kinds.during.append(overtaken)
    _runner(app).run_next()

    assert outcome == [Fenced]
    assert kinds.times_applied() == [0]
    assert reloaded(job).state == JobState.WAITING


def test_a_job_released_by_a_leaving_worker_costs_no_attempt(app: Flask) -> None:
    job = enqueue("test.scripted", {})
    db.session.commit()

    def leave(_context: JobContext) -> None:
        raise Released

    kinds.during.append(leave)
    _runner(app).run_next()

    job = reloaded(job)
    assert (job.state, job.failures) == (JobState.WAITING, 0)
    assert kinds.times_applied() == [0]


# -------------------------------------------------------------------------------------------- unique and periodic


def test_a_live_job_answers_for_its_key_and_an_ended_one_does_not(app: Flask) -> None:
    first = enqueue("test.increment", {"number": 0}, unique_key="course-1")
    assert enqueue("test.increment", {"number": 0}, unique_key="course-1").id == first.id
    db.session.commit()
    assert enqueue("test.increment", {"number": 0}, unique_key="course-1").id == first.id
    db.session.commit()
    work_off(app)

    second = enqueue("test.increment", {"number": 0}, unique_key="course-1")

    assert second.id != first.id


def test_asked_again_while_it_runs_it_runs_once_more(app: Flask) -> None:
    job = enqueue("test.scripted", {}, unique_key="course-1")
    db.session.commit()
    runs: list[int] = []

    def asked_meanwhile(context: JobContext) -> None:
        runs.append(context.attempt)
        context.commit()
        if context.attempt == 1:
            for again in (True, True, False):
                with app.app_context():
                    assert enqueue("test.scripted", {}, unique_key="course-1", again=again).id == job.id
                    db.session.commit()

    kinds.during.append(asked_meanwhile)
    work_off(app)

    assert runs == [1, 2], "once more, however often it was asked"
    job = reloaded(job)
    assert (job.state, job.unique_key) == (JobState.DONE, None)


def test_asked_again_before_it_began_it_runs_once(app: Flask) -> None:
    enqueue("test.increment", {"number": 0}, unique_key="course-1", again=True)
    db.session.commit()
    enqueue("test.increment", {"number": 0}, unique_key="course-1", again=True)
    db.session.commit()

    work_off(app)

    assert kinds.times_applied() == [1]


def test_a_job_that_failed_for_good_runs_once_more_if_asked_meanwhile(app: Flask) -> None:
    def refuse_once(context: JobContext) -> None:
        context.commit()
        if context.attempt == 1:
            with app.app_context():
                enqueue("test.scripted", {}, unique_key="k", again=True)
                db.session.commit()
            raise JobFailed("test.refused", file="a")

    kinds.during.append(refuse_once)
    job = enqueue("test.scripted", {}, unique_key="k")
    db.session.commit()
    work_off(app)

    assert (reloaded(job).state, reloaded(job).attempt) == (JobState.DONE, 2)


def test_periodic_work_is_planned_once_per_period(app: Flask) -> None:
    def plan() -> list[str]:
        with db.engine.begin() as connection:
            kinds_missing = periodic.missing(connection)
            periodic.plan(connection, kinds_missing)
            periodic.plan(connection, kinds_missing)
            return kinds_missing

    assert "jobs.prune" in plan()
    assert plan() == []
    assert work_off(app) == 0, "nothing is due yet"
    with clock.shifted(timedelta(days=1)):
        assert work_off(app) >= 1
        assert "jobs.prune" in plan()
        assert work_off(app) == 0, "once a day is once a day"


def test_ended_jobs_are_forgotten_after_a_month_and_failed_ones_after_three(app: Flask) -> None:
    done = enqueue("test.increment", {"number": 0})
    failed = enqueue("test.refuses", {})
    db.session.commit()
    work_off(app)

    for days, left in ((29, {done.id, failed.id}), (31, {failed.id}), (91, set())):
        with clock.shifted(timedelta(days=days)):
            periodic.prune({})
            db.session.commit()
        with reading(), db.engine.connect() as connection:
            assert set(connection.execute(select(Job.id)).scalars()) == left
