"""What may come between a learner and a lecture: an ended session, a replaced file, a link that has expired."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from core.courses.models import Lesson
from core.db import db
from core.tenancy import institution_scope
from tests.browser import LiveSite, log_in
from tests.journeys.conftest import Classroom
from tests.journeys.watching import film, heard, notice, place, plays_to, visit

pytestmark = pytest.mark.browser


@pytest.fixture
def watching(live: LiveSite, classroom: Classroom, new_context: Callable[..., BrowserContext]) -> Page:
    """Two seconds into the lecture, playing."""
    page = visit(live, classroom, new_context())
    film(page, "v.play()")
    plays_to(page, 2)
    return page


def test_who_was_logged_out_logs_in_elsewhere_and_loses_nothing(
    live: LiveSite, classroom: Classroom, watching: Page
) -> None:
    page = watching
    page.context.clear_cookies()
    film(page, "v.pause()")
    expect(notice(page, "logged_out")).to_contain_text("登录后自动上报")
    expect(notice(page, "logged_out").get_by_role("link", name="登录")).to_be_visible()
    assert classroom.progress().watched_ms == 0
    # In another window of the same browser.
    heard(page, lambda: log_in(live, page.context, classroom.student))
    expect(notice(page, "logged_out")).to_be_hidden()
    assert abs(classroom.progress().watched_ms / 1000 - place(page)) <= 1


def test_somebody_elses_session_does_not_get_what_this_person_watched(
    live: LiveSite, classroom: Classroom, watching: Page
) -> None:
    page = watching
    page.context.clear_cookies()
    film(page, "v.pause()")
    expect(notice(page, "logged_out")).to_be_visible()
    log_in(live, page.context, classroom.make.user())
    page.wait_for_timeout(3_000)
    expect(notice(page, "logged_out")).to_be_visible()
    assert classroom.progress().watched_ms == 0


def test_a_replaced_file_is_said_and_the_page_can_be_loaded_again(classroom: Classroom, watching: Page) -> None:
    page = watching
    with institution_scope(classroom.course.institution_id):
        other = classroom.make.asset(classroom.course)
        db.session.execute(update(Lesson).where(Lesson.id == classroom.lesson.id).values(asset_id=other.id))
        db.session.commit()
    film(page, "v.pause()")
    expect(notice(page, "replaced")).to_contain_text("教师更换了本课时的文件")
    expect(notice(page, "replaced").get_by_role("button", name="重新加载页面")).to_be_visible()


def test_a_link_that_expired_is_renewed_and_the_film_goes_on_where_it_stood(watching: Page) -> None:
    page = watching
    heard(page, lambda: film(page, "v.pause()"))
    stopped = place(page)
    page.route("**/files/media/**", lambda route: route.fulfill(status=403))
    film(page, "v.src = v.src.split('#')[0] + '#t=0'; v.load()")
    expect(notice(page, "media_lost")).to_be_visible()
    page.unroute("**/files/media/**")
    notice(page, "media_lost").get_by_role("button", name="重试").click()
    plays_to(page, stopped - 0.5)
    assert abs(place(page) - stopped) < 1
