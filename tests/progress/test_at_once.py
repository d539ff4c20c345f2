"""Several requests at the same moment: tabs that open, report and take over together."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from core.db import db
from core.enrolment.models import Enrolment
from core.errors import Conflict
from core.progress import appeals, service
from core.progress.explain import explain
from core.progress.intervals import Intervals
from core.progress.models import Appeal, LessonProgress, ProgressEntry, WatchStream
from core.tenancy import institution_scope
from tests.factories import Factory
from tests.progress.test_service import Learner


def all_at_once(app: Flask, acts: list[Callable[[], Any]]) -> list[Any]:
    """Runs each act in a thread, application context and transaction of its own; returns results or exceptions."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        with app.app_context():
            start.wait(30)
            try:
                results[number] = acts[number]()
                db.session.commit()
            except Exception as error:  # noqa: BLE001 - looked at by the test
                db.session.rollback()
                results[number] = error
            finally:
                db.session.remove()

    db.session.commit()
    db.session.remove()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def failures(results: list[Any]) -> list[Any]:
    return [result for result in results if isinstance(result, Exception)]


def test_tabs_opened_in_the_same_instant_leave_one_active(app: Flask, make: Factory) -> None:
    learner = Learner(make)
    lesson_id, enrolment_id, institution_id = learner.lesson.id, learner.enrolment.id, learner.course.institution_id

    def open_tab() -> str:
        with institution_scope(institution_id):
            lesson = db.session.get_one(type(learner.lesson), lesson_id)
            return service.open_stream(lesson, db.session.get_one(Enrolment, enrolment_id)).stream_id

    results = all_at_once(app, [open_tab] * 8)
    assert failures(results) == []
    with institution_scope(institution_id):
        active = select(func.count()).select_from(WatchStream).where(WatchStream.superseded_ms.is_(None))
        assert db.session.scalar(active) == 1
        assert db.session.scalar(select(func.count()).select_from(LessonProgress)) == 1


def test_reports_at_once_earn_no_more_than_one_after_the_other(app: Flask, make: Factory) -> None:
    learner = Learner(make, duration_ms=600_000)
    stream = learner.open()
    user_id, institution_id, lesson_id = learner.user.id, learner.course.institution_id, learner.lesson.id
    enrolment_id = learner.enrolment.id

    def report(number: int) -> Callable[[], Any]:
        # Every second one is sent twice, and all claim other parts.
        sequence = number // 2
        return lambda: service.heartbeat(user_id, stream, sequence, [[sequence * 20_000, sequence * 20_000 + 15_000]])

    results = all_at_once(app, [report(number) for number in range(16)])
    assert failures(results) == []
    with institution_scope(institution_id):
        entries = db.session.scalars(select(ProgressEntry)).all()
        assert sorted(entry.sequence or 0 for entry in entries) == list(range(8))
        row = db.session.scalars(select(LessonProgress)).one()
        told = Intervals()
        for entry in entries:
            told |= Intervals.parse(entry.accepted)
        assert row.watched == str(told)
        # The slack once, and the clock: not eight times the slack.
        assert told.measure <= 15_000 + 2 * 30_000
        assert explain(db.session.get_one(Enrolment, enrolment_id), lesson_id).agrees


def test_a_report_and_a_second_device_do_not_stop_each_other(app: Flask, make: Factory) -> None:
    learner = Learner(make)
    stream = learner.open()
    lesson_id, enrolment_id, institution_id = learner.lesson.id, learner.enrolment.id, learner.course.institution_id
    user_id = learner.user.id

    def open_elsewhere() -> str:
        with institution_scope(institution_id):
            lesson = db.session.get_one(type(learner.lesson), lesson_id)
            return service.open_stream(lesson, db.session.get_one(Enrolment, enrolment_id)).stream_id

    def report(number: int) -> Callable[[], Any]:
        return lambda: service.heartbeat(user_id, stream, number, [[number * 1000, number * 1000 + 1000]])

    acts = [act for number in range(6) for act in (open_elsewhere, report(number))]
    assert failures(all_at_once(app, acts)) == []
    with institution_scope(institution_id):
        assert explain(db.session.get_one(Enrolment, enrolment_id), lesson_id).agrees


def test_two_teachers_answer_an_appeal_once(app: Flask, make: Factory) -> None:
    learner = Learner(make)
    learner.open()
    institution_id, teacher_id = learner.course.institution_id, make.user().id
    with institution_scope(institution_id):
        appeal_id = appeals.appeal(learner.enrolment, learner.lesson.id, "I watched it").id
        db.session.commit()

    def answer() -> None:
        with institution_scope(institution_id):
            filed = appeals.filed(appeal_id)
            appeals.answer(filed, actor_id=teacher_id, note="seen", grant=Intervals([(0, 1000)]))

    results = all_at_once(app, [answer] * 4)
    assert [type(failure) for failure in failures(results)] == [Conflict] * 3
    with institution_scope(institution_id):
        assert db.session.scalar(select(func.count()).select_from(ProgressEntry)) == 1
        assert db.session.get_one(Appeal, appeal_id).ruling_id is not None
