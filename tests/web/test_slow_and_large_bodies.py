"""Bodies that never end, in either way: nobody waits for a slow one, and a large one is not swallowed."""

import io
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from core.courses.models import TeamRole
from core.db import db
from core.web.security import LARGEST_BODY
from tests.client import Client
from tests.factories import Factory
from tests.files.tus_client import Uploader

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class SlowBody(io.RawIOBase):
    """A JSON body; whenever a part of it is asked for, it is tried whether somebody else could write meanwhile."""

    TEXT = b'{"title": "x", "version": 1}'

    def __init__(self, path: str) -> None:
        self._path = path
        self._left = self.TEXT
        self.asked = self.blocked = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.asked = True
        other = sqlite3.connect(self._path, timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self.blocked = True
        other.close()
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def addresses(app: Flask, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every address that takes a body, filled in."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            if rule.arguments <= values.keys():
                for method in sorted(UNSAFE & (rule.methods or set())):
                    yield method, adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method)


def test_nobody_waits_for_a_body_on_a_slow_line(app: Flask, make: Factory, login: Callable[..., Client]) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has one writer")
    leader = make.user()
    course = make.course(leader=leader)
    lesson, run = make.lesson(course), make.run(course)
    enrolment = make.enrolment(run, make.user())
    mate = make.teammate(course, make.user(), TeamRole.INSTRUCTOR)
    values = {
        "course_slug": course.slug,
        "lesson_id": lesson.id,
        "chapter_id": lesson.chapter_id,
        "run_id": run.id,
        "enrolment_id": enrolment.id,
        "member_id": mate.id,
        "stream_id": "s" * 24,
    }
    client, asked = login(leader), 0
    for method, address in addresses(app, values):
        body = SlowBody(str(db.engine.url.database))
        client.open(
            address,
            method=method,
            content_type="application/json",
            headers=client.csrf(),
            environ_overrides={"wsgi.input": io.BufferedReader(body), "CONTENT_LENGTH": str(len(SlowBody.TEXT))},
        )
        assert not body.blocked, f"{method} {address} holds the writer while the body arrives"
        asked += body.asked
    assert asked > 10


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_visitor_cannot_fill_memory_or_disk_from_the_log_in_page(client: Client, kind: str, announced: bool) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            start = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' if not self.given else b""
            piece = (start + b"a" * len(buffer))[: len(buffer)]
            buffer[:] = piece
            self.given += len(piece)
            assert self.given < 64 * 1024**2, "it is being swallowed"
            return len(piece)

    body = Endless()
    told = {"CONTENT_LENGTH": str(10 * 1024**3)} if announced else {"wsgi.input_terminated": True}
    answer = client.post("/login", content_type=kind, environ_overrides={"wsgi.input": io.BufferedReader(body), **told})
    assert answer.status_code == 413


def test_a_piece_of_an_upload_may_be_larger_than_any_form(app: Flask, client: Client, make: Factory) -> None:
    teacher = make.user()
    uploader = Uploader(client, teacher)
    data = b"0" * (LARGEST_BODY + 1)
    address = uploader.create(make.course(leader=teacher), len(data)).headers["Location"]
    assert uploader.send(address, 0, data).status_code == 204
    assert uploader.offset(address) == len(data)
