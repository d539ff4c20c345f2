"""What a person does with the player of a lesson, in a browser."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser import LiveSite, log_in
from tests.journeys.conftest import Classroom

A_MINUTE_LATER = """() => {
  for (const [key, text] of Object.entries(localStorage)) {
    if (!key.startsWith('jinke.watch.')) continue;
    const entry = JSON.parse(text);
    localStorage.setItem(key, JSON.stringify({...entry, at: entry.at - 60_000}));
  }
}"""
"""Makes what the browser wrote down a minute older."""


def visit(live: LiveSite, classroom: Classroom, context: BrowserContext) -> Page:
    """Opens the lesson as the student, in a browser that may be new."""
    log_in(live, context, classroom.student)
    page = context.new_page()
    page.goto(live.url + classroom.path)
    ready(page)
    return page


def ready(page: Page) -> None:
    """Waits until the player stands, with the sound off so that it may start by itself."""
    expect(page.locator("media-fullscreen-button")).to_be_visible()
    film(page, "v.muted = true")


def film(page: Page, script: str) -> object:
    """Runs a script about the video element ``v``."""
    return page.evaluate(f"() => {{ const v = document.querySelector('video'); {script} }}")


def place(page: Page) -> float:
    """Where the film stands, in seconds."""
    return float(str(film(page, "return v.currentTime")))


def plays_to(page: Page, seconds: float) -> None:
    """Waits until the film has played to that place."""
    page.evaluate(
        """(seconds) => new Promise((done) => {
             const v = document.querySelector('video');
             const look = () => v.currentTime >= seconds ? done() : setTimeout(look, 50);
             look();
           })""",
        seconds,
    )


def heard(page: Page, act: Callable[[], object]) -> None:
    """Does something, and waits until the server has answered the report that follows."""
    with page.expect_response(lambda answer: "/heartbeats" in answer.url and answer.ok):
        act()


def notice(page: Page, name: str) -> Locator:
    """What the page says about a trouble of that name."""
    return page.locator(f"[data-notice={name}]")
