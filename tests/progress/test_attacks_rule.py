"""Attacks on the rule. Each earns at most what the server's clock allows: elapsed x speed, and one slack per lesson.

Attacks that need the web (another person's stream, a replaced file, media never fetched) are told with the service.
"""

import inspect
from itertools import pairwise

import pytest

from core.progress import rule
from core.progress.intervals import NOTHING, Intervals
from core.progress.reasons import MalformedClaim, Reason
from core.progress.rule import Criterion, read_claim
from tests.progress.server_in_memory import LESSON_MS, START, Server

SLACK = 15_000


def clock_allows(server: Server, lessons: int = 1) -> int:
    """The most anybody can have earned since the server started."""
    return (server.now - START) * server.criterion.max_speed_percent // 100 + lessons * SLACK


def test_posting_the_end_position_earns_the_slack() -> None:
    server = Server()
    decision = server.heartbeat(server.open(), 1, (0, LESSON_MS))
    assert decision.accepted == Intervals([(0, SLACK)])
    assert decision.rejected[0].reason is Reason.FASTER_THAN_CLOCK
    assert not server.is_complete()


def test_there_is_nothing_named_complete_to_post() -> None:
    """Completion is computed from what was accepted; no function of the rule takes it from outside."""
    takes = {
        name for _, verb in inspect.getmembers(rule, inspect.isfunction) for name in inspect.signature(verb).parameters
    }
    assert not takes & {"completed", "is_complete", "done", "percent", "position"}
    for raw in ("complete", {"complete": True}, [["complete", True]]):
        with pytest.raises(MalformedClaim):
            read_claim(raw)


def test_dragging_to_the_end_earns_only_what_was_shown_there() -> None:
    server = Server()
    stream = server.open()
    server.advance(15_000)
    server.heartbeat(stream, 1, (0, 14_000), (LESSON_MS - 1_000, LESSON_MS))
    assert server.seen().measure == 15_000
    assert not server.is_complete()


def test_with_seeking_off_the_end_that_was_dragged_to_does_not_count_at_all() -> None:
    server = Server(Criterion(allow_seeking=False))
    stream = server.open()
    server.advance(15_000)
    server.heartbeat(stream, 1, (LESSON_MS - 15_000, LESSON_MS))
    assert rule.countable(server.seen(), server.criterion) == NOTHING


def test_playing_at_16_times_earns_twice_the_clock() -> None:
    server = Server()
    stream = server.open()
    for beat in range(12):
        server.advance(15_000)
        server.heartbeat(stream, beat, (beat * 240_000, (beat + 1) * 240_000))
    assert server.accepted_ms() == clock_allows(server)
    assert not server.is_complete()


def test_ten_tabs_share_one_clock() -> None:
    server = Server()
    tabs = [server.open() for _ in range(10)]
    for beat in range(8):
        server.advance(15_000)
        for number, tab in enumerate(tabs):
            start = number * 240_000 + beat * 30_000
            server.heartbeat(tab, beat, (start, start + 30_000))
    assert server.accepted_ms() <= clock_allows(server)
    assert server.heartbeat(tabs[0], 99, (0, 9_000)).rejected[0].reason is Reason.OTHER_DEVICE_ACTIVE


def test_ten_tabs_opened_again_and_again_share_one_clock() -> None:
    server = Server()
    for turn in range(200):
        stream = server.open()
        server.advance(1_000)
        for older in server.streams:
            server.heartbeat(older, turn, (turn * 10_000, turn * 10_000 + 10_000))
        assert server.active["li"] == stream
    assert server.accepted_ms() <= clock_allows(server)


def test_ten_courses_at_once_share_one_clock() -> None:
    server = Server()
    lessons = [f"course{number}" for number in range(10)]
    streams = [server.open(lesson=lesson) for lesson in lessons]
    for beat in range(40):
        server.advance(15_000)
        for stream in streams:
            server.heartbeat(stream, beat, (beat * 30_000, (beat + 1) * 30_000))
    assert server.accepted_ms() <= clock_allows(server, lessons=10)
    assert not any(server.is_complete(lesson=lesson) for lesson in lessons)


def test_looping_one_minute_fills_one_minute_and_hoards_nothing() -> None:
    server = Server(Criterion(max_speed_percent=100))
    stream = server.open()
    for beat in range(240):
        server.advance(15_000)
        start = beat % 4 * 15_000
        server.heartbeat(stream, beat, (start, start + 15_000))
    assert server.seen().measure == 60_000
    assert server.heartbeat(stream, 999, (60_000, LESSON_MS)).accepted.measure == SLACK


def test_the_clients_clock_is_not_asked() -> None:
    """Nothing of the rule takes a time from the client, so shifting its clock shifts nothing."""
    moments = [name for name in inspect.signature(rule.decide).parameters if name.endswith("now_ms")]
    assert moments == ["now_ms"]
    with pytest.raises(MalformedClaim):
        read_claim([[0, 15_000, 1_790_000_000_000]])


def test_replayed_heartbeats_are_answered_and_earn_nothing_more() -> None:
    server = Server()
    stream = server.open()
    server.advance(15_000)
    first = server.heartbeat(stream, 1, (0, 15_000))
    server.advance(600_000)
    assert server.heartbeat(stream, 1, (0, LESSON_MS)) is first
    assert server.accepted_ms() == 15_000


def test_reordered_heartbeats_earn_what_they_earn_in_order() -> None:
    server = Server()
    stream = server.open()
    server.advance(60_000)
    for beat in (3, 0, 2, 1):
        server.heartbeat(stream, beat, (beat * 15_000, (beat + 1) * 15_000))
    assert server.seen() == Intervals([(0, 60_000)])
    assert server.accepted_ms() <= clock_allows(server)


def test_one_heartbeat_after_an_idle_hour_earns_the_slack() -> None:
    server = Server()
    stream = server.open()
    server.advance(3_600_000)
    decision = server.heartbeat(stream, 1, (0, LESSON_MS))
    assert decision.accepted.measure == SLACK
    assert decision.rejected[0].reason is Reason.TOO_LATE


def test_a_little_watching_before_the_idle_hour_earns_one_heartbeat_of_it_at_most() -> None:
    server = Server()
    stream = server.open()
    server.advance(30_000)
    server.heartbeat(stream, 1, (0, 60_000))
    server.advance(3_600_000)
    decision = server.heartbeat(stream, 2, (60_000, LESSON_MS))
    assert decision.accepted.measure == 15_000 * 2 + SLACK


def test_many_idle_hours_earn_a_240th_of_them() -> None:
    server = Server(Criterion(max_speed_percent=100))
    stream = server.open()
    server.advance(15_000)
    server.heartbeat(stream, 0, (0, LESSON_MS))
    for hour in range(1, 11):
        server.advance(3_600_000)
        server.heartbeat(stream, hour, (0, LESSON_MS))
    assert server.accepted_ms() == 15_000 + SLACK + 10 * 15_000


def test_an_hour_of_empty_heartbeats_hoards_ten_minutes() -> None:
    server = Server(Criterion(max_speed_percent=100))
    stream = server.open()
    for beat in range(240):
        server.advance(15_000)
        server.heartbeat(stream, beat)
    assert server.heartbeat(stream, 999, (0, LESSON_MS)).accepted.measure == 600_000 + SLACK


def test_opening_a_stream_again_and_again_lends_the_slack_once() -> None:
    server = Server()
    for sequence in range(50):
        server.heartbeat(server.open(), sequence, (sequence * 15_000, (sequence + 1) * 15_000))
    assert server.accepted_ms() == SLACK


@pytest.mark.parametrize("bound", [float("nan"), float("inf"), float("-inf"), -1, 1e308, 2**63, "15000", True, None])
def test_numbers_that_are_no_moments_are_refused(bound: object) -> None:
    for pair in ([0, bound], [bound, 15_000], [bound, bound]):
        with pytest.raises(MalformedClaim):
            read_claim([pair])


def test_time_beyond_the_end_is_no_time() -> None:
    server = Server(durations={"lesson": 40_000})
    stream = server.open()
    server.advance(300_000)
    decision = server.heartbeat(stream, 1, (0, 10_000), (40_000, 400_000))
    assert decision.accepted == Intervals([(0, 10_000)])
    assert decision.rejected[0].reason is Reason.BEYOND_END
    assert decision.stream.spent_ms == 10_000
    assert not server.is_complete()


def test_a_thousand_slivers_earn_their_own_length() -> None:
    """Neither the join of neighbours nor the reach over gaps with seeking off counts a millisecond nobody claimed."""
    server = Server(Criterion(allow_seeking=False), durations={"lesson": 100_000})
    stream = server.open()
    server.advance(15_000)
    slivers = [(start, start + 1) for start in range(0, 100_000, 2_000)]
    assert all(later[0] - earlier[1] < rule.REACH_MS for earlier, later in pairwise(slivers))
    server.heartbeat(stream, 1, *slivers)
    assert rule.countable(server.seen(), server.criterion).measure == 50
    assert not server.is_complete()


def test_slivers_cannot_make_the_state_grow_without_end() -> None:
    server = Server()
    stream = server.open()
    for beat in range(60):
        server.advance(15_000)
        server.heartbeat(stream, beat, *[(beat * 8 + n * 40_000, beat * 8 + n * 40_000 + 1) for n in range(64)])
    assert len(server.seen()) <= rule.STATE_PIECES
    assert len(str(server.seen())) < 20_000


def test_a_criterion_cannot_be_changed_under_way() -> None:
    with pytest.raises(AttributeError):
        Criterion().threshold_percent = 1  # type: ignore[misc]


def test_a_robot_watching_at_one_to_one_is_not_told_from_a_person() -> None:
    """Said openly: time alone proves that time was given, not who gave it. `docs/progress.md` says what else helps."""
    server = Server(Criterion(max_speed_percent=100))
    stream = server.open()
    for beat in range(LESSON_MS // 15_000):
        server.advance(15_000)
        server.heartbeat(stream, beat, (beat * 15_000, (beat + 1) * 15_000))
    assert server.is_complete()
