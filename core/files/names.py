"""The names people give their files: kept for the eye, never used as a path."""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, halves of characters, and marks that turn the reading direction: ``fdp.exe`` must not look
like ``exe.pdf``."""

LONGEST = 255
_LONGEST_EXTENSION = 10


def file_name(given: str | None) -> str:
    """``given`` without folders and control characters, at most 255 characters, its extension kept."""
    name = _CONTROL.sub("", (given or "").replace("\\", "/").rsplit("/", 1)[-1]).strip()
    if len(name) > LONGEST:
        stem, dot, extension = name.rpartition(".")
        tail = dot + extension if stem and len(extension) <= _LONGEST_EXTENSION else ""
        name = name[: LONGEST - len(tail)] + tail
    return name or "file"
