"""A furnished site behind a real server, and the people who call its API."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from core.courses.models import Course, CourseRun, CourseState, EnrolmentPolicy, TeamRole
from core.db import db
from core.institutions.models import Institution
from core.jobs.service import enqueue
from core.users.models import ApiToken, User
from core.users.tokens import fast_hash, new_token
from tests.factories import Factory


@dataclass
class Furnished:
    """Two institutions; one has a course with everything in it, the other something private of each kind."""

    app: Flask
    home: Institution
    elsewhere: Institution
    course: Course
    run: CourseRun
    ids: dict[str, list[Any]] = field(default_factory=dict)
    """URL parameter → values that exist."""
    private: dict[str, Any] = field(default_factory=dict)
    """URL parameter → what the other institution keeps to itself."""
    people: dict[str, User] = field(default_factory=dict)

    def token(self, person: str) -> str:
        """A new token of a person that may write, with an id that nobody guesses."""
        token = new_token("jinke_")
        known = db.session.query(ApiToken).count()
        db.session.add(
            ApiToken(
                id=1_900_000_000 + known,
                user_id=self.people[person].id,
                name="tests",
                token_hash=fast_hash(token),
                read_only=False,
            )
        )
        db.session.commit()
        return token

    def headers(self, person: str) -> dict[str, str]:
        """How a program of that person calls."""
        return {"Authorization": f"Bearer {self.token(person)}"}


@pytest.fixture
def furnished(app: Flask, make: Factory) -> Furnished:
    """The site; on both databases."""
    home, elsewhere = make.institution(slug="home"), make.institution(slug="elsewhere")
    teacher = make.member(home, "instructor")
    course = make.course(home, teacher, slug="full", credit_hours=8)
    draft = make.course(home, teacher, slug="draft", state=CourseState.DRAFT)
    chapter = make.chapter(course)
    lessons = [make.lesson(course, chapter, is_preview=True), make.lesson(course, chapter, kind="video")]
    run = make.run(course, policy=EnrolmentPolicy.APPROVAL)
    other_run = make.run(course, capacity=3)
    group = make.class_group(run)
    student, waiting = make.member(home), make.member(home)
    enrolment = make.enrolment(run, student)
    asking = make.enrolment(run, waiting, state="pending")
    make.enrolment(other_run, student)
    job = enqueue("test.nothing", {}, user_id=teacher.id)
    db.session.commit()
    site = Furnished(app, home, elsewhere, course, run)
    site.people = {
        "operator": make.user(is_operator=True),
        "teacher": teacher,
        "student": student,
        "administrator": make.member(home, "administrator"),
        "stranger": make.member(elsewhere, "administrator"),
    }
    site.ids = {
        "course_slug": [course.slug, draft.slug],
        "institution_slug": [home.slug, elsewhere.slug],
        "chapter_id": [chapter.id],
        "lesson_id": [lesson.id for lesson in lessons],
        "run_id": [run.id, other_run.id],
        "group_id": [group.id],
        "enrolment_id": [enrolment.id, asking.id],
        "asset_id": [lessons[1].asset_id],
        "job_id": [job.id],
        "member_id": [1],
    }
    site.private = _private(make, elsewhere)
    return site


def _private(make: Factory, institution: Institution) -> dict[str, Any]:
    teacher = make.member(institution, "instructor")
    course = make.course(institution, teacher, slug="secret", state=CourseState.DRAFT)
    make.teammate(course, make.member(institution, "instructor"), TeamRole.ASSISTANT)
    lesson = make.lesson(course, kind="video")
    run = make.run(course)
    job = enqueue("test.nothing", {}, user_id=teacher.id, institution_id=institution.id)
    db.session.commit()
    return {
        "course_slug": course.slug,
        "chapter_id": lesson.chapter_id,
        "lesson_id": lesson.id,
        "run_id": run.id,
        "group_id": make.class_group(run).id,
        "enrolment_id": make.enrolment(run, make.member(institution)).id,
        "asset_id": lesson.asset_id,
        "job_id": job.id,
    }


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The application behind a threaded server on a free port; yields its address."""
    db.session.commit()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
