"""The administration in Chromium: a list handed in and imported, every page fit for phones and free of barriers."""

from collections.abc import Callable
from threading import Thread

import pytest
from playwright.sync_api import BrowserContext, expect

from core.jobs.runner import work_off
from tests.browser import DESKTOP, PHONE, LiveSite, assert_fits, axe_violations, log_in

pytestmark = pytest.mark.browser

LIST = "姓名,学号,邮箱\n王小明,1,w@b.cn\n李小红,2,nobody\n"
PAGES = (
    "people",
    "people/new",
    "people/{user}",
    "people/{user}/remove",
    "imports",
    "courses",
    "rules",
    "profile",
    "log",
)


def test_a_list_is_checked_and_imported_while_the_page_follows(
    live: LiveSite, new_context: Callable[..., BrowserContext]
) -> None:
    institution = live.make.institution(slug="jz")
    context = new_context()
    log_in(live, context, live.make.member(institution, "administrator"))
    page = context.new_page()
    page.goto(f"{live.url}/admin/jz/imports")
    page.set_input_files("input[type=file]", {"name": "新生.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    page.get_by_role("button", name="检查名单").click()
    work(live)
    # Nobody reloads: the page follows its task.
    page.get_by_role("button", name="导入这 1 人").click()
    work(live)
    expect(page.get_by_text("这份名单已导入")).to_be_visible()
    assert axe_violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="下载 CSV").click()
    assert "/activate/" in download.value.path().read_text("utf-8-sig")


def work(live: LiveSite) -> None:
    """A worker comes by: in a thread, so that its session is not the test's."""
    thread = Thread(target=work_off, args=(live.app,))
    thread.start()
    thread.join()


def test_every_page_fits_a_phone_and_has_no_barriers(
    live: LiveSite, new_context: Callable[..., BrowserContext]
) -> None:
    institution = live.make.institution(slug="jz", introduction="培养职业教育师资。")
    boss = live.make.member(institution, "administrator", name="郝建国")
    live.make.course(institution, boss)
    member = live.make.member(institution, name="欧阳娜娜", home_id=institution.id)
    for size in (DESKTOP, PHONE):
        context = new_context(viewport=size)
        log_in(live, context, boss)
        page = context.new_page()
        for path in PAGES:
            answer = page.goto(f"{live.url}/admin/jz/{path.format(user=member.id)}")
            assert answer is not None
            assert answer.status == 200
            assert_fits(page)
            assert axe_violations(page) == [], path
