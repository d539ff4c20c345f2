"""Numbers in addresses: one that no id can be is simply an address that does not exist."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from core.web.fields import LARGEST_ID


class IdConverter(IntegerConverter):
    """``<int:…>`` as far as an id column reaches; a larger one is not found, instead of failing in the database."""

    def __init__(self, url_map: Map, *args: Any, **options: Any) -> None:
        options["max"] = min(options.get("max") or LARGEST_ID, LARGEST_ID)
        super().__init__(url_map, *args, **options)


def init_app(app: Flask) -> None:
    """Makes it the meaning of ``<int:…>``, before any address is registered."""
    app.url_map.converters["int"] = IdConverter
