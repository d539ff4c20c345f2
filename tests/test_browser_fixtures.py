"""The browser fixtures themselves: a page opens, and what it complains about is heard."""

import pytest
from playwright.sync_api import Page

from tests.browser import LiveSite, axe_violations

pytestmark = pytest.mark.browser


def test_the_site_answers_in_a_real_browser(live: LiveSite, page: Page) -> None:
    response = page.goto(f"{live.url}/healthz")
    assert response is not None
    assert response.status == 200


def test_axe_sees_a_missing_name(live: LiveSite, page: Page) -> None:
    page.goto(f"{live.url}/healthz")
    page.set_content('<html lang="en"><title>x</title><main><button></button></main></html>')
    assert any(line.startswith("button-name") for line in axe_violations(page))
