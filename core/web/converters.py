"""What may stand in an address: a number that no id can be, or a text that no database takes, does not exist."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter, ValidationError

from core.web.fields import LARGEST_ID, UNSTORABLE


class IdConverter(IntegerConverter):
    """``<int:…>`` as far as an id column reaches; a larger one is not found, instead of failing in the database."""

    def __init__(self, url_map: Map, *args: Any, **options: Any) -> None:
        options["max"] = min(options.get("max") or LARGEST_ID, LARGEST_ID)
        super().__init__(url_map, *args, **options)


class TextConverter(UnicodeConverter):
    """A part of a path without NUL and halves of characters, which PostgreSQL refuses even to look for."""

    def to_python(self, value: str) -> str:
        if UNSTORABLE.search(value):
            raise ValidationError
        return str(super().to_python(value))


def init_app(app: Flask) -> None:
    """Makes them the meaning of ``<int:…>`` and of a plain ``<…>``, before any address is registered."""
    app.url_map.converters.update(int=IdConverter, default=TextConverter, string=TextConverter)
