"""The whole way of somebody new: register, enrol, watch, see that the progress is right, go on in another browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import PHONE, LiveSite, assert_fits
from tests.journeys.conftest import SECONDS, Classroom
from tests.journeys.watching import film, heard, place, plays_to, ready

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]
EMAIL = "lin.yue@example.com"
PASSWORD = "山水有清音-1127"


def log_in_by_form(page: Page) -> None:
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()


def test_from_registering_to_a_completed_lesson_on_two_devices(
    live: LiveSite, classroom: Classroom, new_context: NewContext
) -> None:
    course = f"{live.url}/courses/{classroom.course.slug}"
    page = new_context().new_page()

    page.goto(course)
    page.get_by_role("main").get_by_role("link", name="注册").click()
    page.locator("input[name=name]").fill("林悦")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=agreement]").check()
    page.get_by_role("main").get_by_role("button", name="注册").click()
    page.get_by_role("main").get_by_role("link", name="登录").click()
    log_in_by_form(page)

    expect(page).to_have_url(course)
    page.get_by_role("button", name="免费选课").click()
    page.get_by_role("link", name="开始学习").first.click()

    ready(page)
    film(page, "v.playbackRate = 2")
    page.locator("media-play-button").click()
    plays_to(page, 14)
    heard(page, lambda: film(page, "v.pause()"))
    stopped = place(page)
    assert abs(classroom.progress().watched_ms / 1000 - stopped) <= 1
    expect(page.locator("#standing")).to_contain_text(
        f"已观看 0:{int(stopped):02} / 0:40，还差 0:{int(stopped):02}–0:40"
    )

    phone = new_context(viewport=PHONE, has_touch=True).new_page()
    phone.goto(f"{live.url}/login?next=/my")
    log_in_by_form(phone)
    expect(phone.locator("#resume")).to_have_text(classroom.lesson.title)
    phone.get_by_role("link", name="继续", exact=True).first.click()
    ready(phone)
    assert_fits(phone)
    assert abs(place(phone) - stopped) < 1
    film(phone, "v.playbackRate = 2; v.play()")
    expect(phone.locator("#finished")).to_contain_text("本课时已完成", timeout=30_000)
    expect(phone.locator("#standing")).to_have_text("已观看 0:40 / 0:40，本课时已完成", timeout=15_000)
    progress = classroom.progress()
    assert abs(progress.watched_ms - SECONDS * 1000) <= 1_000, progress.watched
    assert progress.completed_at is not None
