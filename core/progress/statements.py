"""The four statements of a heartbeat, built once: every player sends one each 15 seconds, and building them anew cost
more than running them.

They are run on the session's own connection, past the guard of institutions: a stream is asked for together with the
person it belongs to, and what follows speaks of the rows that were found by it.
"""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.courses.models import CourseRun, Lesson
from core.db import UtcDateTime, table_of
from core.enrolment.models import Enrolment
from core.progress.models import LessonProgress, ProgressEntry, WatchStream

streams = table_of(WatchStream)
entries = table_of(ProgressEntry)
progress = table_of(LessonProgress)
_lessons = table_of(Lesson)
_enrolments = table_of(Enrolment)
_runs = table_of(CourseRun)

ACCOUNT = (
    select(
        streams.c.institution_id,
        streams.c.enrolment_id,
        streams.c.lesson_id,
        streams.c.asset_id,
        streams.c.duration_ms,
        streams.c.criterion,
        streams.c.opened_ms,
        streams.c.last_seen_ms,
        streams.c.superseded_ms,
        streams.c.credited_ms,
        streams.c.spent_ms,
        streams.c.fetched_ms,
        progress.c.id.label("progress_id"),
        progress.c.watched,
        progress.c.slack_used_ms,
        progress.c.completed_at,
        _lessons.c.kind,
        _lessons.c.asset_id.label("lesson_asset_id"),
        _enrolments.c.state,
        _runs.c.ends_at,
    )
    .join(
        progress,
        (progress.c.enrolment_id == streams.c.enrolment_id) & (progress.c.lesson_id == streams.c.lesson_id),
    )
    .join(_lessons, _lessons.c.id == streams.c.lesson_id)
    .join(_enrolments, _enrolments.c.id == streams.c.enrolment_id)
    .join(_runs, _runs.c.id == _enrolments.c.run_id)
    .where(streams.c.id == bindparam("stream_id"), streams.c.user_id == bindparam("person_id"))
    .with_for_update(of=[streams, progress])
)
"""Everything a heartbeat needs to know, locked against another of the same lesson."""

CHARGE = (
    update(streams)
    .where(streams.c.id == bindparam("stream_id"))
    .values(
        last_seen_ms=bindparam("seen_ms", type_=BigInteger),
        credited_ms=bindparam("credit_ms", type_=BigInteger),
        spent_ms=bindparam("charge_ms", type_=BigInteger),
    )
)
"""The stream's account after the decision."""

ADVANCE = (
    update(progress)
    .where(progress.c.id == bindparam("progress_id"))
    .values(
        watched=bindparam("union"),
        watched_ms=bindparam("counted_ms", type_=Integer),
        slack_used_ms=bindparam("slack_ms", type_=Integer),
        rejected_ms=progress.c.rejected_ms + bindparam("lost_ms", type_=Integer),
        unfetched_ms=progress.c.unfetched_ms + bindparam("unseen_ms", type_=Integer),
        position_ms=func.coalesce(bindparam("place_ms", type_=Integer), progress.c.position_ms),
        completed_at=func.coalesce(progress.c.completed_at, bindparam("finished_at", type_=UtcDateTime)),
        updated_at=bindparam("moment", type_=UtcDateTime),
    )
)
"""What counts of the lesson after the decision."""


@cache
def enter(dialect: str) -> Any:
    """Adds an entry to the ledger and returns its id; nothing where its stream has one with this sequence number."""
    insert = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert(entries)
    return insert.on_conflict_do_nothing(index_elements=["stream_id", "sequence"]).returning(entries.c.id)
