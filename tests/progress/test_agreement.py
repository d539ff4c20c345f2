"""Whatever happens to learners, files, runs and rules: pages show what the ledger says, judged again."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core import clock
from core.courses import outline
from core.courses.models import CourseState, Lesson
from core.db import db
from core.enrolment import service as enrolments
from core.enrolment.models import EnrolmentState
from core.errors import DomainError
from core.institutions.models import Institution
from core.progress import appeals, rule, rulings, service
from core.progress.explain import explain
from core.progress.intervals import Intervals
from core.progress.models import LessonProgress
from core.tenancy import institution_scope
from tests.factories import Factory

SECONDS = 120


class World:
    """One learner, a video, a page to read, and everybody who may interfere."""

    def __init__(self, make: Factory, seed: int) -> None:
        self.make, self.random, self.now = make, random.Random(seed), 0.0
        self.institution = make.institution()
        self.leader = make.user()
        self.course = make.course(self.institution, self.leader)
        video = make.lesson(self.course, kind="video", duration_ms=SECONDS * 1000)
        self.lessons = [video, make.lesson(self.course, duration_ms=40_000)]
        self.run = make.run(self.course)
        self.user = make.user()
        self.enrolment = make.enrolment(self.run, self.user)
        self.streams: list[str] = []
        self.told: list[str] = []

    @contextmanager
    def moment(self) -> Iterator[None]:
        with clock.shifted(timedelta(seconds=self.now)), institution_scope(self.institution.id):
            yield

    def step(self) -> None:
        acts: list[tuple[int, Callable[[], Any]]] = [
            (12, self.wait),
            (5, self.open),
            (16, self.beat),
            (2, self.rule),
            (1, self.replace_file),
            (1, self.change_length),
            (1, self.change_rules),
            (1, self.leave_or_return),
            (1, self.move_run),
            (1, self.delete_or_restore),
            (1, self.archive_or_not),
            (1, self.step_back),
        ]
        act = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])[0]
        self.told.append(act.__name__)
        with self.moment():
            try:
                act()
                db.session.commit()
            except DomainError as refusal:
                db.session.rollback()
                self.told.append(f"({refusal})")

    def wait(self) -> None:
        self.now += self.random.choice([0.001, 1, 14.9, 15, 15, 15, 30, 599, 601, 4000])

    def step_back(self) -> None:
        self.now -= self.random.choice([1, 60, 3600])

    def lesson(self) -> Lesson:
        return db.session.get_one(Lesson, self.random.choice(self.lessons).id, populate_existing=True)

    def open(self) -> None:
        self.streams.append(service.open_stream(self.lesson(), self.enrolment).stream_id)

    def beat(self) -> None:
        if not self.streams:
            return
        pieces = []
        for _ in range(self.random.choice([0, 1, 1, 1, 3])):
            start = self.random.choice([0, 0, 15, 30, 45, 60, 90, 119, 121, 100_000]) * 1000 + self.random.randint(0, 9)
            pieces.append([start, start + self.random.choice([0, 1, 5_000, 15_000, 15_000, 30_000, 120_000])])
        stream = self.random.choice([*self.streams[-2:], self.random.choice(self.streams)])
        position: Any = self.random.choice([None, 5, -1, 10**12, True, "x"])
        service.heartbeat(self.user.id, stream, self.random.randint(0, 40), pieces, position)

    def rule(self) -> None:
        progress = appeals.progress_row(self.enrolment.id, self.random.choice(self.lessons).id)
        start = self.random.randint(0, 100) * 1000
        part = Intervals([(start, start + self.random.choice([1, 20_000, 200_000]))])
        change = {self.random.choice(["grant", "withdraw"]): part}
        rulings.rule_on(progress, actor_id=self.leader.id, note="seen in class", **change)

    def replace_file(self) -> None:
        lesson = self.lesson()
        if lesson.kind == "video":
            old = lesson.asset_id
            lesson.duration_ms = self.random.choice([SECONDS, 60, 300]) * 1000
            lesson.asset_id = self.make.asset(self.course, duration_ms=lesson.duration_ms).id
            if self.random.random() < 0.3:
                lesson.asset_id = old

    def change_length(self) -> None:
        self.lesson().duration_ms = self.random.choice([0, 5_000, 40_000, 200_000])

    def change_rules(self) -> None:
        institution = db.session.get_one(Institution, self.institution.id)
        institution.allow_seeking = self.random.random() < 0.5
        institution.watch_threshold = self.random.choice([50, 90, 100])
        institution.max_speed = self.random.choice([100, 150, 200])

    def leave_or_return(self) -> None:
        if self.enrolment.state == EnrolmentState.ACTIVE:
            enrolments.withdraw(self.enrolment)
        else:
            enrolments.enrol(self.run, self.user.id)
        db.session.refresh(self.enrolment)

    def move_run(self) -> None:
        self.run.starts_at = clock.now() + timedelta(days=self.random.choice([-9, -9, 9]))
        self.run.ends_at = self.random.choice(
            [None, None, clock.now() + timedelta(minutes=self.random.randint(-20, 20))]
        )

    def delete_or_restore(self) -> None:
        lesson = self.lesson()
        act = outline.delete_lesson if lesson.deleted_at is None else outline.restore_lesson
        act(self.course.id, lesson.id)

    def archive_or_not(self) -> None:
        states = [CourseState.PUBLISHED, CourseState.PUBLISHED, CourseState.ARCHIVED]
        self.course.state = self.random.choice(states)

    def check(self) -> None:
        db.session.expire_all()
        with institution_scope(self.institution.id):
            for lesson in self.lessons:
                found = explain(self.enrolment, lesson.id)
                assert found.agrees, (found.differences, self.told)
            for row in db.session.scalars(select(LessonProgress)):
                watched = Intervals.parse(row.watched)
                assert len(watched) <= rule.STATE_PIECES
                assert 0 <= row.watched_ms <= watched.measure
                assert row.position_ms >= 0
                assert row.slack_used_ms >= 0


@pytest.mark.parametrize("seed", range(12))
def test_the_ledger_explains_everything_whatever_happens(make: Factory, seed: int) -> None:
    world = World(make, seed)
    for number in range(70):
        world.step()
        if number % 10 == 9:
            world.check()
    world.check()
