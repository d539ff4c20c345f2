"""Fields of JSON bodies: as strict as the OpenAPI document says, in the reader's language, and fit for the database.

Marshmallow's own fields take ``"5"`` for a number and ``"on"`` for true, which the document does not promise, and say
what is wrong in English only. Validation that needs no field of ours uses :func:`length` and :func:`one_of`.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from core.i18n import _, _l
from core.web.fields import LARGEST_ID, storable

_A_MOMENT = _l("Give a moment with its time zone, like 2026-09-01T08:00:00+08:00.")


def _said(**sentences: Any) -> dict[str, Any]:
    """What a field says when it refuses, beside what all of them say."""
    common = {
        "required": _l("This field is missing."),
        "null": _l("This field cannot be null."),
        "validator_failed": _l("This value is not accepted."),
    }
    return common | sentences


class Body(Schema):
    """A JSON body: an object without fields that nobody knows."""

    class Meta:
        """A misspelt name is told, not passed over."""

        unknown = RAISE

    error_messages = _said(unknown=_l("There is no such field."), type=_l("Send a JSON object."))


def length(longest: int, shortest: int = 0) -> Length:
    """Validator: so many characters or entries."""
    return Length(shortest, longest, error=_l("Between {min} and {max} characters or entries are accepted."))


def one_of(choices: Iterable[Any]) -> OneOf:
    """Validator: one of a list."""
    return OneOf([str(choice) for choice in choices], error=_l("Choose one of: {choices}."))


def between(least: float, most: float) -> Range:
    """Validator: a number in a range, ends included."""
    return Range(least, most, error=_l("Give a number between {min} and {max}."))


class Text(fields.String):
    """Text with line ends, kept as typed, between ``shortest`` and ``longest`` characters."""

    default_error_messages = _said(invalid=_l("Give text, in quotation marks."))

    def __init__(self, longest: int, shortest: int = 0, **options: Any) -> None:
        super().__init__(validate=length(longest, shortest), **options)
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options) or ""
        if len(text) > self.longest:
            return text  # cutting blanks must not bring within its length what the document says is too long
        try:
            return self.tidy(storable(text))
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def tidy(self, text: str) -> str:
        """What is done to text as it comes in."""
        return text


class Line(Text):
    """One line: surrounding blanks are cut, line ends become blanks."""

    def tidy(self, text: str) -> str:
        return " ".join(text.split())


class Choice(fields.String):
    """One of a list of words."""

    default_error_messages = _said(invalid=_l("Give text, in quotation marks."))

    def __init__(self, choices: Iterable[Any], **options: Any) -> None:
        super().__init__(validate=one_of(choices), **options)


class Whole(fields.Integer):
    """A whole number, as JSON writes it: 5 and 5.0, but neither "5" nor true."""

    default_error_messages = _said(invalid=_l("Give a whole number."))

    def __init__(self, least: int = 1, most: int = LARGEST_ID, **options: Any) -> None:
        super().__init__(validate=between(least, most), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        if type(value) is float and value.is_integer():
            return int(value)
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return value


class Amount(fields.Float):
    """A number with at most one decimal; exact, as :class:`~decimal.Decimal`, on this side."""

    default_error_messages = _said(invalid=_l("Give a number, like 16 or 1.5."))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        if type(value) not in {int, float} or not math.isfinite(value) or abs(value) > 10**9:
            raise self.make_error("invalid", input=value)
        exact = Decimal(str(value))
        if exact != round(exact, 1):
            raise ValidationError(_("Give at most one decimal, like 1.5."))
        return round(exact, 1)


class Flag(fields.Boolean):
    """``true`` or ``false``."""

    default_error_messages = _said(invalid=_l("Say true or false."))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid", input=value)
        return value


class Moment(fields.AwareDateTime):
    """A moment with its offset from UTC (RFC 3339), in a year in which a course could be held."""

    default_error_messages = _said(invalid=_A_MOMENT, invalid_awareness=_A_MOMENT)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid", input=value)
        moment = super()._deserialize(value, attr, data, **options)
        if not 2000 <= moment.year <= 2100:
            raise ValidationError(_("Give a year between 2000 and 2100."))
        return moment.astimezone(UTC)


class Many(fields.List[Any]):
    """A list of at most ``most`` entries."""

    default_error_messages = _said(invalid=_l("Give a list, in square brackets."))

    def __init__(self, entry: Any, most: int, **options: Any) -> None:
        super().__init__(entry, validate=length(most), **options)


class Part(fields.Nested):
    """An object inside the body."""

    default_error_messages = _said(type=_l("Send a JSON object."))


class Paging(Schema):
    """How much of a list, and from where on."""

    limit = fields.Integer(
        load_default=50,
        validate=between(1, 100),
        error_messages={"invalid": _l("Give a whole number.")},
        metadata={"description": "How many entries at most"},
    )
    cursor = fields.String(
        load_default="",
        validate=length(1000),
        metadata={"description": "Where to go on: taken from `next` of the answer before, never made up"},
    )
