"""Form fields that refuse what a database cannot hold, and speak of time as the person's own clock shows it."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from wtforms import DateTimeLocalField, Field, StringField, TextAreaField
from wtforms.validators import Length, StopValidation, ValidationError

from core.i18n import _

UNSTORABLE = re.compile("[\x00\ud800-\udfff\ufffd]")
"""NUL and halves of characters, which PostgreSQL or UTF-8 refuse, and what stands for bytes in another encoding."""

LARGEST_ID = 2**31 - 1
"""What an id column holds; a larger number names nothing."""


def storable(text: str) -> str:
    """``text`` as it will be kept: line ends made one kind. Raises ValueError for what no database takes."""
    if UNSTORABLE.search(text):
        raise ValueError(
            _("There is a character in it that cannot be stored. Type the text anew instead of pasting it.")
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def searched(text: str, longest: int = 80) -> str:
    """Words that somebody looks for. What no database takes is in none, so it is left out."""
    return " ".join(UNSTORABLE.sub(" ", text).split())[:longest]


class _Words:
    """Shared by the two text fields: an empty form gives empty text, never None."""

    data: Any

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = self.tidy(str(valuelist[0])) if valuelist else ""

    def tidy(self, text: str) -> str:
        """What is done to text as it comes in."""
        raise NotImplementedError

    def pre_validate(self, _form: Any) -> None:
        try:
            self.data = storable(self.data)
        except ValueError as error:
            raise StopValidation(str(error)) from error


class LineField(_Words, StringField):
    """One line: surrounding blanks are cut, line ends become blanks, at most ``longest`` characters."""

    data: str

    def __init__(self, label: Any, *, longest: int, validators: Any = (), **options: Any) -> None:
        super().__init__(label, validators=[*validators, Length(max=longest)], **options)

    def tidy(self, text: str) -> str:
        return " ".join(text.split())


class ProseField(_Words, TextAreaField):
    """Several lines, kept as typed, at most ``longest`` characters."""

    data: str

    def __init__(self, label: Any, *, longest: int, validators: Any = (), **options: Any) -> None:
        super().__init__(label, validators=[*validators, Length(max=longest)], **options)

    def tidy(self, text: str) -> str:
        return text.replace("\r\n", "\n")


class MomentField(DateTimeLocalField):
    """A date and time on the person's own clock; ``data`` is the aware UTC moment, or None where left empty."""

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist or not str(valuelist[0]).strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Give date and time like 2026-09-01 08:00.")) from None
        if self.data is not None:
            self.data = in_utc(self.data)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.astimezone(get_timezone()).strftime("%Y-%m-%dT%H:%M") if self.data else ""


def in_utc(local: datetime) -> datetime:
    """The moment that a person's clock shows as ``local``. Raises ValidationError where no calendar reaches."""
    try:
        return local.replace(tzinfo=ZoneInfo(str(get_timezone()))).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValidationError(_("Give a year between 2000 and 2100.")) from None


def sensible_year(_form: Any, field: Field) -> None:
    """Validator: a moment in a year that a course could be held in."""
    if field.data is not None and not 2000 <= field.data.year <= 2100:
        raise ValidationError(_("Give a year between 2000 and 2100."))
