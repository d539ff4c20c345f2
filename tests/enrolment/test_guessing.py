"""Enrolment codes cannot be tried for ever. On a site of its own, because other tests run without limits."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from core import schema
from core.app import create_app
from core.db import db
from core.web.security import limiter
from tests.browser_less import submit
from tests.client import Client
from tests.conftest import TEST_SETTINGS
from tests.factories import Factory, logged_in


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Flask]:
    """A site with rate limits."""
    app = create_app(home=tmp_path, **(TEST_SETTINGS | {"rate_limits": True}))
    app.test_client_class = Client
    with app.app_context():
        schema.upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()
    limiter.enabled = False


def test_after_ten_wrong_codes_the_person_waits_and_others_do_not(limited: Flask) -> None:
    make = Factory()
    course = make.course()
    make.run(course, policy="code", code="CNC-2026")
    page = f"/courses/{course.slug}"
    guesser = logged_in(limited, make.user())
    statuses = [submit(guesser, page, {"code": f"CNC-{n}"}, to=f"{page}/enrol").status_code for n in range(11)]
    assert statuses == [422] * 10 + [429]
    assert submit(guesser, page, {"code": "CNC-2026"}, to=f"{page}/enrol").status_code == 429
    other = logged_in(limited, make.user())
    assert submit(other, page, {"code": "CNC-2026"}, to=f"{page}/enrol").status_code == 302
