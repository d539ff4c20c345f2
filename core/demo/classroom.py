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

HEARTBEAT_MS = 15_000


def fill(wanted: dict[str, Any], password: str) -> None:
    """Brings into the run who is not in it yet."""
    with across_institutions("slugs are unique on the site"):
        course = db.session.scalars(select(Course).where(Course.slug == wanted["course"])).one()
    with institution_scope(course.institution_id):
        run = db.session.scalars(
            select(CourseRun).where(CourseRun.course_id == course.id).order_by(CourseRun.id)
        ).first()
        if run is None:
            return
        groups = [_group(run, name) for name in wanted["groups"]]
        present = set(db.session.scalars(select(Enrolment.user_id).where(Enrolment.run_id == run.id)))
        lessons = _lessons(course)
        db.session.commit()
        for number, learner in enumerate(wanted["learners"]):
            user = _person(learner, number, password)
            if user.id in present:
                continue
            place = enrolment.enrol(run, user.id)
            enrolment.place([place], groups[learner["group"]])
            db.session.commit()
            _watch(place, lessons, learner)
    for slug, count in wanted["also"].items():
        _take_too(slug, wanted["learners"][-count:], wanted["learners"])


def _take_too(slug: str, learners: list[dict[str, Any]], everybody: list[dict[str, Any]]) -> None:
    """Enrols some of the class in another course too; who is enrolled already stays so."""
    with across_institutions("slugs are unique on the site"):
        course = db.session.scalars(select(Course).where(Course.slug == slug)).one()
    with institution_scope(course.institution_id):
        run = db.session.scalars(select(CourseRun).where(CourseRun.course_id == course.id)).first()
        if run is None:
            return
        for learner in learners:
            user = _person(learner, everybody.index(learner), "")
            enrolment.enrol(run, user.id)
            db.session.commit()


def _group(run: CourseRun, name: str) -> ClassGroup:
    known = db.session.scalars(select(ClassGroup).where(ClassGroup.run_id == run.id, ClassGroup.name == name)).first()
    if known is None:
        known = ClassGroup(run_id=run.id, name=name)
        db.session.add(known)
    return known


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
        played_ms = min(seconds * 1000, lesson.duration_ms)
        for sequence, start_ms in enumerate(range(0, played_ms, HEARTBEAT_MS)):
            end_ms = min(start_ms + HEARTBEAT_MS, played_ms)
            with clock.shifted(begun + timedelta(milliseconds=end_ms)):
                progress.heartbeat(place.user_id, stream, sequence, [[start_ms, end_ms]], end_ms)
                db.session.commit()
