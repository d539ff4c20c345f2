"""The rule against everything a machine can think of: many streams, many lessons, any claims, any order."""

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from core.progress.intervals import Intervals
from core.progress.reasons import Reason
from core.progress.replay import Entry, rejudge, replay
from core.progress.rule import Criterion, Rejection, complete, countable
from tests.progress.server_in_memory import START, Server

LESSONS = ("one", "two", "three")
DURATIONS = {"one": 90_000, "two": 1_200_000, "three": 7_200_000}

piece = st.tuples(st.integers(0, 8_000_000), st.integers(0, 2_000_000)).map(lambda p: (p[0], p[0] + p[1]))
near_piece = st.tuples(st.integers(0, 200_000), st.integers(0, 60_000)).map(lambda p: (p[0], p[0] + p[1]))
claims = st.lists(piece | near_piece, max_size=4)
waits = st.sampled_from([0, 1, 999, 15_000, 30_000, 599_999, 600_000, 600_001, 3_600_000]) | st.integers(0, 700_000)
criteria = st.builds(
    Criterion,
    threshold_percent=st.integers(1, 100),
    max_speed_percent=st.sampled_from([100, 125, 150, 200, 333]),
    allow_seeking=st.booleans(),
    slack_ms=st.sampled_from([0, 15_000, 60_000]),
)


@dataclass(frozen=True)
class Open:
    lesson: str


@dataclass(frozen=True)
class Wait:
    ms: int


@dataclass(frozen=True)
class Beat:
    stream: int
    sequence: int
    claim: tuple[tuple[int, int], ...]


Move = Open | Wait | Beat
moves = st.lists(
    st.builds(Open, st.sampled_from(LESSONS))
    | st.builds(Wait, waits)
    | st.builds(Beat, st.integers(0, 20), st.integers(0, 30), claims.map(tuple)),
    min_size=10,
    max_size=60,
)


patient = settings(deadline=None, max_examples=200)
"""A stopwatch on each example would measure the machine, not the rule."""


def played(criterion: Criterion, attack: list[Move]) -> Server:
    """The server after one person's moves. Heartbeats go to streams that exist; no sequence number is off limits."""
    server = Server(criterion, durations=DURATIONS)
    server.open(lesson="one")
    for move in attack:
        match move:
            case Open(lesson):
                server.open(lesson=lesson)
            case Wait(ms):
                server.advance(ms)
            case Beat(stream, sequence, claim):
                server.heartbeat(f"s{stream % len(server.streams) + 1}", sequence, *claim)
        check_the_clock(server)
    return server


def check_the_clock(server: Server) -> None:
    """At no moment has anybody earned more than the clock allows, in all lessons together or in a single one."""
    elapsed, slack = server.now - START, server.criterion.slack_ms
    credited = sum(row.account.credited_ms for row in server.streams.values())
    assert credited <= elapsed
    assert server.accepted_ms() * 100 <= elapsed * server.criterion.max_speed_percent + len(LESSONS) * slack * 100
    for lesson in LESSONS:
        accounts = [row.account for row in server.streams.values() if row.lesson == lesson]
        used = sum(account.overdraft_ms(server.criterion) for account in accounts)
        assert used == server.slack.get(("li", lesson), 0) <= slack
        assert sum(account.spent_ms for account in accounts) >= server.seen(lesson=lesson).measure
        assert all(account.in_hand_ms(server.criterion) <= server.criterion.late_limit_ms for account in accounts)


@patient
@given(criteria, moves)
def test_nothing_earns_more_than_the_clock(criterion: Criterion, attack: list[Move]) -> None:
    played(criterion, attack)


@patient
@given(criteria, moves)
def test_a_claim_is_divided_into_accepted_and_rejected_and_nothing_is_invented(
    criterion: Criterion, attack: list[Move]
) -> None:
    server = played(criterion, attack)
    for beat, decision in server.ledger:
        duration = server.duration(server.streams[beat.stream].lesson)
        rejected = [rejection.intervals for rejection in decision.rejected]
        assert decision.accepted <= beat.claimed.within(0, duration)
        assert all(not (part & decision.accepted) and part <= beat.claimed for part in rejected)
        assert beat.claimed.within(0, duration) <= Intervals(
            piece for part in (decision.accepted, *rejected) for piece in part
        )


@patient
@given(criteria, moves)
def test_heartbeats_sent_again_change_nothing(criterion: Criterion, attack: list[Move]) -> None:
    server = played(criterion, attack)
    before = repr((server.watched, server.slack, {key: row.account for key, row in server.streams.items()}))
    for key, row in server.streams.items():
        for sequence in row.answers:
            server.heartbeat(key, sequence, (0, 7_000_000))
    assert before == repr((server.watched, server.slack, {key: row.account for key, row in server.streams.items()}))


@patient
@given(criteria, moves)
def test_every_decision_can_be_made_again_from_the_ledger(criterion: Criterion, attack: list[Move]) -> None:
    server = played(criterion, attack)
    windows = server.windows()
    for lesson in LESSONS:
        told = [(beat, answer) for beat, answer in server.ledger if server.streams[beat.stream].lesson == lesson]
        again = rejudge(windows, [beat for beat, _ in reversed(told)])
        for beat, answer in told:
            assert again[beat.id].accepted == answer.accepted
            assert again[beat.id].rejected == answer.rejected
            assert again[beat.id].credited_ms == answer.credited_ms


@given(st.lists(claims.map(Intervals), max_size=12), st.randoms(use_true_random=False))
def test_the_same_accepted_claims_in_any_order_and_any_number_give_the_same_state(
    accepted: list[Intervals], chance: Random
) -> None:
    entries = [Entry(number, claim) for number, claim in enumerate(accepted)]
    shuffled = [*entries, *entries[::2]]
    chance.shuffle(shuffled)
    assert replay(shuffled) == replay(entries)
    renumbered = list(accepted)
    chance.shuffle(renumbered)
    assert replay(Entry(n, claim) for n, claim in enumerate(renumbered)).watched == replay(entries).watched


@given(st.lists(st.tuples(claims.map(Intervals), claims.map(Intervals), st.booleans()), max_size=8), st.data())
def test_rulings_too_give_the_same_state_in_whatever_order_they_are_read(
    told: list[tuple[Intervals, Intervals, bool]], data: st.DataObject
) -> None:
    entries = [
        Entry(n, accepted, (Rejection(Reason.WITHDRAWN, rejected),), ruling)
        for n, (accepted, rejected, ruling) in enumerate(told)
    ]
    shuffled = data.draw(st.permutations([*entries, *entries]))
    assert replay(shuffled) == replay(entries)


@given(claims.map(Intervals), claims.map(Intervals), criteria, st.integers(1, 8_000_000))
def test_what_counts_was_watched_and_watching_more_never_takes_away(
    watched: Intervals, more: Intervals, criterion: Criterion, duration: int
) -> None:
    assert countable(watched, criterion) <= watched
    assert countable(watched, criterion) <= countable(watched | more, criterion)
    assert complete(watched, duration, criterion) <= complete(watched | more, duration, criterion)
