"""Moments are typed and shown on the person's own clock."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask_login import login_user

from core.i18n import format_datetime
from core.web.fields import in_utc
from tests.factories import Factory

NOON = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "hour"), [(None, 12), ("Asia/Shanghai", 12), ("Asia/Urumqi", 10), ("UTC", 4)])
def test_what_is_typed_is_what_is_shown(app: Flask, make: Factory, zone: str | None, hour: int) -> None:
    typed = NOON.replace(hour=hour, tzinfo=None)
    with app.test_request_context():
        login_user(make.user(timezone=zone))
        assert in_utc(typed) == NOON
        assert format_datetime(NOON) == f"2026年9月1日 {typed:%H:%M}"
