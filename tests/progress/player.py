"""A player that speaks HTTP: what the page's scripts send, with the server's clock moved by hand."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from core import clock
from core.courses.models import Course, CourseRun, Lesson
from core.db import db
from core.progress.models import LessonProgress
from core.tenancy import institution_scope
from tests.client import Client
from tests.factories import Factory


class Player:
    """Somebody enrolled in a course with one video of a minute. Times are seconds since the test began."""

    def __init__(self, make: Factory, login: Callable[..., Client], *, seconds: int = 60, **institution: Any):
        self.make = make
        owner = make.institution(**institution)
        self.course: Course = make.course(owner)
        self.lesson: Lesson = make.lesson(self.course, kind="video", duration_ms=seconds * 1000)
        self.run: CourseRun = make.run(self.course)
        self.user = make.user()
        self.enrolment = make.enrolment(self.run, self.user)
        self.client = login(self.user)
        self.stream = ""
        self.sequence = 0

    def on_another_device(self, client: Client | None = None) -> "Player":
        """The same lesson in another browser; with ``client`` as whoever is logged in there."""
        other = object.__new__(Player)
        other.__dict__.update(self.__dict__)
        other.client = client or self.client
        other.stream, other.sequence = "", 0
        return other

    @property
    def progress_url(self) -> str:
        return f"/api/v1/lessons/{self.lesson.id}/progress"

    @property
    def course_url(self) -> str:
        return f"/courses/{self.course.slug}/lessons/{self.lesson.id}"

    @property
    def heartbeat_url(self) -> str:
        return f"/api/v1/streams/{self.stream}/heartbeats"

    @property
    def headers(self) -> dict[str, str]:
        return self.client.csrf()

    def progress(self) -> Any:
        """What the server says of this person and lesson."""
        answer = self.client.get(self.progress_url)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def try_open(self, lesson: Lesson | None = None, *, at: float = 0) -> TestResponse:
        with clock.shifted(timedelta(seconds=at)):
            return self.client.post(f"/api/v1/lessons/{(lesson or self.lesson).id}/streams", headers=self.headers)

    def open(self, lesson: Lesson | None = None, *, at: float = 0) -> Any:
        answer = self.try_open(lesson, at=at)
        assert answer.status_code == 201, answer.text
        body = answer.get_json()
        self.stream, self.sequence = body["stream_id"], 0
        return body

    def post_raw(self, body: object, *, at: float = 0) -> TestResponse:
        """Sends a heartbeat's body as it is given: text, bytes, or something to be made JSON of."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        with clock.shifted(timedelta(seconds=at)):
            return self.client.post(
                self.heartbeat_url, data=data, content_type="application/json", headers=self.headers
            )

    def beat(
        self, *pieces: tuple[float, float], at: float, position: float | None = None, sequence: int | None = None
    ) -> Any:
        """Claims pieces of the film, in seconds."""
        if sequence is None:
            sequence, self.sequence = self.sequence, self.sequence + 1
        body = {
            "sequence": sequence,
            "intervals": [[round(start * 1000), round(end * 1000)] for start, end in pieces],
            "position_ms": None if position is None else round(position * 1000),
        }
        with clock.shifted(timedelta(seconds=at)):
            answer = self.client.post(self.heartbeat_url, json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    @property
    def stored(self) -> LessonProgress:
        """What the database says of the lesson."""
        with institution_scope(self.course.institution_id):
            return db.session.scalars(
                select(LessonProgress)
                .where(LessonProgress.enrolment_id == self.enrolment.id, LessonProgress.lesson_id == self.lesson.id)
                .execution_options(populate_existing=True)
            ).one()
