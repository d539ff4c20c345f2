"""What players report: streams and heartbeats, written into the learning ledger and its projection."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, select, update

from core import clock
from core.courses.models import CourseRun, Lesson
from core.db import db, insert_new
from core.enrolment.models import Enrolment, EnrolmentState
from core.errors import Conflict, Invalid, NotFound
from core.events import LessonCompleted, announce
from core.i18n import _
from core.institutions.models import Institution
from core.progress import rule, statements
from core.progress.intervals import Intervals
from core.progress.models import EntryKind, LessonProgress, ProgressEntry, WatchStream
from core.progress.reasons import MalformedClaim, Reason
from core.progress.rule import Criterion, Decision, Rejection, Stream
from core.progress.rulings import criterion_of, recompute
from core.tenancy import across_institutions, institution_scope

SEQUENCES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream just opened, and where the learner stands."""

    stream_id: str
    criterion: Criterion
    progress: LessonProgress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a heartbeat, and where the learner stands after it."""

    kind: str
    """The lesson's."""
    criterion: Criterion
    accepted: Intervals
    rejected: tuple[Rejection, ...]
    watched: Intervals
    counted_ms: int
    duration_ms: int
    required_ms: int
    completed: bool
    closed: Reason | None = None
    """Why this stream counts nothing more; None while it is the one that counts for the person."""

    @property
    def active(self) -> bool:
        """Whether this stream is still the one that counts for the person."""
        return self.closed is None


def open_stream(lesson: Lesson, enrolment: Enrolment, *, user_agent: str = "") -> Opened:
    """Starts counting for this lesson here, and stops it wherever else the person was watching.

    Raises :class:`Conflict` where nothing can be counted: the file is still being checked, the run has not begun or
    has ended.
    """
    _check_open(lesson, enrolment)
    institution = db.session.get_one(Institution, lesson.institution_id)
    criterion = criterion_of(institution, lesson.kind)
    # One opening at a time per person: two tabs opened in the same instant must not both stay active.
    _lock_person(enrolment.user_id)
    stream = _take_over(enrolment.user_id)
    stream_id = secrets.token_urlsafe(18)
    db.session.add(
        WatchStream(
            id=stream_id,
            user_id=enrolment.user_id,
            enrolment_id=enrolment.id,
            lesson_id=lesson.id,
            asset_id=lesson.asset_id,
            duration_ms=lesson.duration_ms,
            criterion=criterion.as_dict(),
            opened_ms=stream.opened_ms,
            last_seen_ms=stream.last_seen_ms,
            user_agent=user_agent[:255],
        )
    )
    progress = _begin_progress(lesson, enrolment)
    enrolment.last_lesson_id = lesson.id
    enrolment.last_active_at = clock.now()
    db.session.flush()
    return Opened(stream_id, criterion, progress)


def heartbeat(user_id: int, stream_id: str, sequence: object, claim: object, position_ms: object = None) -> Outcome:
    """Takes one report of a player: decides it by the server's clock and writes it into the ledger, once.

    ``claim`` is a list of ``[start, end]`` in milliseconds of the video. A repeated ``sequence`` changes nothing and is
    answered as the first time. Raises :class:`Invalid` for what cannot be read (nothing is written, the sequence
    number may be used again) and :class:`NotFound` for a stream that is not this person's.
    """
    if type(sequence) is not int or not 0 <= sequence <= SEQUENCES:
        raise Invalid(_("The sequence number must be a whole number from 0."), field="sequence")
    try:
        intervals = rule.read_claim(claim)
    except MalformedClaim as error:
        raise Invalid(_(error.reason.sentence), field="intervals", reason=str(error.reason)) from error
    with across_institutions("a stream belongs to one person, who is asked for by id"):
        connection = db.session.connection()
        row = _run(connection, statements.ACCOUNT, stream_id=stream_id, person_id=user_id).first()
    if row is None:
        raise NotFound(_(Reason.NOT_YOUR_STREAM.sentence), reason=str(Reason.NOT_YOUR_STREAM))
    with institution_scope(row.institution_id):
        if row.state != EnrolmentState.ACTIVE:
            raise Conflict(_("You have left this course run. Enrol again to go on."))
        criterion = Criterion.from_dict(row.criterion)
        # Read once, after the lock, and stored: the decision can then be made again from the ledger.
        moment = clock.now()
        decision = _judge(row, criterion, intervals, moment)
        if not _write_entry(connection, row, stream_id, sequence, intervals, decision, moment):
            return _repeated(row, criterion, stream_id, sequence)
        return _apply(connection, row, criterion, stream_id, decision, position_ms)


def note_fetch(stream_id: str) -> None:
    """Remembers that the media was asked for under a stream.

    On a connection of its own, because this happens in requests that only read.
    """
    with db.engine.begin() as connection:
        connection.execute(
            update(statements.streams)
            .where(statements.streams.c.id == stream_id, statements.streams.c.fetched_ms.is_(None))
            .values(fetched_ms=clock.now_ms())
        )


def _check_open(lesson: Lesson, enrolment: Enrolment) -> None:
    run = db.session.get_one(CourseRun, enrolment.run_id)
    moment = clock.now()
    if enrolment.state != EnrolmentState.ACTIVE:
        raise Conflict(_("You are not enrolled in this course run."))
    if run.starts_at > moment:
        raise Conflict(_("This course run has not begun yet; what you watch now is not counted."))
    if run.ends_at is not None and run.ends_at <= moment:
        raise Conflict(_("This course run has ended; you can go on watching, but it is not counted."))
    if lesson.duration_ms <= 0:
        raise Conflict(_("The file of this lesson is still being checked; try again in a minute."))


def _lock_person(user_id: int) -> None:
    from core.users.models import User

    # Not FOR UPDATE: rows that merely refer to the person (an entry of the audit log) need not wait.
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def _take_over(user_id: int) -> Stream:
    with across_institutions("a person has one clock, wherever they watch"):
        active = db.session.scalar(
            select(WatchStream)
            .where(WatchStream.user_id == user_id, WatchStream.superseded_ms.is_(None))
            .with_for_update()
        )
        # After the lock: a heartbeat that was under way has then been credited, and the windows cannot overlap.
        stream, closed = rule.open_stream(clock.now_ms(), _account(active) if active else None)
        if active is not None and closed is not None:
            active.superseded_ms = closed.superseded_ms
            db.session.flush()
    return stream


def _begin_progress(lesson: Lesson, enrolment: Enrolment) -> LessonProgress:
    db.session.execute(
        insert_new(statements.progress, on=["enrolment_id", "lesson_id"]).values(
            institution_id=lesson.institution_id,
            enrolment_id=enrolment.id,
            lesson_id=lesson.id,
            asset_id=lesson.asset_id,
            duration_ms=lesson.duration_ms,
            watched="",
            watched_ms=0,
            position_ms=0,
            slack_used_ms=0,
            rejected_ms=0,
            unfetched_ms=0,
            updated_at=clock.now(),
        )
    )
    progress = db.session.scalars(
        select(LessonProgress)
        .where(LessonProgress.enrolment_id == enrolment.id, LessonProgress.lesson_id == lesson.id)
        .with_for_update()
    ).one()
    progress.duration_ms = lesson.duration_ms
    if progress.asset_id != lesson.asset_id:
        # Another film: what counts is what the ledger holds of this one. The old one's seconds stay there too, and a
        # lesson once completed stays completed.
        progress.asset_id = lesson.asset_id
        progress.position_ms = 0
        recompute(progress)
    return progress


def _run(connection: Connection, statement: Any, **values: Any) -> CursorResult[Any]:
    """Runs a prepared statement in the session's transaction."""
    return connection.execute(statement, values)


def _account(row: Any) -> Stream:
    return Stream(
        opened_ms=row.opened_ms,
        last_seen_ms=row.last_seen_ms,
        credited_ms=row.credited_ms,
        spent_ms=row.spent_ms,
        superseded_ms=row.superseded_ms,
    )


def _judge(row: Row[Any], criterion: Criterion, claim: Intervals, now: datetime) -> Decision:
    stream, watched = _account(row), Intervals.parse(row.watched)
    refusal = None
    if row.asset_id != row.lesson_asset_id:
        refusal = Reason.MEDIA_REPLACED
    elif row.ends_at is not None and now > row.ends_at + timedelta(milliseconds=criterion.late_limit_ms):
        refusal = Reason.RUN_CLOSED
    if refusal is not None:
        return rule.refuse(stream, claim, refusal, watched=watched, slack_used_ms=row.slack_used_ms)
    return rule.decide(
        criterion,
        stream,
        claim,
        watched=watched,
        duration_ms=row.duration_ms,
        slack_used_ms=row.slack_used_ms,
        now_ms=clock.to_ms(now),
    )


def _write_entry(
    connection: Connection,
    row: Row[Any],
    stream_id: str,
    sequence: int,
    claim: Intervals,
    decision: Decision,
    at: datetime,
) -> bool:
    """Adds the ledger's entry; False where this sequence number has been there before."""
    written = _run(
        connection,
        statements.enter(db.engine.dialect.name),
        institution_id=row.institution_id,
        enrolment_id=row.enrolment_id,
        lesson_id=row.lesson_id,
        asset_id=row.asset_id,
        kind=EntryKind.WATCHED,
        stream_id=stream_id,
        sequence=sequence,
        at=at,
        claimed=str(claim),
        accepted=str(decision.accepted),
        rejected=[rejection.as_pair() for rejection in decision.rejected],
        duration_ms=row.duration_ms,
        actor_id=None,
        note="",
    )
    return written.first() is not None


def _apply(
    connection: Connection, row: Row[Any], criterion: Criterion, stream_id: str, decision: Decision, position_ms: object
) -> Outcome:
    stream = decision.stream
    _run(
        connection,
        statements.CHARGE,
        stream_id=stream_id,
        seen_ms=stream.last_seen_ms,
        credit_ms=stream.credited_ms,
        charge_ms=stream.spent_ms,
    )
    outcome = _outcome(row, criterion, decision.watched, decision.accepted, decision.rejected)
    is_place = type(position_ms) is int and 0 <= position_ms <= row.duration_ms
    moment = clock.now()
    if outcome.completed and row.completed_at is None:
        announce(LessonCompleted(row.enrolment_id, row.lesson_id))
    _run(
        connection,
        statements.ADVANCE,
        progress_id=row.progress_id,
        union=str(decision.watched),
        counted_ms=outcome.counted_ms,
        slack_ms=decision.slack_used_ms,
        lost_ms=sum(rejection.intervals.measure for rejection in decision.rejected),
        unseen_ms=decision.accepted.measure if row.asset_id is not None and row.fetched_ms is None else 0,
        place_ms=position_ms if is_place else None,
        finished_at=moment if outcome.completed else None,
        moment=moment,
    )
    return outcome


def _repeated(row: Row[Any], criterion: Criterion, stream_id: str, sequence: int) -> Outcome:
    entry = db.session.execute(
        select(ProgressEntry.accepted, ProgressEntry.rejected).where(
            ProgressEntry.stream_id == stream_id, ProgressEntry.sequence == sequence
        )
    ).one()
    rejected = tuple(Rejection.from_pair(pair) for pair in entry.rejected)
    return _outcome(row, criterion, Intervals.parse(row.watched), Intervals.parse(entry.accepted), rejected)


def _outcome(
    row: Row[Any],
    criterion: Criterion,
    watched: Intervals,
    accepted: Intervals,
    rejected: tuple[Rejection, ...],
) -> Outcome:
    closed = None
    if row.asset_id != row.lesson_asset_id:
        closed = Reason.MEDIA_REPLACED
    elif row.superseded_ms is not None:
        closed = Reason.OTHER_DEVICE_ACTIVE
    return Outcome(
        kind=row.kind,
        criterion=criterion,
        accepted=accepted,
        rejected=rejected,
        watched=watched,
        counted_ms=rule.countable(watched, criterion).measure,
        duration_ms=row.duration_ms,
        required_ms=rule.required_ms(row.duration_ms, criterion),
        completed=row.completed_at is not None or rule.complete(watched, row.duration_ms, criterion),
        closed=closed,
    )
