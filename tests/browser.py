"""Real pages in real Chromium: a running site and a browser whose every console error fails the test."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from core.db import db
from tests import factories
from tests.conftest import Site

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


@dataclass
class LiveSite:
    """A site that answers on a free port of 127.0.0.1, on SQLite."""

    app: Flask
    url: str
    make: factories.Factory


@pytest.fixture
def live(request: pytest.FixtureRequest) -> Iterator[LiveSite]:
    """The application behind a threaded server; rows made through ``live.make`` are seen by the browser."""
    site: Site = request.getfixturevalue("_sqlite")
    site.empty()
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with site.app.app_context():
        try:
            yield LiveSite(site.app, f"http://127.0.0.1:{server.server_port}", factories.Factory())
        finally:
            db.session.remove()
            server.shutdown()
            thread.join(5)
            server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: `make test` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """``new_context(**options)`` is another person's (or another device's) browser; closed after the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"locale": "zh-CN", "viewport": DESKTOP, **options})
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    # A refused request is logged by the browser as an error although the page may expect it.
    serious = [text for text in complaints if not text.startswith("Failed to load resource")]
    assert not serious, "the browser's console reported: " + "; ".join(serious)


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A fresh page at 1280 × 800 in Chinese."""
    return new_context().new_page()


def log_in(live: LiveSite, context: BrowserContext, user: Any) -> None:
    """Gives ``context`` the cookie of a session of ``user``, without going through the form."""
    client = factories.logged_in(live.app, user)
    cookie = client.get_cookie("jinke_session")
    assert cookie is not None
    context.add_cookies([{"name": "jinke_session", "value": cookie.value, "url": live.url}])


def assert_fits(page: Page) -> None:
    """Nothing scrolls sideways."""
    width, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= seen, f"the page is {width}px wide in a window of {seen}px"


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, as ``rule: element`` lines."""
    source = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
    # Evaluated by the debugger, which a page's content security policy does not bind.
    page.evaluate(source.read_text())
    found = page.evaluate(
        "() => axe.run({preload: false, runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})"
        ".then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target.join(' '))))"
    )
    return list(found)
