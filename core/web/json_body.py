"""Small JSON bodies read by hand, for calls so frequent that a schema library would be the larger part of them."""

import json
from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from core.errors import Invalid, Malformed, TooLarge
from core.i18n import _

LONGEST = 16 * 1024


def json_object(longest: int = LONGEST) -> dict[str, Any]:
    """The JSON object a request carries; what its members hold is for the caller to check.

    Raises :class:`Malformed` for what is no JSON, :class:`Invalid` for what is no object, :class:`TooLarge` for a body
    of more than ``longest`` bytes, of which no more is read.
    """
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        body = json.loads(_bytes(longest))
    except (ValueError, RecursionError):
        raise Malformed(_("This is not JSON that can be read.")) from None
    if not isinstance(body, dict):
        raise Invalid(_("Send a JSON object."))
    return body


def _bytes(longest: int) -> bytes:
    body = b""
    # A stream may hand out less than it is asked for, and one sent in chunks does not say how long it is.
    while piece := request.stream.read(longest + 1 - len(body)):
        body += piece
        if len(body) > longest:
            raise TooLarge(_("More than %(count)s bytes are not accepted here.", count=longest))
    return body
