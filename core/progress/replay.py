"""Recomputing from the ledger: what counts today, and every decision that led there.

Both functions read only what the ledger keeps for ever, so `jinke progress explain` and the doctor can
check any number on a page against them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.progress.intervals import NOTHING, Intervals
from core.progress.reasons import Reason
from core.progress.rule import Criterion, Decision, Rejection, Stream, decide


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger, as far as it changes what counts; `id` is its place in the ledger.

    A heartbeat adds what was accepted. A teacher's ruling adds what it accepts and takes away what it
    rejects.
    """

    id: int
    accepted: Intervals = NOTHING
    rejected: tuple[Rejection, ...] = ()
    ruling: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the ledger says of one person, one lesson and one media file."""

    watched: Intervals
    accepted_ms: int
    """Media time accepted from heartbeats, repeats included."""
    rejected: tuple[Rejection, ...]
    """What was rejected and is not counted to this day, by reason."""


def replay(entries: Iterable[Entry]) -> Replayed:
    """The state from its entries, in whatever order they come and however often each comes.

    Heartbeats alone are a union, which knows no order. A ruling speaks about what stood in the ledger
    before it, so entries are taken in the order of the ledger, which `id` fixes.
    """
    watched = NOTHING
    accepted_ms = 0
    rejected: dict[Reason, Intervals] = {}
    for entry in sorted({entry.id: entry for entry in entries}.values(), key=lambda entry: entry.id):
        watched |= entry.accepted
        if not entry.ruling:
            accepted_ms += entry.accepted.measure
        for rejection in entry.rejected:
            if entry.ruling:
                watched -= rejection.intervals
            rejected[rejection.reason] = rejected.get(rejection.reason, NOTHING) | rejection.intervals
    open_points = (Rejection(reason, intervals - watched) for reason, intervals in sorted(rejected.items()))
    return Replayed(watched, accepted_ms, tuple(point for point in open_points if point.intervals))


@dataclass(frozen=True, slots=True)
class Window:
    """A stream as it was opened and closed; what it was credited with follows from its heartbeats."""

    opened_ms: int
    superseded_ms: int | None
    criterion: Criterion
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A claim as it arrived: `id` is its place in the ledger, `at_ms` the server's clock."""

    id: int
    stream: str
    at_ms: int
    claimed: Intervals


def rejudge(windows: Mapping[str, Window], heartbeats: Iterable[Heartbeat]) -> dict[int, Decision]:
    """Every decision about one person's heartbeats in one lesson, made again from claims and arrival times.

    Leave out heartbeats that were refused whole for a reason outside the clock (media replaced, run
    closed): they changed no account. The decisions come back under the heartbeats' ids and must equal those
    in the ledger.
    """
    streams = {
        key: Stream(window.opened_ms, window.opened_ms, superseded_ms=window.superseded_ms)
        for key, window in windows.items()
    }
    watched, slack_used_ms = NOTHING, 0
    decisions: dict[int, Decision] = {}
    for beat in sorted(heartbeats, key=lambda beat: beat.id):
        decision = decide(
            windows[beat.stream].criterion,
            streams[beat.stream],
            beat.claimed,
            watched=watched,
            duration_ms=windows[beat.stream].duration_ms,
            slack_used_ms=slack_used_ms,
            now_ms=beat.at_ms,
        )
        streams[beat.stream] = decision.stream
        watched, slack_used_ms = decision.watched, decision.slack_used_ms
        decisions[beat.id] = decision
    return decisions
