"""What tus 1.0 says in headers, read strictly: https://tus.io/protocols/resumable-upload."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from core.errors import Invalid
from core.i18n import _
from core.web.fields import LARGEST_ID
from media.checksums import ALGORITHMS

VERSION = "1.0.0"
EXTENSIONS = ("creation", "expiration", "checksum", "termination")
CONTENT_TYPE = "application/offset+octet-stream"
LONGEST_METADATA = 4000
LARGEST = 2**63 - 1

_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)


@dataclass
class Refusal(Exception):
    """The request breaks the protocol, or asks for what cannot be; ``sentence`` is for the reader of a log or page."""

    status: int
    sentence: Any


@dataclass(frozen=True)
class Metadata:
    """``Upload-Metadata``: as it came, and decoded."""

    header: str
    values: dict[str, str]

    @property
    def file_name(self) -> str:
        """The name of the file, under either of the names that clients use for it."""
        return self.values.get("filename") or self.values.get("name") or ""

    @property
    def lesson_id(self) -> int | None:
        """The lesson whose file this becomes. Raises :class:`core.errors.Invalid` for what is no id."""
        return lesson_number(self.values.get("lesson_id", ""))


def lesson_number(given: str) -> int | None:
    """The id of a lesson as it came; None where it is empty. Raises :class:`core.errors.Invalid` for what is no id."""
    if not given:
        return None
    if not _NUMBER.fullmatch(given) or int(given) > LARGEST_ID:
        raise Invalid(_("“lesson_id” must be the number of a lesson of this course."), field="lesson_id")
    return int(given)


def offered(max_size: int) -> dict[str, str]:
    """What a server tells about itself."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(max_size),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def number(name: str, given: str | None) -> int:
    """A header that counts bytes. Raises :class:`Refusal` 400 where it is missing or no whole number."""
    if given is None or not _NUMBER.fullmatch(given) or int(given) > LARGEST:
        raise Refusal(400, _("The header “%(name)s” must be a whole number of bytes.", name=name))
    return int(given)


def metadata(header: str | None) -> Metadata:
    """Keys with base64 values, separated by commas. Raises :class:`Refusal` 400 for anything else."""
    header = (header or "").strip()
    if len(header) > LONGEST_METADATA:
        raise Refusal(400, _("“Upload-Metadata” has at most %(most)s characters.", most=LONGEST_METADATA))
    values: dict[str, str] = {}
    for pair in header.split(",") if header else []:
        key, _space, encoded = pair.strip().partition(" ")
        try:
            value = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            value = None
        if not key or not key.isascii() or key in values or value is None:
            raise Refusal(400, _("“Upload-Metadata” must be keys with base64 values, separated by commas."))
        values[key] = value
    return Metadata(header, values)
