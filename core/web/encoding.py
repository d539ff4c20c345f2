"""Forms in another encoding than UTF-8 are refused in words, instead of being kept as percent signs and digits."""

from urllib.parse import unquote_to_bytes

from flask import Flask, request

from core.errors import Invalid
from core.i18n import _


def init_app(app: Flask) -> None:
    """Looks at every form before anything reads it."""
    app.before_request(_check)


def _check() -> None:
    # Parts of a multipart form with foreign bytes arrive as U+FFFD, which the fields themselves refuse.
    if request.mimetype != "application/x-www-form-urlencoded":
        return
    for pair in request.get_data(cache=True, parse_form_data=False).split(b"&"):
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
