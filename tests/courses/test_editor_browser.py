"""The editor in real Chromium: lessons dragged and moved by keyboard, and a text that survives a lost connection."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import Select, select

from core.courses.models import Chapter, Lesson, LessonDraft
from core.db import db
from core.tenancy import institution_scope
from tests.browser import PHONE, LiveSite, assert_fits, axe_violations, log_in
from tests.courses.conftest import Crew, make_crew

pytestmark = pytest.mark.browser

SAVED = "排序已保存。"


def look(crew: Crew, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What the database says now; the lock is let go at once, because the browser's requests want to write."""
    db.session.rollback()
    with institution_scope(crew.institution.id):
        rows = [tuple(row) for row in db.session.execute(query)]
    db.session.rollback()
    return rows


def outline_of(crew: Crew) -> list[tuple[str, list[str]]]:
    """Chapter and lesson titles as they stand in the database."""
    query = select(Chapter.title, Lesson.title).join(Lesson, Lesson.chapter_id == Chapter.id)
    rows = look(crew, query.order_by(Chapter.position, Lesson.position))
    chapters = list(dict.fromkeys(title for title, _lesson in rows))
    return [(title, [lesson for chapter, lesson in rows if chapter == title]) for title in chapters]


def handle(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"移动“{name}”", exact=True)


def drag(page: Page, name: str, onto: str) -> None:
    """Takes a lesson by its handle and lets it go just below another."""
    start, end = handle(page, name).bounding_box(), page.locator(f'[data-name="{onto}"]').bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    for part in range(1, 6):
        target = end["y"] + end["height"] * 0.8
        page.mouse.move(start["x"] + 10, start["y"] + (target - start["y"]) * part / 5)
    page.mouse.up()


def test_lessons_are_ordered_by_pointer_and_by_keyboard(
    live: LiveSite, new_context: Callable[..., BrowserContext]
) -> None:
    crew = make_crew(live.make)
    context = new_context()
    log_in(live, context, crew.leader)
    page = context.new_page()
    page.goto(live.url + crew.url)
    drag(page, "课时00", onto="课时10")
    expect(page.get_by_text(SAVED)).to_be_visible()
    assert outline_of(crew) == [("第0章", ["课时01"]), ("第1章", ["课时10", "课时00", "课时11"])]

    handle(page, "课时11").focus()
    for key in ("Space", "ArrowUp", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    with page.expect_response("**/order") as answered:
        page.keyboard.press("Space")
    assert answered.value.json() == {"version": 3}
    assert outline_of(crew) == [("第0章", ["课时01", "课时11"]), ("第1章", ["课时10", "课时00"])]

    handle(page, "第1章").focus()
    for key in ("Space", "ArrowUp"):
        page.keyboard.press(key)
    with page.expect_response("**/order"):
        page.keyboard.press("Space")
    assert [title for title, _lessons in outline_of(crew)] == ["第1章", "第0章"]
    page.reload()
    assert page.locator("[data-name]").first.get_attribute("data-name") == "第1章"


def test_a_colleagues_order_wins_and_mine_is_put_back(
    live: LiveSite, new_context: Callable[..., BrowserContext]
) -> None:
    crew = make_crew(live.make)
    pages = []
    for person in (crew.leader, crew.instructor):
        context = new_context()
        log_in(live, context, person)
        page = context.new_page()
        page.goto(live.url + crew.url)
        pages.append(page)
    first, second = pages
    drag(first, "课时00", onto="课时01")
    expect(first.get_by_text(SAVED)).to_be_visible()
    drag(second, "课时00", onto="课时11")
    expect(second.get_by_role("alert").filter(has_text="目录刚被别人改动过")).to_be_visible()
    assert second.locator("[data-name]").nth(1).get_attribute("data-name") == "课时00"
    assert outline_of(crew)[0] == ("第0章", ["课时01", "课时00"])


def test_what_was_typed_while_the_line_was_down_comes_back(
    live: LiveSite, new_context: Callable[..., BrowserContext]
) -> None:
    crew = make_crew(live.make)
    context = new_context(viewport=PHONE)
    log_in(live, context, crew.leader)
    url = f"{live.url}{crew.url}/lessons/{crew.lessons[0].id}"
    page = context.new_page()
    page.goto(url)
    context.set_offline(True)
    page.get_by_role("textbox", name="正文").fill("断线时写下的一段话")
    expect(page.locator("[data-draft-state]")).to_have_text("尚未保存")
    page.close()
    assert look(crew, select(LessonDraft.body)) == []

    context.set_offline(False)
    again = context.new_page()
    again.goto(url)
    expect(again.get_by_role("textbox", name="正文")).to_have_value("断线时写下的一段话")
    expect(again.locator("[data-draft-state]")).to_contain_text("草稿已于")
    assert look(crew, select(LessonDraft.body)) == [("断线时写下的一段话",)]

    again.get_by_role("button", name="预览", exact=True).click()
    expect(again.get_by_role("region", name="“正文”预览")).to_contain_text("断线时写下的一段话")
    assert_fits(again)
    assert axe_violations(again) == []
    again.get_by_role("button", name="保存").click()
    expect(again.get_by_text("已保存。")).to_be_visible()
    expect(again.get_by_role("textbox", name="正文")).to_have_value("断线时写下的一段话")
    assert again.evaluate("Object.keys(localStorage).length") == 0


def test_a_refused_text_is_a_draft_again(live: LiveSite, new_context: Callable[..., BrowserContext]) -> None:
    crew = make_crew(live.make)
    context = new_context()
    log_in(live, context, crew.leader)
    page = context.new_page()
    page.goto(f"{live.url}{crew.url}/lessons/{crew.lessons[0].id}")
    page.get_by_role("textbox", name="标题").fill("")
    page.get_by_role("textbox", name="正文").fill("没有标题的一段话")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("请填写课时名称。").first).to_be_visible()
    expect(page.locator("[data-draft-state]")).to_contain_text("草稿已于")
    assert look(crew, select(LessonDraft.title, LessonDraft.body)) == [("", "没有标题的一段话")]
