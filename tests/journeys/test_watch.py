"""Watching a lecture in a real browser: what was watched is counted to the second, on every device."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from core.files import queries
from tests.browser import PHONE, LiveSite, assert_fits, axe_violations, log_in
from tests.journeys.conftest import SECONDS, Classroom, furnish
from tests.journeys.watching import A_MINUTE_LATER, film, heard, notice, place, plays_to, ready, visit

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def watching(live: LiveSite, classroom: Classroom, new_context: NewContext) -> Page:
    """The lesson in the student's browser, its controls ready."""
    return visit(live, classroom, new_context())


def test_a_lecture_at_double_speed_is_completed_and_counted_to_the_second(watching: Page, classroom: Classroom) -> None:
    page = watching
    expect(page.locator("#standing")).to_have_text("还没有观看：需要看满 0:36，全长 0:40")
    film(page, "v.playbackRate = 2")
    page.locator("media-play-button").click()
    expect(page.locator("#finished")).to_contain_text("本课时已完成", timeout=30_000)
    expect(page.locator("#finished")).to_contain_text("继续学习“三远法”")
    expect(page.locator("[aria-current=page] .ring")).to_have_attribute("aria-label", "已完成")
    expect(page.locator("#course-progress")).to_contain_text("1 / 2 课时")
    expect(page.locator("#standing")).to_have_text("已观看 0:40 / 0:40，本课时已完成", timeout=15_000)
    progress = classroom.progress()
    assert abs(progress.watched_ms - SECONDS * 1000) <= 1_000, progress.watched
    assert progress.completed_at is not None
    assert progress.rejected_ms == 0
    assert progress.unfetched_ms == 0
    assert axe_violations(page) == []


def test_another_browser_goes_on_at_the_second_and_the_first_steps_back(
    live: LiveSite, classroom: Classroom, watching: Page, new_context: NewContext
) -> None:
    first = watching
    first.keyboard.press("Space")
    plays_to(first, 3)
    heard(first, lambda: first.keyboard.press("Space"))
    stopped = place(first)
    assert abs(classroom.progress().position_ms / 1000 - stopped) < 0.3
    assert abs(classroom.progress().watched_ms / 1000 - stopped) <= 1

    second = visit(live, classroom, new_context(viewport=PHONE, has_touch=True))
    assert abs(place(second) - stopped) < 1
    assert_fits(second)
    film(first, "v.play()")
    film(second, "v.play()")
    plays_to(second, stopped + 2)
    heard(first, lambda: film(first, "v.pause()"))
    expect(notice(first, "superseded")).to_be_visible()
    heard(second, lambda: film(second, "v.pause()"))

    # Taken back by the button; what both showed at once counts once.
    first.get_by_role("button", name="在这里继续").click()
    expect(notice(first, "superseded")).to_be_hidden()
    plays_to(first, stopped + 4)
    heard(first, lambda: film(first, "v.pause()"))
    counted = classroom.progress().watched_ms / 1000
    assert abs(counted - place(first)) <= 1


def test_a_line_that_drops_loses_nothing(watching: Page, classroom: Classroom) -> None:
    page = watching
    film(page, "v.play()")
    plays_to(page, 1)
    page.context.set_offline(True)
    # Each pause would be a report; none of them gets through.
    for seconds in (3, 5):
        plays_to(page, seconds)
        film(page, "v.pause()")
        film(page, "v.play()")
    expect(notice(page, "offline")).to_be_visible()
    film(page, "v.pause()")
    assert classroom.progress().watched_ms == 0
    heard(page, lambda: page.context.set_offline(False))
    expect(notice(page, "sent")).to_be_visible()
    page.wait_for_timeout(300)
    progress = classroom.progress()
    assert abs(progress.watched_ms / 1000 - place(page)) <= 1, progress.watched
    assert progress.rejected_ms == 0


def test_what_a_crashed_page_had_not_sent_is_sent_by_the_next(
    live: LiveSite, classroom: Classroom, new_context: NewContext
) -> None:
    context = new_context()
    page = visit(live, classroom, context)
    film(page, "v.play()")
    plays_to(page, 3)
    # The browser is gone in the middle of the film, and whatever it tries to say at the end is lost.
    context.set_offline(True)
    page.close()
    assert classroom.progress().watched_ms == 0
    context.set_offline(False)
    again = context.new_page()
    again.goto(live.url + "/healthz")
    again.evaluate(A_MINUTE_LATER)
    heard(again, lambda: again.goto(live.url + classroom.path))
    assert classroom.progress().watched_ms >= 2_000
    ready(again)
    assert place(again) >= 2


def test_by_keyboard_and_transcript(watching: Page, classroom: Classroom) -> None:
    page = watching
    page.keyboard.press("c")
    assert film(page, "return [...v.textTracks].filter(t => t.mode === 'showing').map(t => t.language)") == ["zh-CN"]
    page.keyboard.press("c")
    assert film(page, "return [...v.textTracks].filter(t => t.mode === 'showing').length") == 0
    page.keyboard.press("ArrowRight")
    assert abs(place(page) - 5) < 0.3
    page.keyboard.press("l")
    assert abs(place(page) - 15) < 0.3
    page.keyboard.press("ArrowLeft")
    assert abs(place(page) - 10) < 0.3
    page.keyboard.press(">")
    assert film(page, "return v.playbackRate") == 1.25
    for _press in range(6):
        page.keyboard.press(">")
    assert film(page, "return v.playbackRate") == 2
    page.keyboard.press("<")
    assert film(page, "return v.playbackRate") == 1.75

    line = page.get_by_role("link", name="雨点皴如雨打墙头")
    line.click()
    assert abs(place(page) - 23.3) < 0.3
    expect(line).to_have_attribute("aria-current", "true")
    field = page.get_by_role("searchbox", name="搜索文稿")
    field.fill("大")
    expect(page.locator("#transcript-hint")).to_have_text("找到 2 处")
    expect(page.locator(".transcript mark")).to_have_count(2)
    # Letters typed into a field are letters.
    field.press("f")
    assert not page.evaluate("!!document.fullscreenElement")
    page.get_by_role("link", name="English").last.click()
    expect(page.locator(".transcript")).to_contain_text("Three distances")


def test_the_player_keeps_to_the_rule_where_skipping_is_not_allowed(
    live: LiveSite, lecture: Path, new_context: NewContext
) -> None:
    queries._stored_file.cache_clear()
    strict = furnish(live.app, live.make, lecture, SECONDS, allow_seeking=False, max_speed=100)
    page = visit(live, strict, new_context())
    expect(page.locator("#counts")).to_contain_text("从头看起、不跳过")
    film(page, "v.play()")
    plays_to(page, 2)
    film(page, "v.currentTime = 30")
    expect(page.locator("#toasts")).to_contain_text("不能跳过")
    assert place(page) < 5
    film(page, "v.playbackRate = 2")
    expect(page.locator("#toasts")).to_contain_text("只计入 1 倍速以内")
    assert film(page, "return v.playbackRate") == 1
    heard(page, lambda: film(page, "v.pause()"))
    assert strict.progress().watched_ms >= 1_500


def test_without_scripts_the_lecture_plays_and_the_page_says_that_it_is_not_counted(
    live: LiveSite, classroom: Classroom, new_context: NewContext
) -> None:
    context = new_context(java_script_enabled=False)
    log_in(live, context, classroom.student)
    page = context.new_page()
    page.goto(live.url + classroom.path)
    expect(page.locator("video[controls]")).to_be_visible()
    expect(page.locator(".transcript")).to_contain_text("雨点皴如雨打墙头")
    expect(page.locator("#not-counting")).to_be_visible(timeout=10_000)
    expect(page.locator("#not-counting")).to_contain_text("没有计入进度")
