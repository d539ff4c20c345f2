"""A class that is in the middle of its course: people who watched, stopped, or have not come yet.

Their progress is not written into tables: a player is imitated, and the server counts as it always does, at moments in
the past.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import clock
from core.courses.models import Chapter, ClassGroup, Course, CourseRun, Lesson
from core.db import db
from core.enrolment import service as enrolment
from core.enrolment.models import Enrolment
from core.progress import service as progress
from core.tenancy import across_institutions, institution_scope
from core.users.models import User
from core.users.service import create_person

HEARTBEAT_SECONDS = 15


def fill(wanted: dict[str, Any], password: str) -> None:
    """Brings the class into the run, unless somebody is in it already."""
    with across_institutions("slugs are unique on the site"):
        course = db.session.scalars(select(Course).where(Course.slug == wanted["course"])).one()
    with institution_scope(course.institution_id):
        run = db.session.scalars(select(CourseRun).where(CourseRun.course_id == course.id)).first()
        if run is None or run.seats_taken:
            return
        groups = [ClassGroup(run_id=run.id, name=name) for name in wanted["groups"]]
        db.session.add_all(groups)
        db.session.commit()
        lessons = _lessons(course)
        for number, learner in enumerate(wanted["learners"]):
            user = _person(learner, number, password)
            place = enrolment.enrol(run, user.id)
            enrolment.place([place], groups[learner["group"]])
            db.session.commit()
            _watch(place, lessons, learner)


def _person(wanted: dict[str, Any], number: int, password: str) -> User:
    email = wanted.get("email", f"student{number:02}@jiangnan.example.cn")
    known = db.session.scalars(select(User).where(User.email == email)).first()
    return known or create_person(name=wanted["name"], email=email, password=password)


def _lessons(course: Course) -> list[Lesson]:
    return list(
        db.session.scalars(
            select(Lesson)
            .join(Chapter, Chapter.id == Lesson.chapter_id)
            .where(Lesson.course_id == course.id)
            .order_by(Chapter.position, Lesson.position)
        )
    )


def _watch(place: Enrolment, lessons: list[Lesson], wanted: dict[str, Any]) -> None:
    """Plays the first seconds of each lesson, one lesson after the other, ``away`` days ago."""
    behind = timedelta(days=wanted["away"], hours=2)
    for number, (lesson, seconds) in enumerate(zip(lessons, wanted["seen"], strict=False)):
        begun = timedelta(minutes=5 * number) - behind
        with clock.shifted(begun):
            stream = progress.open_stream(lesson, place).stream_id
            db.session.commit()
            progress.note_fetch(stream)
        for sequence, start in enumerate(range(0, seconds, HEARTBEAT_SECONDS)):
            end = min(start + HEARTBEAT_SECONDS, seconds)
            with clock.shifted(begun + timedelta(seconds=end)):
                claim = [[start * 1000, min(end * 1000, lesson.duration_ms)]]
                progress.heartbeat(place.user_id, stream, sequence, claim, min(end * 1000, lesson.duration_ms))
                db.session.commit()
