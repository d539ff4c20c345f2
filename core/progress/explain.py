"""Explaining progress: everything recomputed from the ledger and held against what the pages show."""

from dataclasses import dataclass

from sqlalchemy import select

from core import clock
from core.courses.models import Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.institutions.models import Institution
from core.progress import queries, rule
from core.progress.intervals import Intervals
from core.progress.models import EntryKind, LessonProgress, ProgressEntry, WatchStream
from core.progress.reasons import Reason
from core.progress.replay import Heartbeat, Window, rejudge, replay
from core.progress.rule import Criterion
from core.progress.rulings import criterion_of

OUTSIDE_THE_CLOCK = {Reason.MEDIA_REPLACED, Reason.RUN_CLOSED}
"""Reasons for which a report was refused whole: such a report changed no account and is not judged again."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the ledger says of one enrolment and lesson, and where the projection or a decision differs from it."""

    enrolment_id: int
    lesson_id: int
    watched: Intervals
    counted_ms: int
    required_ms: int
    duration_ms: int
    completed: bool
    entries: list[ProgressEntry]
    differences: list[str]

    @property
    def agrees(self) -> bool:
        """Whether everything that is shown follows from the ledger."""
        return not self.differences


def explain(enrolment: Enrolment, lesson_id: int) -> Explanation:
    """Recomputes state and decisions of one enrolment and lesson."""
    lesson = db.session.get_one(Lesson, lesson_id)
    criterion = criterion_of(db.session.get_one(Institution, lesson.institution_id), lesson.kind)
    progress = db.session.scalars(
        select(LessonProgress).where(LessonProgress.enrolment_id == enrolment.id, LessonProgress.lesson_id == lesson_id)
    ).first()
    entries = list(queries.ledger_entries(enrolment.id, lesson_id))
    asset_id = progress.asset_id if progress else lesson.asset_id
    duration_ms = progress.duration_ms if progress else lesson.duration_ms
    watched = replay(queries.as_entry(entry) for entry in entries if entry.asset_id == asset_id).watched
    return Explanation(
        enrolment_id=enrolment.id,
        lesson_id=lesson_id,
        watched=watched,
        counted_ms=rule.countable(watched, criterion).measure,
        required_ms=rule.required_ms(duration_ms, criterion),
        duration_ms=duration_ms,
        completed=progress is not None and progress.completed_at is not None,
        entries=entries,
        differences=[*_state_differences(progress, watched), *_decision_differences(entries)],
    )


def _state_differences(progress: LessonProgress | None, watched: Intervals) -> list[str]:
    shown = progress.watched if progress else ""
    if shown == str(watched):
        return []
    return [f"the pages show “{shown}”, the ledger says “{watched}”"]


def _decision_differences(entries: list[ProgressEntry]) -> list[str]:
    """Decisions that come out differently when they are made again from claims and arrival times.

    Where a ruling or another file came between, what was watched at the time was another set; it only matters for the
    limit on pieces, so decisions stay comparable.
    """
    reports = [entry for entry in entries if entry.kind == EntryKind.WATCHED and not _refused_whole(entry)]
    windows = _windows({entry.stream_id for entry in reports if entry.stream_id})
    beats = [
        Heartbeat(entry.id, entry.stream_id, clock.to_ms(entry.at), Intervals.parse(entry.claimed))
        for entry in reports
        if entry.stream_id in windows
    ]
    decisions = rejudge(windows, beats)
    stored = {entry.id: entry.accepted for entry in reports}
    return [
        f"entry {beat_id}: stored “{stored[beat_id]}”, judged again “{decision.accepted}”"
        for beat_id, decision in decisions.items()
        if stored[beat_id] != str(decision.accepted)
    ]


def _windows(stream_ids: set[str]) -> dict[str, Window]:
    streams = db.session.scalars(select(WatchStream).where(WatchStream.id.in_(stream_ids)))
    return {
        stream.id: Window(
            stream.opened_ms, stream.superseded_ms, Criterion.from_dict(stream.criterion), stream.duration_ms
        )
        for stream in streams
    }


def _refused_whole(entry: ProgressEntry) -> bool:
    return not entry.accepted and any(reason in OUTSIDE_THE_CLOCK for _, reason in entry.rejected)
