"""The rule of verified progress: how much of a claim the server's clock can vouch for.

A player claims what it played; the server knows only when it was told. While a stream is a person's active
one, every millisecond of the server's clock is *credited* to it, and every millisecond of media accepted is
*charged* to it, repeats included. Always, for each stream::

    charged <= credited x allowed speed + slack

Windows in which the streams of one person are credited never overlap, so ten tabs share one clock.
`docs/progress.md` derives the rest, with the reason for each default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core.progress.intervals import NOTHING, Intervals
from core.progress.reasons import MalformedClaim, Reason

LONGEST_MS = 2**31 - 1
"""24.8 days. No lesson is longer, and every number that passes fits a 32-bit column."""

CLAIM_PIECES = 64
"""Pieces in one claim: two minutes off line, seeking every two seconds. A longer queue is sent in parts."""

STATE_PIECES = 1_000
"""Pieces in what a person watched of one lesson: it bounds what a heartbeat reads and writes (to 16 kB)."""

END_TOLERANCE_MS = 1_000
"""How far container and player may disagree about where a film ends; at most a twentieth of the film."""

REACH_MS = 2_000
"""With seeking off, the gap (lost frames, a jump to a keyframe) that still is 'connected to the start'."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What an institution asks for, copied onto each stream when it opens so that nobody moves the goalposts.

    Whole numbers only: percent for threshold and speed (200 is twice as fast), milliseconds for the rest.
    Raises ``ValueError`` naming the field that is out of range.
    """

    threshold_percent: int = 90
    max_speed_percent: int = 200
    allow_seeking: bool = True
    slack_ms: int = 15_000
    late_limit_ms: int = 600_000
    heartbeat_ms: int = 15_000

    def __post_init__(self) -> None:
        for name, least, most in (
            ("threshold_percent", 1, 100),
            ("max_speed_percent", 100, 400),
            ("slack_ms", 0, 60_000),
            ("late_limit_ms", 60_000, 3_600_000),
            ("heartbeat_ms", 1_000, 60_000),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} must be a whole number from {least} to {most}, not {value!r}")

    def as_dict(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Criterion":
        """The criterion stored by `as_dict`; a field added since then takes its default."""
        return cls(**{f.name: stored[f.name] for f in fields(cls) if f.name in stored})


@dataclass(frozen=True, slots=True)
class Stream:
    """The account of one player showing one lesson. Moments are the server's, in milliseconds since 1970."""

    opened_ms: int
    last_seen_ms: int
    credited_ms: int = 0
    """Server time credited: it passed while this was the person's active stream."""
    spent_ms: int = 0
    """Media time accepted, repeats included."""
    superseded_ms: int | None = None
    """When the person went on elsewhere; from then on no time is credited."""

    def budget_ms(self, criterion: Criterion) -> int:
        """Media time the credited clock allows in all."""
        return self.credited_ms * criterion.max_speed_percent // 100

    def in_hand_ms(self, criterion: Criterion) -> int:
        """Credited clock not yet charged; negative while slack is in use."""
        return self.credited_ms - -(-self.spent_ms * 100 // criterion.max_speed_percent)

    def overdraft_ms(self, criterion: Criterion) -> int:
        """Media time accepted ahead of the credited clock: the slack this stream is using."""
        return max(0, self.spent_ms - self.budget_ms(criterion))


@dataclass(frozen=True, slots=True)
class Rejection:
    """Seconds that were not counted, and why."""

    reason: Reason
    intervals: Intervals

    def as_pair(self) -> list[str]:
        """For a JSON column: the intervals as text, then the reason."""
        return [str(self.intervals), str(self.reason)]

    @classmethod
    def from_pair(cls, pair: Sequence[str]) -> "Rejection":
        """The rejection stored by `as_pair`."""
        return cls(Reason(pair[1]), Intervals.parse(pair[0]))


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one claim: the account after it, what is accepted and what is not."""

    stream: Stream
    slack_used_ms: int
    """Slack now in use by all streams of this person in this lesson."""
    watched: Intervals
    """What counts of the lesson after this claim."""
    accepted: Intervals = NOTHING
    rejected: tuple[Rejection, ...] = ()
    credited_ms: int = 0
    """Server time this heartbeat was credited with."""


def open_stream(now_ms: int, active: Stream | None = None) -> tuple[Stream, Stream | None]:
    """A new stream, and the person's active one closed by it.

    Their windows share no moment, even when the server's clock has stepped back.
    """
    if active is None:
        return Stream(now_ms, now_ms), None
    start = max(now_ms, active.last_seen_ms)
    return Stream(start, start), replace(active, superseded_ms=start)


def read_claim(raw: object) -> Intervals:
    """The claim in a heartbeat's JSON: a list of ``[start, end]`` in whole milliseconds of media time.

    Raises `MalformedClaim` for anything else: text, booleans, fractions, NaN, infinities, negative or
    absurdly large numbers, an end before its start, more than `CLAIM_PIECES` pairs. Nothing of such a claim
    counts, and it uses up no sequence number: corrected, it may be sent again.
    """
    if not isinstance(raw, list):
        raise MalformedClaim("intervals must be a list of [start, end] pairs")
    if len(raw) > CLAIM_PIECES:
        raise MalformedClaim(f"at most {CLAIM_PIECES} intervals in one heartbeat", Reason.TOO_FRAGMENTED)
    for pair in raw:
        if not isinstance(pair, list) or len(pair) != 2:
            raise MalformedClaim("an interval must be a [start, end] pair")
        start, end = pair
        if type(start) is not int or type(end) is not int:
            raise MalformedClaim("start and end must be whole milliseconds")
        if not 0 <= start <= end <= LONGEST_MS:
            raise MalformedClaim(f"start and end must satisfy 0 <= start <= end <= {LONGEST_MS}")
    return Intervals((start, end) for start, end in raw)


def decide(
    criterion: Criterion,
    stream: Stream,
    claim: Intervals,
    *,
    watched: Intervals,
    duration_ms: int,
    slack_used_ms: int,
    now_ms: int,
) -> Decision:
    """Accept as much of `claim`, from its start, as the clock vouches for; reject the rest with a reason.

    `watched` is what already counts of the lesson (it only matters for the limit on pieces),
    `slack_used_ms` the slack in use by all streams of this person in this lesson, this one included. The
    caller applies each sequence number of a stream once and answers a repeated one with the stored
    decision.
    """
    closed = stream.superseded_ms is not None and now_ms > stream.superseded_ms
    if stream.superseded_ms is not None and now_ms - stream.superseded_ms > criterion.late_limit_ms:
        return refuse(stream, claim, Reason.TOO_LATE, watched=watched, slack_used_ms=slack_used_ms)
    gained = _credit(criterion, stream, now_ms)
    silent = _elapsed(stream, now_ms) > criterion.late_limit_ms
    after = replace(
        stream,
        last_seen_ms=stream.last_seen_ms + _elapsed(stream, now_ms),
        credited_ms=stream.credited_ms + gained,
    )

    inside = claim.within(0, duration_ms)
    beyond = claim - Intervals([(0, duration_ms + end_tolerance_ms(duration_ms))])
    overdraft = stream.overdraft_ms(criterion)
    slack_left = 0 if closed else max(0, criterion.slack_ms - (slack_used_ms - overdraft))
    accepted = inside.first(after.budget_ms(criterion) + slack_left - after.spent_ms)
    reason = Reason.OTHER_DEVICE_ACTIVE if closed else Reason.TOO_LATE if silent else Reason.FASTER_THAN_CLOCK
    union = watched | accepted
    if len(union) > STATE_PIECES and len(union) > len(watched):
        union, accepted, reason = watched, NOTHING, Reason.TOO_FRAGMENTED

    after = replace(after, spent_ms=after.spent_ms + accepted.measure)
    return Decision(
        stream=after,
        slack_used_ms=slack_used_ms - overdraft + after.overdraft_ms(criterion),
        watched=union,
        accepted=accepted,
        rejected=_rejections((reason, inside - accepted), (Reason.BEYOND_END, beyond)),
        credited_ms=gained,
    )


def refuse(stream: Stream, claim: Intervals, reason: Reason, *, watched: Intervals, slack_used_ms: int) -> Decision:
    """Nothing of `claim` counts, whatever the clock says (the media was replaced, the run has ended …)."""
    return Decision(stream, slack_used_ms, watched, rejected=_rejections((reason, claim)))


def _rejections(*parts: tuple[Reason, Intervals]) -> tuple[Rejection, ...]:
    return tuple(Rejection(reason, intervals) for reason, intervals in parts if intervals)


def _elapsed(stream: Stream, now_ms: int) -> int:
    """Time of this stream's own window since it was last seen; none if the server's clock has stepped back."""
    end = now_ms if stream.superseded_ms is None else min(now_ms, stream.superseded_ms)
    return max(0, end - stream.last_seen_ms)


def _credit(criterion: Criterion, stream: Stream, now_ms: int) -> int:
    """Server time to credit for the wait since the stream was last seen; never more than that wait.

    Claims may be `late_limit_ms` late, so that much unspent clock may be in hand and what exceeds it
    lapses. After a longer silence nothing is credited, but for the one heartbeat that was not yet overdue
    when the silence began (a laptop that fell asleep), and that only where the stream was being watched and
    has less than this in hand.
    """
    elapsed = _elapsed(stream, now_ms)
    in_hand = stream.in_hand_ms(criterion)
    if elapsed <= criterion.late_limit_ms:
        return max(0, min(elapsed, criterion.late_limit_ms - in_hand))
    if not stream.spent_ms:
        return 0
    return max(0, min(criterion.heartbeat_ms, elapsed, criterion.heartbeat_ms - in_hand))


def countable(watched: Intervals, criterion: Criterion) -> Intervals:
    """The part of what was watched that counts: all of it; with seeking off, what is connected to the start.

    Reads the union alone, so the order in which its parts arrived does not matter.
    """
    return watched if criterion.allow_seeking else watched.connected(REACH_MS)


def end_tolerance_ms(duration_ms: int) -> int:
    """How much of a film may be lost between what its container promises and what a player shows."""
    return min(END_TOLERANCE_MS, duration_ms // 20)


def required_ms(duration_ms: int, criterion: Criterion) -> int:
    """How much must count for the lesson to be complete, rounded up to whole milliseconds.

    Even at a threshold of 100 % the end tolerance need not be seen: a player may fire `ended` before the
    length the container states.
    """
    share = -(-duration_ms * criterion.threshold_percent // 100)
    return min(share, duration_ms - end_tolerance_ms(duration_ms))


def complete(watched: Intervals, duration_ms: int, criterion: Criterion) -> bool:
    """Was enough watched? A lesson whose length is unknown (0) cannot be completed by watching."""
    if duration_ms <= 0:
        return False
    counted = countable(watched, criterion).within(0, duration_ms).measure
    return counted >= required_ms(duration_ms, criterion)
