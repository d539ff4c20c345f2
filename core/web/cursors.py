"""Long lists in pieces: a cursor says where the next piece begins, so that rows added meanwhile shift nothing.

A cursor is opaque and signed, and only good for the list it came from: the same address with the same filters.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import Schema, fields

from core.errors import Invalid
from core.i18n import _
from core.web.api_fields import Paging

Row = TypeVar("Row")
Position = list[int]
"""Ids of the last rows of a piece, the very last first."""

LINK = {"Link": {"description": 'The next piece: `<…>; rel="next"` (RFC 8288)', "schema": {"type": "string"}}}
_PAGING = tuple(Paging().fields)


def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a piece of a list of ``item``."""
    name = item.__name__.removesuffix("Schema")
    following = {
        "description": "Address of the next piece; null after the last one",
        "format": "uri-reference",
    }
    page: type[Schema] = Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(required=True, allow_none=True, metadata=following),
        },
        name=f"{name}PageSchema",
    )
    return page


def position(cursor: str) -> Position:
    """Where a cursor points; empty for the beginning. Raises :class:`Invalid` for one that is not from this list."""
    if not cursor:
        return []
    try:
        ids: Position = _signer().loads(cursor)
    except BadSignature:
        raise Invalid(
            _("This cursor is not from this list. Begin without one, then follow “next”."), field="cursor"
        ) from None
    return ids


def piece(
    rows: Sequence[Row], limit: int, last: Callable[[Sequence[Row]], Position]
) -> tuple[Any, int, dict[str, str]]:
    """The answer with the first ``limit`` of ``rows``; where there are more, with the way to them.

    ``last`` gives the position behind the rows of this piece.
    """
    shown = rows[:limit]
    if len(rows) <= limit:
        return {"items": shown, "next": None}, 200, {}
    cursor = _signer().dumps(last(shown))
    query = [*_filters(), ("limit", str(limit)), ("cursor", cursor)]
    following = f"{quote(request.path)}?{urlencode(query)}"
    return {"items": shown, "next": following}, 200, {"Link": f'<{following}>; rel="next"'}


def _filters() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.args.items(multi=True) if name not in _PAGING]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=repr(("cursor", request.path, sorted(_filters()))))
