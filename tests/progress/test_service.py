"""Heartbeats through the database: counted once, bounded by the server's clock, whole in the ledger."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import clock
from core.courses.models import CourseRun, Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.errors import Conflict, Invalid, NotFound
from core.events import OutboxEvent
from core.institutions.models import Institution
from core.progress import queries, rulings, service
from core.progress.intervals import Intervals
from core.progress.models import LessonProgress, ProgressEntry
from core.progress.reasons import Reason
from core.tenancy import institution_scope
from tests.conftest import CountQueries
from tests.factories import Factory


class Learner:
    """A person enrolled in a course with one video of a minute, watching it as time is moved on by hand."""

    def __init__(self, make: Factory, duration_ms: int = 60_000) -> None:
        self.course = make.course()
        self.lesson: Lesson = make.lesson(self.course, kind="video", duration_ms=duration_ms)
        self.run: CourseRun = make.run(self.course)
        self.user = make.user()
        self.enrolment: Enrolment = make.enrolment(self.run, self.user)
        self.sequence = 0

    def open(self, lesson: Lesson | None = None) -> str:
        with institution_scope(self.course.institution_id):
            opened = service.open_stream(lesson or self.lesson, self.enrolment)
            db.session.commit()
        return opened.stream_id

    def beat(self, stream: str, start: int, end: int, *, after: int, sequence: int | None = None) -> service.Outcome:
        """Claims ``[start, end)`` seconds, ``after`` seconds of the server's clock from now."""
        if sequence is None:
            sequence = self.sequence
            self.sequence += 1
        with clock.shifted(timedelta(seconds=after)):
            outcome = service.heartbeat(self.user.id, stream, sequence, [[start * 1000, end * 1000]], end * 1000)
            db.session.commit()
        return outcome

    def progress(self) -> LessonProgress:
        with institution_scope(self.course.institution_id):
            return db.session.scalars(
                select(LessonProgress)
                .where(LessonProgress.lesson_id == self.lesson.id)
                .execution_options(populate_existing=True)
            ).one()


@pytest.fixture
def learner(make: Factory) -> Learner:
    return Learner(make)


def test_watching_at_normal_speed_is_counted_to_the_second(learner: Learner) -> None:
    stream = learner.open()
    for start in range(0, 60, 15):
        outcome = learner.beat(stream, start, start + 15, after=start + 15)
    assert outcome.completed
    assert learner.progress().watched == "0-60000"
    assert learner.progress().completed_at is not None
    assert learner.progress().position_ms == 60_000


def test_a_repeated_sequence_number_changes_nothing_and_gets_the_first_answer(learner: Learner) -> None:
    stream = learner.open()
    first = learner.beat(stream, 0, 15, after=15, sequence=0)
    again = learner.beat(stream, 0, 15, after=30, sequence=0)
    assert again.accepted == first.accepted == Intervals([(0, 15_000)])
    with institution_scope(learner.course.institution_id):
        assert db.session.scalar(select(func.count()).select_from(ProgressEntry)) == 1


def test_the_end_cannot_be_posted(learner: Learner) -> None:
    begun = clock.now_ms()
    stream = learner.open()
    outcome = learner.beat(stream, 0, 60, after=0)
    assert not outcome.completed
    assert outcome.accepted.measure <= 15_000 + 2 * (clock.now_ms() - begun)
    assert outcome.rejected[0].reason == Reason.FASTER_THAN_CLOCK


def test_opening_elsewhere_closes_the_first_player(learner: Learner) -> None:
    first = learner.open()
    second = learner.open()
    assert not learner.beat(first, 0, 15, after=15).active
    assert learner.beat(second, 0, 15, after=15).active


def test_completion_is_announced_once(learner: Learner) -> None:
    stream = learner.open()
    for start in range(0, 60, 15):
        learner.beat(stream, start, start + 15, after=start + 15)
    learner.beat(stream, 0, 15, after=75)
    events = db.session.scalars(select(OutboxEvent.name)).all()
    assert events.count("progress.lesson_completed") == 1


def test_a_replaced_file_is_watched_afresh_and_the_old_seconds_stay_in_the_ledger(
    learner: Learner, make: Factory
) -> None:
    stream = learner.open()
    learner.beat(stream, 0, 15, after=15)
    learner.lesson.asset_id = make.asset(learner.course).id
    db.session.commit()
    outcome = learner.beat(stream, 15, 30, after=30)
    assert outcome.rejected[0].reason == Reason.MEDIA_REPLACED
    assert not outcome.active
    learner.open()
    assert learner.progress().watched == ""
    with institution_scope(learner.course.institution_id):
        entries = queries.ledger_entries(learner.enrolment.id, learner.lesson.id)
    assert [entry.accepted for entry in entries] == ["0-15000", ""]


def test_another_persons_stream_is_not_known(learner: Learner, make: Factory) -> None:
    stream = learner.open()
    with pytest.raises(NotFound):
        service.heartbeat(make.user().id, stream, 0, [[0, 1000]])


@pytest.mark.parametrize(
    "claim", [[[0, float("nan")]], [[0, 1e308]], [[-1, 5]], [["0", "5"]], [[5, 1]], "all", [[0, True]], None, [[0]]]
)
def test_what_cannot_be_read_is_refused_and_uses_up_nothing(learner: Learner, claim: object) -> None:
    stream = learner.open()
    with pytest.raises(Invalid):
        service.heartbeat(learner.user.id, stream, 0, claim)
    assert learner.beat(stream, 0, 5, after=5, sequence=0).accepted.measure == 5_000


@pytest.mark.parametrize("sequence", [-1, 1.5, True, None, "1", 2**31])
def test_a_sequence_number_is_a_whole_number(learner: Learner, sequence: object) -> None:
    stream = learner.open()
    with pytest.raises(Invalid):
        service.heartbeat(learner.user.id, stream, sequence, [[0, 1000]])


def test_a_run_that_has_ended_counts_nothing_more(learner: Learner) -> None:
    stream = learner.open()
    learner.run.ends_at = clock.now() + timedelta(seconds=30)
    db.session.commit()
    assert learner.beat(stream, 0, 15, after=15).accepted
    outcome = learner.beat(stream, 15, 30, after=30 + 601)
    assert outcome.rejected[0].reason == Reason.RUN_CLOSED


def test_a_lesson_without_length_cannot_be_counted(learner: Learner, make: Factory) -> None:
    with pytest.raises(Conflict):
        learner.open(make.lesson(learner.course, duration_ms=0))


def test_a_ruling_is_an_entry_and_changes_what_counts(learner: Learner, make: Factory) -> None:
    stream = learner.open()
    learner.beat(stream, 0, 15, after=15)
    teacher = make.user()
    with institution_scope(learner.course.institution_id):
        progress = learner.progress()
        rulings.rule_on(progress, actor_id=teacher.id, note="机房断电", grant=Intervals([(15_000, 60_000)]))
        db.session.commit()
        assert learner.progress().completed_at is not None
        rulings.rule_on(progress, actor_id=teacher.id, note="代看", withdraw=Intervals([(0, 60_000)]))
        db.session.commit()
        assert learner.progress().watched == ""
        assert learner.progress().completed_at is None
        kinds = [entry.kind for entry in queries.ledger_entries(learner.enrolment.id, learner.lesson.id)]
    assert kinds == ["watched", "ruling", "ruling"]


def test_heartbeats_without_the_media_are_flagged(learner: Learner) -> None:
    stream = learner.open()
    learner.beat(stream, 0, 15, after=15)
    assert learner.progress().unfetched_ms == 15_000
    db.session.commit()
    service.note_fetch(stream)
    learner.beat(stream, 15, 30, after=30)
    assert learner.progress().unfetched_ms == 15_000


def test_a_heartbeat_takes_four_statements(learner: Learner, count_queries: CountQueries) -> None:
    stream = learner.open()
    with count_queries() as statements:
        learner.beat(stream, 0, 15, after=15)
    assert len(statements) == 4, "\n".join(statements)


def test_the_old_file_put_back_counts_what_was_watched_of_it(learner: Learner, make: Factory) -> None:
    stream = learner.open()
    learner.beat(stream, 0, 15, after=15)
    first = learner.lesson.asset_id
    learner.lesson.asset_id = make.asset(learner.course).id
    learner.open()
    learner.lesson.asset_id = first
    learner.open()
    assert learner.progress().watched == "0-15000"


def test_stricter_rules_take_no_completion_away(learner: Learner, make: Factory) -> None:
    stream = learner.open()
    for start in range(0, 60, 15):
        learner.beat(stream, start, min(start + 15, 55), after=start + 15)
    with institution_scope(learner.course.institution_id):
        db.session.get_one(Institution, learner.course.institution_id).watch_threshold = 100
        progress = learner.progress()
        rulings.rule_on(progress, actor_id=make.user().id, note="补记", grant=Intervals([(50_000, 56_000)]))
        db.session.commit()
    assert learner.progress().completed_at is not None
