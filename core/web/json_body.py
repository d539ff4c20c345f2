"""Small JSON bodies read by hand, for calls so frequent that a schema library would be the larger part of them."""

from typing import Any

from flask import request

from core.errors import Invalid
from core.i18n import _

LONGEST = 16 * 1024


def json_object(longest: int = LONGEST) -> dict[str, Any]:
    """The JSON object a request carries; what its members hold is for the caller to check.

    A body longer than ``longest`` bytes is answered with 413, one that is no JSON with 400 or 415. Raises
    :class:`Invalid` for JSON that is no object, or nested beyond reason.
    """
    request.max_content_length = longest
    try:
        body = request.get_json()
    except RecursionError:
        raise Invalid(_("The JSON is nested too deeply.")) from None
    if not isinstance(body, dict):
        raise Invalid(_("Send a JSON object."))
    return body
