"""Capacity holds: however many press the button at once, exactly as many get in as there are seats."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import make_server

from core.courses.models import Course, CourseRun
from core.db import db
from core.enrolment.models import Enrolment, EnrolmentState
from core.events import OutboxEvent
from core.tenancy import across_institutions
from tests.factories import Factory, logged_in

SEATS, PEOPLE = 50, 200


@dataclass
class Answer:
    """What one browser got."""

    status: int
    text: str


@pytest.fixture
def address(app: Flask) -> Iterator[tuple[str, int]]:
    """The site behind a real server that takes a thread per request."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.socket.listen(PEOPLE)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield "127.0.0.1", server.server_port
    server.shutdown()
    thread.join(10)
    server.server_close()


def all_at_once(address: tuple[str, int], path: str, requests: list[tuple[str, dict[str, str]]]) -> list[Answer]:
    """Sends every request (cookie, form) from a thread of its own, all let go at the same moment."""
    answers: list[Answer] = []
    start = threading.Barrier(len(requests))

    def press(cookie: str, form: dict[str, str]) -> None:
        connection = http.client.HTTPConnection(*address, timeout=120)
        start.wait(60)
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, urlencode(form), headers)
        response = connection.getresponse()
        answers.append(Answer(response.status, response.read().decode()))
        connection.close()

    threads = [threading.Thread(target=press, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    return answers


def request_of(app: Flask, user: object, run: CourseRun) -> tuple[str, dict[str, str]]:
    """The cookie and form of somebody who has the course page open."""
    client = logged_in(app, user)
    token = client.csrf()["X-CSRFToken"]  # type: ignore[attr-defined]
    cookie = client.get_cookie("jinke_session")
    assert cookie is not None
    return f"jinke_session={cookie.value}", {"run_id": str(run.id), "csrf_token": token}


def counted(run: CourseRun) -> tuple[int, int, int, int]:
    """Active enrolments, the run's seats, the course's learners, announced events."""
    db.session.commit()
    db.session.expire_all()
    with across_institutions("a test"):
        active = select(func.count(Enrolment.id)).where(Enrolment.state == EnrolmentState.ACTIVE)
        numbers = (
            active,
            select(CourseRun.seats_taken).where(CourseRun.id == run.id),
            select(Course.enrolment_count).where(Course.id == run.course_id),
            select(func.count(OutboxEvent.id)).where(OutboxEvent.name == "enrolment.enrolled"),
        )
        first, second, third, fourth = (db.session.scalar(number) or 0 for number in numbers)
    return first, second, third, fourth


def test_two_hundred_requests_for_fifty_seats_enrol_exactly_fifty(
    app: Flask, make: Factory, address: tuple[str, int]
) -> None:
    course = make.course()
    run = make.run(course, capacity=SEATS)
    requests = [request_of(app, make.user(), run) for _person in range(PEOPLE)]
    answers = all_at_once(address, f"/courses/{course.slug}/enrol", requests)
    assert Counter(answer.status for answer in answers) == {302: SEATS, 409: PEOPLE - SEATS}
    refused = [answer.text for answer in answers if answer.status == 409]
    assert all("50 个名额都有人了" in text for text in refused)
    assert counted(run) == (SEATS, SEATS, SEATS, SEATS)


def test_one_person_pressing_twenty_times_takes_one_seat(app: Flask, make: Factory, address: tuple[str, int]) -> None:
    course = make.course()
    run = make.run(course, capacity=SEATS)
    request = request_of(app, make.user(), run)
    answers = all_at_once(address, f"/courses/{course.slug}/enrol", [request] * 20)
    assert Counter(answer.status for answer in answers) == {302: 20}
    assert counted(run) == (1, 1, 1, 1)
