"""Bodies are read before anything else is done with the request, and forms in another encoding than UTF-8 are refused
in words, instead of being kept as percent signs and digits.
"""

from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge

from core.errors import Invalid
from core.i18n import _


def init_app(app: Flask) -> None:
    """Looks at every body that is kept in memory before anything reads it."""
    app.before_request(_check)


def _check() -> None:
    # Parts of a multipart form with foreign bytes arrive as U+FFFD, which the fields themselves refuse.
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    # The API reads its own bodies. What else is JSON is read here, so that no view does with a transaction open.
    if not is_form and (not request.is_json or request.path.startswith("/api/")):
        return
    # It is kept in memory whole, so it may be no longer than forms are anyway.
    request.max_content_length = longest = request.max_form_memory_size
    body = request.get_data(cache=True, parse_form_data=False)
    if longest is not None and len(body) >= longest:
        raise RequestEntityTooLarge  # sent in chunks, it was cut off there without a word
    if not is_form:
        return
    for pair in body.split(b"&"):
        name, _equals, value = pair.partition(b"=")
        try:
            unquote_to_bytes(name).decode()
            unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            field = unquote_to_bytes(name).decode(errors="replace")
            raise Invalid(
                _("The text in “%(field)s” is not in UTF-8. Open the page anew and type it again.", field=field),
                field=field,
            ) from None
