"""Sentences for the codes with which ``media`` says what is wrong with bytes, and for the states of an upload."""

from collections.abc import Mapping
from typing import Any

from core.i18n import _, _l

SENTENCES: dict[str, Any] = {
    "signature_invalid": _l("This link is not valid. Open the page again to get a new one."),
    "signature_expired": _l("This link has expired. Open the page again to get a new one."),
}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """What a code means, in the reader's language."""
    words = SENTENCES.get(code)
    if words is None:
        return _("The file could not be used (%(code)s).", code=code)
    return str(words) % params if params else str(words)
