"""Pages and documents take as long as their text takes to read."""

import pytest

from core.progress.reading import LONGEST_MS, SHORTEST_MS, reading_criterion, reading_ms
from core.progress.rule import Criterion
from tests.progress.server_in_memory import Server


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 5),
        ("课", 5),
        ("课" * 500, 60),
        ("课程，" * 250, 60),
        ("word " * 240, 60),
        ("teacher's well-kept " * 120, 60),
        ("课" * 250 + " word" * 120, 60),
        ("字" * 100_000, 300),
        ("2026 年" * 60, 60 * 60 / 240 + 60 * 60 / 500),
    ],
)
def test_reading_time_follows_the_length(text: str, seconds: float) -> None:
    assert reading_ms(text) == round(seconds * 1000)


def test_it_stays_between_five_seconds_and_five_minutes() -> None:
    assert (SHORTEST_MS, LONGEST_MS) == (5_000, 300_000)


def test_a_page_is_read_under_the_same_rule_at_no_more_than_the_clock() -> None:
    server = Server(reading_criterion(Criterion(max_speed_percent=200)), durations={"page": reading_ms("课" * 500)})
    stream = server.open(lesson="page")
    server.advance(15_000)
    server.heartbeat(stream, 1, (0, 60_000))
    assert server.seen(lesson="page").measure == 30_000
    server.advance(24_000)
    server.heartbeat(stream, 2, (30_000, 60_000))
    assert server.is_complete(lesson="page")
