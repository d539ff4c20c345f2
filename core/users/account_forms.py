"""The forms of a person's own pages, and of the first log-in with an activation link."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_timezone_location
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from core import clock, i18n
from core.i18n import _l
from core.users.forms import new_password_field
from core.users.service import LONGEST_NAME
from core.web.fields import LineField
from core.web.once import OnceField

ZONES = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Asia/Hong_Kong",
    "Asia/Macau",
    "Asia/Taipei",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Almaty",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Africa/Nairobi",
    "Africa/Cairo",
    "Africa/Lagos",
    "Europe/Moscow",
    "Europe/Berlin",
    "Europe/London",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Australia/Sydney",
    "Pacific/Auckland",
)
"""What is offered; a person who already has another keeps it."""

LIFETIMES = {"30": _l("30 days"), "90": _l("90 days"), "365": _l("1 year"), "": _l("Until revoked")}


class ProfileForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """Name, language, time zone."""

    name = LineField(
        _l("Name"),
        longest=LONGEST_NAME,
        description=_l("As it should stand on your records of study"),
        validators=[InputRequired(_l("Type your name."))],
        render_kw={"autocomplete": "name"},
    )
    locale = SelectField(_l("Language"), choices=[SelectChoice(*item) for item in i18n.LOCALES.items()])
    timezone = SelectField(_l("Time zone"), description=_l("Dates and times are shown in it."))

    def __init__(self, *args: Any, present_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timezone.choices = zone_choices(present_zone)


def zone_choices(present: str) -> list[SelectChoice]:
    """Time zones from west to east with what their clocks show now, among them the one in use."""
    names = {*ZONES, present} & available_timezones()
    now = clock.now()
    zones = sorted((now.astimezone(ZoneInfo(name)).utcoffset() or timedelta(), name) for name in names)
    locale = i18n.get_locale()
    return [
        SelectChoice(name, f"{_offset(now, name)} {get_timezone_location(name, locale=locale)}") for _utc, name in zones
    ]


def _offset(moment: datetime, zone: str) -> str:
    digits = f"{moment.astimezone(ZoneInfo(zone)):%z}"
    return f"UTC{digits[:3]}:{digits[3:]}"


class TokenForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """A new API token."""

    name = LineField(
        _l("What it is for"),
        longest=80,
        description=_l("For example: export of the class record"),
        validators=[InputRequired(_l("Say what the token is for, so that you know later which one to revoke."))],
    )
    access = RadioField(
        _l("What it may do"),
        choices=[
            SelectChoice("read", _l("Read only")),
            SelectChoice("write", _l("Read and write, as you may yourself")),
        ],
        default="read",
    )
    lifetime = SelectField(_l("Valid for"), choices=[SelectChoice(*item) for item in LIFETIMES.items()], default="90")
    once = OnceField()

    def expires_at(self) -> datetime | None:
        """When it ends; None: not by itself."""
        return clock.now() + timedelta(days=int(self.lifetime.data)) if self.lifetime.data else None


class ActivationForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """The first password of somebody who was brought in by an institution."""

    password = new_password_field(_l("Your password"))
    agreement = BooleanField(
        _l("I have read how my data is used and agree"),
        validators=[InputRequired(_l("Without your agreement we may not keep an account for you."))],
    )
