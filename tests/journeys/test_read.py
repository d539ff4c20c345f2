"""Reading pages and documents in a real browser: time counts while they are looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser import PHONE, LiveSite, assert_fits, axe_violations, log_in
from tests.journeys.conftest import Classroom, stored

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]
PAGES = ["Early Spring, 1072", "Travellers among Mountains and Streams", "Wind in the Pines"]


def pdf(lines: list[str]) -> bytes:
    """A PDF with one line of text on each page (ISO 32000-1, section 7.5)."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(lines)))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(lines)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, line in enumerate(lines):
        content = f"BT /F1 24 Tf 60 420 Td ({line}) Tj ET"
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 640 480] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    parts, places = ["%PDF-1.7\n"], []
    for number, body in enumerate(bodies, 1):
        places.append(sum(map(len, parts)))
        parts.append(f"{number} 0 obj\n{body}\nendobj\n")
    start = sum(map(len, parts))
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    parts.append(f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}")
    parts.append(f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n")
    return "".join(parts).encode()


def test_a_page_is_read_while_it_is_looked_at(live: LiveSite, classroom: Classroom, new_context: NewContext) -> None:
    context = new_context()
    log_in(live, context, classroom.student)
    page = context.new_page()
    page.goto(f"{live.url}/courses/{classroom.course.slug}/lessons/{classroom.lesson.id + 1}")
    page.bring_to_front()
    expect(page.locator("#finished")).to_contain_text("本课时已完成", timeout=20_000)
    expect(page.locator("#standing")).to_contain_text("本课时已完成")
    assert axe_violations(page) == []


def test_a_document_is_shown_page_by_page_with_words_that_can_be_selected(
    live: LiveSite, classroom: Classroom, new_context: NewContext, tmp_path: Path
) -> None:
    file = tmp_path / "plates.pdf"
    file.write_bytes(pdf(PAGES))
    asset = stored(classroom.make, classroom.course, file, kind="document", media_type="application/pdf")
    lesson = classroom.make.lesson(
        classroom.course, kind="document", title="图版讲义", asset_id=asset.id, duration_ms=5_000
    )
    context = new_context(viewport=PHONE)
    log_in(live, context, classroom.student)
    page = context.new_page()
    page.goto(f"{live.url}/courses/{classroom.course.slug}/lessons/{lesson.id}")
    first = page.get_by_role("region", name="第 1 页，共 3 页")
    expect(first).to_contain_text(PAGES[0])
    assert first.locator("canvas").evaluate("c => c.width") > 300
    page.get_by_role("region", name="第 3 页，共 3 页").scroll_into_view_if_needed()
    expect(page.get_by_role("region", name="第 3 页，共 3 页")).to_contain_text(PAGES[2])
    assert_fits(page)
    page.bring_to_front()
    expect(page.locator("#finished")).to_contain_text("本课时已完成", timeout=20_000)
    assert axe_violations(page) == []
