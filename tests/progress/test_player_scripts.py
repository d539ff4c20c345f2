"""The player's own reckoning, driven by hand in a real browser: it claims what was played and no millisecond more."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from core.web import static

pytestmark = pytest.mark.browser


SCRIPTS = Path(static.ROOT) / "js"
SITE = "http://scripts.test/"


@pytest.fixture
def script(page: Page) -> Any:
    """``script("recorder.js", "…")`` runs code with the module's exports in ``m`` and returns its value.

    The browser gets the files from the disk: no site has to run for them.
    """

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(SITE)
        if name:
            route.fulfill(body=(SCRIPTS / name).read_text(), content_type="text/javascript")
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    page.route(SITE + "**", answer)
    page.goto(SITE)

    def run(module: str, code: str) -> Any:
        return page.evaluate(f"async () => {{ const m = await import('jinke/player/{module}'); {code} }}")

    return run


PAGE = '<!doctype html><script type="importmap">{"imports": {"jinke/": "/"}}</script>'

FILM = """
  const video = {currentTime: 0, playbackRate: 1, paused: false, seeking: false};
  let now = 0;
  const recorder = new m.Recorder(video, {maxSpeed: 2, clock: () => now});
  const play = (seconds, rate = 1, step = 0.25) => {
    video.paused = false; video.playbackRate = rate; recorder.sample();
    for (let t = 0; t < seconds - 1e-9; t += step) {
      now += step * 1000; video.currentTime += step * rate; recorder.sample();
    }
  };
  const pause = () => { video.paused = true; recorder.sample(); };
  const seek = (place) => { video.currentTime = place; recorder.interrupt(); recorder.sample(); };
"""


def test_what_plays_is_claimed(script: Any) -> None:
    assert script("recorder.js", FILM + "play(10); pause(); return recorder.take();") == [[0, 10_000]]


def test_claims_join_without_a_gap_and_without_an_overlap(script: Any) -> None:
    code = "play(7.3, 1.3); const first = recorder.take(); play(5); return [...first, ...recorder.take()];"
    first, second = script("recorder.js", FILM + code)
    assert first[1] == second[0]
    assert 14_749 <= second[1] <= 14_750


def test_fractions_are_rounded_against_the_claimant(script: Any) -> None:
    code = "video.currentTime = 0.0004; play(1, 1, 0.2001); pause(); return recorder.take();"
    [[start, end]] = script("recorder.js", FILM + code)
    assert start == 1
    assert end == 1000


def test_a_jump_is_not_played(script: Any) -> None:
    code = "play(5); seek(100); play(5); pause(); return recorder.take();"
    assert script("recorder.js", FILM + code) == [[0, 5_000], [100_000, 105_000]]


def test_a_jump_that_nobody_announced_is_not_played_either(script: Any) -> None:
    code = "play(5); video.currentTime = 100; play(5); pause(); return recorder.take();"
    assert script("recorder.js", FILM + code) == [[0, 5_000], [100_000, 105_000]]


def test_going_back_claims_the_part_again(script: Any) -> None:
    code = "play(5); recorder.take(); seek(1); play(3); pause(); return recorder.take();"
    assert script("recorder.js", FILM + code) == [[1_000, 4_000]]


def test_faster_than_allowed_is_not_claimed(script: Any) -> None:
    assert script("recorder.js", FILM + "play(10, 16); pause(); return recorder.take();") == []
    assert script("recorder.js", FILM + "play(10, 2); pause(); return recorder.take();") == [[0, 20_000]]


def test_a_laptop_that_slept_claims_what_it_showed(script: Any) -> None:
    code = "play(5); now += 3_600_000; play(5); pause(); return recorder.take();"
    assert script("recorder.js", FILM + code) == [[0, 10_000]]


def test_while_the_film_stalls_nothing_is_claimed(script: Any) -> None:
    stall = "for (let i = 0; i < 40; i++) { now += 250; recorder.sample(); }"
    code = f"play(5); {stall} play(1); pause(); return recorder.take();"
    assert script("recorder.js", FILM + code) == [[0, 6_000]]


def test_sets_of_time_are_the_servers(script: Any) -> None:
    assert script("intervals.js", "return m.union([[5, 9], [0, 3], [3, 4], [8, 12], [7, 7]]);") == [[0, 4], [5, 12]]
    assert script("intervals.js", "return m.connected([[0, 10], [11, 20], [50, 60]], 2);") == [[0, 10], [11, 20]]
    assert script("intervals.js", "return m.firstMissing([[0, 10], [10, 20], [30, 40]]);") == 20


READER = """
  let now = 0, seen = true;
  const clock = new m.ReadingClock({watched: [[0, 1000]], duration_ms: 10_000}, {inView: () => seen, clock: () => now});
  const read = (seconds) => { for (let t = 0; t < seconds * 2; t++) { now += 500.4; clock.look(); } };
  clock.look();
"""


def test_reading_counts_while_the_page_is_in_view_and_goes_on_where_it_stopped(script: Any) -> None:
    code = "read(3); seen = false; read(60); seen = true; clock.look(); read(2); return clock.take();"
    [[start, end]] = script("reading.js", READER + code)
    assert start == 1_000
    assert 6_000 <= end <= 6_004


def test_a_page_that_slept_was_not_read(script: Any) -> None:
    [[_start, end]] = script(
        "reading.js", READER + "read(1); now += 60_000; clock.look(); read(1); return clock.take();"
    )
    assert end <= 3_002


def test_reading_ends_with_the_text(script: Any) -> None:
    assert script("reading.js", READER + "read(60); return clock.take();") == [[1_000, 10_000]]


JOURNAL = """
  localStorage.clear();
  const mine = m.Journal.begin(7, "stream", 3);
  const others = () => m.leftBehind(7).map(({stream, queue}) => [stream, queue.map(r => [r.sequence, r.intervals])]);
"""


def test_what_a_closed_page_had_not_sent_is_found_by_the_next(script: Any) -> None:
    code = """mine.report([[0, 5]], 5); mine.sending(mine.queue[0]); mine.draft([[5, 8]], 8);
              mine.release(); return others();"""
    assert script("journal.js", JOURNAL + code) == [["stream", [[0, [[0, 5]]], [1, [[5, 8]]]]]]


def test_a_page_that_lives_keeps_its_journal(script: Any) -> None:
    assert script("journal.js", JOURNAL + "mine.draft([[5, 8]], 8); return others();") == []


def test_a_journal_taken_over_is_known_to_be_lost(script: Any) -> None:
    code = "mine.report([[0, 5]], 5); mine.release(); others(); return mine.isLost;"
    assert script("journal.js", JOURNAL + code) is True


def test_another_persons_journal_is_left_alone(script: Any) -> None:
    code = "mine.report([[0, 5]], 5); mine.release(); return m.leftBehind(8).length;"
    assert script("journal.js", JOURNAL + code) == 0


def test_reports_that_were_never_sent_are_put_together(script: Any) -> None:
    code = """mine.report([[0, 5]], 5); mine.sending(mine.queue[0]);
              mine.report([[5, 8]], 8); mine.report([[8, 12]], 12);
              return mine.queue.map(r => [r.sequence, r.intervals, r.position_ms]);"""
    assert script("journal.js", JOURNAL + code) == [[0, [[0, 5]], 5], [1, [[5, 12]], 12]]
