"""Recomputing what counts, and teachers' rulings: the ways in which the projection follows the ledger."""

from core import audit, clock
from core.courses.models import Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.errors import Invalid
from core.events import LessonCompleted, announce
from core.i18n import _
from core.institutions.models import Institution
from core.progress import queries, rule
from core.progress.intervals import NOTHING, Intervals
from core.progress.models import EntryKind, LessonProgress, ProgressEntry
from core.progress.reading import reading_criterion
from core.progress.reasons import Reason
from core.progress.replay import replay
from core.progress.rule import Criterion, Rejection


def criterion_of(institution: Institution, kind: str) -> Criterion:
    """The institution's rules as a criterion; what is read instead of watched has no speed and no seeking."""
    criterion = Criterion(
        threshold_percent=institution.watch_threshold,
        max_speed_percent=institution.max_speed,
        allow_seeking=institution.allow_seeking,
    )
    return criterion if kind == "video" else reading_criterion(criterion)


def rule_on(
    progress: LessonProgress, *, actor_id: int, note: str, grant: Intervals = NOTHING, withdraw: Intervals = NOTHING
) -> ProgressEntry:
    """A teacher's ruling: counts ``grant``, takes away ``withdraw``; a new entry, with who and why."""
    if not note.strip():
        raise Invalid(_("Say why: the learner will read it."), field="note")
    entry = ProgressEntry(
        enrolment_id=progress.enrolment_id,
        lesson_id=progress.lesson_id,
        asset_id=progress.asset_id,
        kind=EntryKind.RULING,
        accepted=str(grant.within(0, progress.duration_ms)),
        rejected=[Rejection(Reason.WITHDRAWN, withdraw).as_pair()] if withdraw else [],
        duration_ms=progress.duration_ms,
        actor_id=actor_id,
        note=note.strip(),
    )
    db.session.add(entry)
    db.session.flush()
    audit.record("progress.ruling", entry, enrolment_id=progress.enrolment_id, lesson_id=progress.lesson_id)
    recompute(progress)
    if withdraw:
        # Only a ruling that takes seconds away takes the completion with them; stricter rules or another film do not.
        watched = Intervals.parse(progress.watched)
        if not rule.complete(watched, progress.duration_ms, _present_criterion(progress)):
            progress.completed_at = None
            db.session.get_one(Enrolment, progress.enrolment_id).completed_at = None
            db.session.flush()
    return entry


def recompute(progress: LessonProgress) -> None:
    """Sets the projection to what the ledger says. Completion is given here and never taken: see :func:`rule_on`."""
    watched = replay(queries.ledger(progress.enrolment_id, progress.lesson_id, progress.asset_id)).watched
    criterion = _present_criterion(progress)
    progress.watched = str(watched)
    progress.watched_ms = rule.countable(watched, criterion).measure
    if progress.completed_at is None and rule.complete(watched, progress.duration_ms, criterion):
        progress.completed_at = clock.now()
        announce(LessonCompleted(progress.enrolment_id, progress.lesson_id))
    progress.updated_at = clock.now()
    db.session.flush()


def _present_criterion(progress: LessonProgress) -> Criterion:
    lesson = db.session.get_one(Lesson, progress.lesson_id)
    return criterion_of(db.session.get_one(Institution, progress.institution_id), lesson.kind)
