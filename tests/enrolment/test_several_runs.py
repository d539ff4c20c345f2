"""Somebody who learns a course in several of its runs: what is watched counts in the one under way."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from core import clock
from core.courses.course_page import seen_course
from core.db import db
from core.enrolment.models import Enrolment
from core.permissions import Viewer
from core.progress import learn_queries, queries
from core.progress.models import WatchStream
from core.tenancy import institution_scope
from tests.client import Client
from tests.factories import Factory

DAY = timedelta(days=1)


def test_next_years_run_does_not_take_the_credit_of_this_years(make: Factory, login: Callable[..., Client]) -> None:
    course, learner = make.course(), make.user()
    lesson = make.lesson(course)
    now = clock.now()
    over = make.enrolment(make.run(course, starts_at=now - 9 * DAY, ends_at=now - DAY), learner)
    present = make.enrolment(make.run(course, starts_at=now - 20 * DAY), learner)
    to_come = make.enrolment(make.run(course, starts_at=now + 9 * DAY), learner)
    client = login(learner)
    assert client.post(f"/api/v1/lessons/{lesson.id}/streams", headers=client.csrf()).status_code == 201

    def where_they_are() -> set[int]:
        db.session.expire_all()
        with institution_scope(course.institution_id):
            place = learn_queries.place_of(learner.id, course.id, lesson.id)
            enrolled = queries.current_enrolment(learner.id, course.id)
            active = seen_course(course.slug, Viewer(learner.id)).active
            assert place is not None
            assert enrolled is not None
            assert active is not None
            return {place.enrolment.id, enrolled.id, active.id}

    with institution_scope(course.institution_id):
        assert db.session.scalars(select(WatchStream.enrolment_id)).all() == [present.id]
    assert where_they_are() == {present.id}
    for gone, left in ((present, over), (over, to_come)):
        with institution_scope(course.institution_id):
            db.session.get_one(Enrolment, gone.id).state = "withdrawn"  # type: ignore[assignment]
            db.session.commit()
        assert where_they_are() == {left.id}
