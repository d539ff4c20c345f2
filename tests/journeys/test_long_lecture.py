"""A real lecture, watched whole at normal speed: what the person saw is what is counted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from core.files import queries
from media.probe import probe
from media.sniff import sniff_file
from tests.browser import LiveSite
from tests.journeys.conftest import furnish
from tests.journeys.watching import film, visit

pytestmark = [pytest.mark.browser, pytest.mark.judge]


def test_a_lecture_of_six_minutes_keeps_all_of_its_credit(
    live: LiveSite, samples: Path, new_context: Callable[..., BrowserContext]
) -> None:
    recording = samples / "video" / "long-6min-1080p-lowrate.mp4"
    queries._stored_file.cache_clear()
    seconds = probe(recording, sniff_file(recording)).duration_ms / 1000
    classroom = furnish(live.app, live.make, recording, seconds)
    page = visit(live, classroom, new_context())
    page.locator("media-play-button").click()
    page.wait_for_timeout(1_000)
    assert film(page, "return v.playbackRate") == 1
    page.evaluate(
        """() => new Promise((done) => document.querySelector('video').addEventListener('ended', done))""",
    )
    expect(page.locator("#standing")).to_contain_text("本课时已完成")
    page.wait_for_timeout(2_000)
    progress = classroom.progress()
    assert progress.completed_at is not None
    assert progress.watched_ms >= 0.99 * seconds * 1000, progress.watched
    assert progress.rejected_ms == 0
    assert progress.unfetched_ms == 0
