"""Explaining: the ledger recomputed agrees with the pages, and a forged row is noticed."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from core import clock
from core.db import db
from core.progress import service
from core.progress.cli import progress as command
from core.progress.models import LessonProgress, ProgressEntry
from core.tenancy import institution_scope
from tests.factories import Factory


class Watched:
    """A learner who watched half of a video on two devices, once too fast."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.app = app
        self.course = make.course()
        self.lesson = make.lesson(self.course, kind="video")
        self.user = make.user()
        self.enrolment = make.enrolment(make.run(self.course), self.user)
        for device in range(2):
            with clock.shifted(timedelta(seconds=40 * device)), institution_scope(self.course.institution_id):
                stream = service.open_stream(self.lesson, self.enrolment).stream_id
                db.session.commit()
            for number, claim in enumerate([[0, 15_000], [15_000, 30_000], [30_000, 60_000]]):
                with clock.shifted(timedelta(seconds=40 * device + 7 * (number + 1))):
                    service.heartbeat(self.user.id, stream, number, [claim])
                    db.session.commit()

    def explain(self) -> tuple[int, list[dict[str, object]]]:
        arguments = ["explain", "--user", self.user.email, "--lesson", str(self.lesson.id), "--json"]
        result = self.app.test_cli_runner().invoke(command, arguments)
        return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def watched(app: Flask, make: Factory) -> Watched:
    return Watched(app, make)


def test_everything_follows_from_the_ledger(watched: Watched) -> None:
    code, (found,) = watched.explain()
    assert (code, found["agrees"], found["differences"]) == (0, True, [])
    assert len(found["entries"]) == 6  # type: ignore[arg-type]


def test_a_forged_projection_is_noticed(watched: Watched) -> None:
    with institution_scope(watched.course.institution_id):
        db.session.execute(update(LessonProgress).values(watched="0-60000"))
        db.session.commit()
    code, (found,) = watched.explain()
    assert code == 1
    assert "0-60000" in str(found["differences"])


def test_a_forged_entry_is_noticed(watched: Watched) -> None:
    with institution_scope(watched.course.institution_id):
        first = db.session.scalars(select(ProgressEntry).order_by(ProgressEntry.id)).first()
        assert first is not None
        first.accepted = "0-59000"
        db.session.commit()
    code, (found,) = watched.explain()
    assert code == 1
    assert f"entry {first.id}" in str(found["differences"])


def test_an_unknown_person_is_said(app: Flask, watched: Watched) -> None:
    arguments = ["explain", "--user", "nobody@example.cn", "--lesson", str(watched.lesson.id), "--json"]
    result = app.test_cli_runner().invoke(command, arguments)
    assert result.exit_code != 0
    assert result.stdout == ""
