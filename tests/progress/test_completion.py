"""A run is completed with its last required lesson, once."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import clock
from core.courses.models import Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.events import OutboxEvent
from core.jobs.runner import work_off
from core.progress import rulings, service
from core.progress.intervals import Intervals
from core.progress.models import LessonProgress
from core.tenancy import institution_scope
from tests.factories import Factory


class Course:
    """Two required lessons of 15 seconds, one that is not, and a learner."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.app = app
        self.course = make.course()
        self.lessons: list[Lesson] = [
            make.lesson(self.course, kind="video", duration_ms=15_000, is_required=required)
            for required in (True, True, False)
        ]
        self.teacher = make.user()
        self.enrolment: Enrolment = make.enrolment(make.run(self.course), make.user())
        self.seconds = 0

    def watch(self, number: int) -> None:
        with clock.shifted(timedelta(seconds=self.seconds)), institution_scope(self.course.institution_id):
            stream = service.open_stream(self.lessons[number], self.enrolment).stream_id
            db.session.commit()
        self.seconds += 15
        with clock.shifted(timedelta(seconds=self.seconds)):
            service.heartbeat(self.enrolment.user_id, stream, 0, [[0, 15_000]])
            db.session.commit()
            work_off(self.app)

    def is_completed(self) -> bool:
        with institution_scope(self.course.institution_id):
            row = db.session.get_one(Enrolment, self.enrolment.id, populate_existing=True)
            db.session.commit()
        return row.completed_at is not None


@pytest.fixture
def course(app: Flask, make: Factory) -> Course:
    return Course(app, make)


def test_the_last_required_lesson_completes_the_run_once(course: Course) -> None:
    course.watch(0)
    assert not course.is_completed()
    course.watch(2)
    assert not course.is_completed()
    course.watch(1)
    assert course.is_completed()
    course.watch(1)
    counted = select(func.count()).where(OutboxEvent.name == "progress.run_completed")
    assert db.session.scalar(counted) == 1


def test_a_ruling_that_takes_a_lesson_away_takes_the_completion_too(course: Course) -> None:
    course.watch(0)
    course.watch(1)
    assert course.is_completed()
    with institution_scope(course.course.institution_id):
        progress = db.session.scalars(
            select(LessonProgress).where(LessonProgress.lesson_id == course.lessons[0].id)
        ).one()
        whole = Intervals([(0, 15_000)])
        rulings.rule_on(progress, actor_id=course.teacher.id, note="代看", withdraw=whole)
        db.session.commit()
    assert not course.is_completed()
