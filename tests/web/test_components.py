"""The living page of components in a real browser: readable by everyone, and moving as it promises."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from tests.browser import DESKTOP, PHONE, LiveSite, assert_fits, axe_violations

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]


def opened(live: LiveSite, page: Page) -> Page:
    """``page`` at the style guide."""
    response = page.goto(f"{live.url}/styleguide")
    assert response is not None
    assert response.ok
    return page


@pytest.fixture
def guide(live: LiveSite, page: Page) -> Page:
    """The style guide, open."""
    return opened(live, page)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_component_is_accessible_and_fits(
    live: LiveSite, new_context: NewContext, size: Any, colours: Any
) -> None:
    page = opened(live, new_context(viewport=size, color_scheme=colours, reduced_motion="reduce").new_page())
    assert_fits(page)
    assert axe_violations(page) == []


def _order(page: Page) -> list[str]:
    items = page.locator("#sorting ~ div [data-sortable-item]")
    return [item.get_attribute("data-id") or "" for item in items.all()]


def test_lists_are_sorted_by_keyboard_and_each_step_is_said(guide: Page) -> None:
    handle = guide.locator("[data-id='1'] [data-sortable-handle]")
    voice = guide.locator("[aria-live=assertive]")
    handle.focus()
    guide.keyboard.press("Space")
    expect(voice).to_contain_text("第 1 项，共 3 项")
    guide.keyboard.press("ArrowDown")
    expect(voice).to_contain_text("第 2 项，共 3 项")
    expect(handle).to_be_focused()
    guide.keyboard.press("Space")
    assert _order(guide) == ["2", "1", "3"]


def test_escape_puts_a_lifted_item_back_and_says_nothing_changed(guide: Page) -> None:
    guide.evaluate("document.addEventListener('sortable:change', () => { window.changed = true })")
    guide.locator("[data-id='3'] [data-sortable-handle]").focus()
    for key in ("Enter", "ArrowUp", "ArrowUp", "Escape"):
        guide.keyboard.press(key)
    assert _order(guide) == ["1", "2", "3"]
    assert guide.evaluate("window.changed") is None


def test_dragging_emits_the_new_order_and_can_be_undone(guide: Page) -> None:
    guide.evaluate("document.addEventListener('sortable:change', event => { window.detail = event.detail })")
    handle = guide.locator("[data-id='1'] [data-sortable-handle]")
    handle.scroll_into_view_if_needed()
    start = handle.bounding_box()
    end = guide.locator("[data-id='3']").bounding_box()
    assert start
    assert end
    guide.mouse.move(start["x"] + 20, start["y"] + 20)
    guide.mouse.down()
    guide.mouse.move(start["x"] + 20, end["y"] + end["height"] - 4, steps=8)
    guide.mouse.up()
    assert guide.evaluate("window.detail.order.map(branch => branch.id)") == ["2", "3", "1"]
    guide.evaluate("window.detail.undo()")
    assert _order(guide) == ["1", "2", "3"]


def test_without_scripts_the_same_list_has_buttons_that_post(live: LiveSite, new_context: NewContext) -> None:
    page = opened(live, new_context(java_script_enabled=False).new_page())
    expect(page.get_by_role("button", name="下移“从地图到山水”")).to_be_visible()
    expect(page.get_by_role("button", name="移动“从地图到山水”", exact=True)).to_be_hidden()


def test_a_menu_closes_on_escape_and_gives_the_focus_back(guide: Page) -> None:
    summary = guide.get_by_label("更多").first
    summary.click()
    expect(guide.get_by_role("link", name="编辑")).to_be_visible()
    guide.keyboard.press("Escape")
    expect(guide.get_by_role("link", name="编辑")).to_be_hidden()
    expect(summary).to_be_focused()


def test_a_dialog_opens_over_the_page_and_closes(guide: Page) -> None:
    guide.get_by_role("link", name="打开对话框").click()
    dialog = guide.get_by_role("dialog", name="移除这个课时？")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_be_hidden()


def test_on_a_phone_the_side_column_is_a_sheet(live: LiveSite, new_context: NewContext) -> None:
    page = opened(live, new_context(viewport=PHONE).new_page())
    column = page.locator("#sample-sheet")
    expect(column).to_be_hidden()
    page.get_by_role("button", name="打开侧栏").click()
    expect(page.get_by_role("dialog", name="侧栏").locator("#sample-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(column).to_be_hidden()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_filters_answer_at_once_and_the_back_button_undoes_them(guide: Page) -> None:
    results = guide.locator("#sample-results")
    guide.get_by_role("checkbox", name="高职").check()
    expect(results).to_contain_text("vocational")
    expect(guide.get_by_role("checkbox", name="高职")).to_be_focused()
    assert guide.url.endswith("?level=vocational")
    guide.go_back()
    expect(results).to_contain_text("—")
    expect(guide.get_by_role("checkbox", name="高职")).not_to_be_checked()


def test_a_password_can_be_looked_at(guide: Page) -> None:
    field = guide.locator("#password")
    guide.get_by_role("button", name="显示密码").click()
    expect(field).to_have_attribute("type", "text")
    guide.get_by_role("button", name="隐藏密码").click()
    expect(field).to_have_attribute("type", "password")


def test_the_chosen_appearance_comes_with_the_next_page(guide: Page) -> None:
    guide.get_by_label("外观").select_option("dark")
    expect(guide.locator("html")).to_have_attribute("data-theme", "dark")
    guide.reload()
    expect(guide.locator("html")).to_have_attribute("data-theme", "dark")


def test_dropped_files_are_named_with_their_size(guide: Page) -> None:
    lecture: FilePayload = {"name": "第一讲.mp4", "mimeType": "video/mp4", "buffer": b"0" * 3_145_728}
    guide.locator("#files").set_input_files(lecture)
    expect(guide.locator(".filedrop__list")).to_contain_text("第一讲.mp4")
    expect(guide.locator(".filedrop__list")).to_contain_text("3 MB")


def test_a_form_is_sent_once_however_often_the_button_is_pressed(guide: Page) -> None:
    # Counts the submissions that would leave the page, and stays.
    guide.evaluate(
        """() => {
            window.left = 0;
            window.addEventListener("submit", event => {
                if (!event.defaultPrevented) window.left += 1;
                event.preventDefault();
            });
        }"""
    )
    button = guide.get_by_role("button", name="English")
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    button.click(force=True)
    assert guide.evaluate("window.left") == 1
