"""The public pages in real Chromium: filters that answer at once, enrolling, narrow windows, what axe-core finds."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser import PHONE, LiveSite, assert_fits, axe_violations, log_in

pytestmark = pytest.mark.browser
Contexts = Callable[..., BrowserContext]


@pytest.fixture
def shelf(live: LiveSite) -> str:
    """Three courses; the slug of the one with everything on its page."""
    school = live.make.institution(slug="jiangnan", name="江南职业技术学院")
    live.make.course(school, title="基础护理技术", subject="52", level="beginner")
    live.make.course(school, title="焊接工艺", subject="46", level="advanced")
    course = live.make.course(
        school,
        slug="cnc",
        title="数控车削编程与加工",
        summary="从读图到首件检验",
        subject="46",
        outcomes="- 看懂零件图\n- 完成首件检验",
        credit_hours=Decimal(48),
        has_certificate=True,
    )
    chapter = live.make.chapter(course, title="认识机床")
    live.make.lesson(course, chapter, title="六个部分", is_preview=True)
    live.make.lesson(course, chapter, title="安全", position=1)
    live.make.teammate(course, live.make.user(name="顾怀瑾"))
    live.make.run(course, capacity=30)
    return course.slug


def test_a_tick_changes_the_results_the_counts_and_the_address(
    live: LiveSite, new_context: Contexts, shelf: str
) -> None:
    page = new_context().new_page()
    page.goto(f"{live.url}/courses")
    expect(page.get_by_role("status").first).to_have_text("3 门课程")
    page.get_by_role("checkbox", name="装备制造大类").check()
    expect(page.get_by_text("2 门课程")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/courses\?subject=46$"))
    # The other facets count what is left: one of the two is advanced.
    expect(page.locator("input[name=level][value=advanced] ~ .choice__count")).to_have_text("1")
    page.get_by_role("searchbox").fill("焊接")
    page.get_by_role("button", name="搜索").click()
    expect(page.get_by_text("1 门课程")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=.*&subject=46$"))
    page.get_by_role("link", name="去掉条件：装备制造大类").click()
    expect(page).to_have_url(re.compile(r"/courses\?q=[^&]*$"))


def test_a_student_enrols_without_scripts(live: LiveSite, new_context: Contexts, shelf: str) -> None:
    context = new_context(java_script_enabled=False, viewport=PHONE)
    log_in(live, context, live.make.user(name="王一诺"))
    page = context.new_page()
    page.goto(f"{live.url}/courses")
    page.get_by_role("link", name="数控车削编程与加工").click()
    page.get_by_role("button", name="免费选课").click()
    expect(page.get_by_text("选课成功")).to_be_visible()
    expect(page.get_by_role("link", name="开始学习")).to_be_visible()
    page.goto(f"{live.url}/my")
    expect(page.get_by_role("heading", name="数控车削编程与加工")).to_be_visible()
    expect(page.get_by_text("0 / 2 课时")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_pages_fit_and_are_open_to_everybody(live: LiveSite, new_context: Contexts, shelf: str, size: str) -> None:
    context = new_context(**({"viewport": PHONE} if size == "phone" else {}))
    log_in(live, context, live.make.user(name="王一诺"))
    page = context.new_page()
    for address in ("/", "/courses", "/courses?q=无&subject=46", f"/courses/{shelf}", "/i/jiangnan", "/my"):
        page.goto(live.url + address)
        assert_fits(page)
        assert axe_violations(page) == [], address
