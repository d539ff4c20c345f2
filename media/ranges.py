"""Which bytes to answer a request with: RFC 9110, sections 13.1.5 (If-Range) and 14 (Range Requests).

Pure functions over header values. They speak of GET: for any other method the field must be ignored (section
14.2), which is the caller's part.

One range is answered as 206. Several are first put in order and joined where they overlap or touch, as
section 15.3.7.2 allows; if one is left it is served, else the whole is sent as 200, which section 14.2
allows as well. No player asks for scattered ranges, and multipart answers have mostly served attacks.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_HEADER = 4096
_INT_RANGE = re.compile(r"([0-9]+)-([0-9]*)", re.ASCII)
_SUFFIX_RANGE = re.compile(r"-([0-9]+)", re.ASCII)
_ENTITY_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


@dataclass(frozen=True)
class Whole:
    """Send everything: status 200."""

    size: int

    @property
    def status(self) -> int:
        return 200

    @property
    def start(self) -> int:
        return 0

    @property
    def length(self) -> int:
        return self.size

    @property
    def content_range(self) -> str | None:
        return None


@dataclass(frozen=True)
class Part:
    """Send ``length`` bytes from ``start``: status 206."""

    start: int
    length: int
    size: int

    @property
    def status(self) -> int:
        return 206

    @property
    def content_range(self) -> str | None:
        """The value of ``Content-Range``."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


@dataclass(frozen=True)
class Unsatisfiable:
    """None of the bytes asked for exists: status 416 and no content."""

    size: int

    @property
    def status(self) -> int:
        return 416

    @property
    def start(self) -> int:
        return 0

    @property
    def length(self) -> int:
        return 0

    @property
    def content_range(self) -> str | None:
        """The value of ``Content-Range``, which tells the client the true size."""
        return f"bytes */{self.size}"


Answer = Whole | Part | Unsatisfiable


def answer_range(
    size: int,
    *,
    range_header: str | None,
    if_range: str | None = None,
    etag: str | None = None,
    last_modified: datetime | None = None,
) -> Answer:
    """Decide the answer to a GET for a representation of ``size`` bytes.

    ``etag`` is the current entity tag as sent, quotes included; ``last_modified`` is aware. A ``Range``
    that is malformed, of another unit or guarded by an ``If-Range`` that does not hold is as good as
    absent.
    """
    if range_header is None or not if_range_holds(if_range, etag=etag, last_modified=last_modified):
        return Whole(size)
    wanted = parse_range(range_header)
    if wanted is None:
        return Whole(size)
    spans = _satisfiable(wanted, size)
    if not spans:
        return Unsatisfiable(size)
    joined = _join(spans)
    if len(joined) > 1 or size == 0:
        return Whole(size)
    start, end = joined[0]
    return Part(start, end - start, size)


def parse_range(header: str) -> list[tuple[int | None, int | None]] | None:
    """The ranges of a ``bytes`` range specifier, or ``None`` if the field is to be ignored.

    ``(first, last)`` with both ends inclusive, ``(first, None)`` to the end, ``(None, n)`` for the last n
    bytes. One malformed element makes the whole field malformed; empty list elements are allowed (section
    5.6.1).
    """
    unit, equals, spec = header.partition("=")
    if len(header) > _LONGEST_HEADER or not equals or unit.strip(" \t").lower() != "bytes":
        return None
    ranges: list[tuple[int | None, int | None]] = []
    for element in (element.strip(" \t") for element in spec.split(",")):
        if not element:
            continue
        if match := _INT_RANGE.fullmatch(element):
            first, last = int(match[1]), int(match[2]) if match[2] else None
            if last is not None and last < first:
                return None
            ranges.append((first, last))
        elif match := _SUFFIX_RANGE.fullmatch(element):
            ranges.append((None, int(match[1])))
        else:
            return None
    return ranges or None


def if_range_holds(header: str | None, *, etag: str | None, last_modified: datetime | None) -> bool:
    """Whether ``If-Range`` lets the range be served: it is absent, or names the very representation we have.

    Entity tags are compared strongly, so a weak one on either side never holds; a date must equal
    ``Last-Modified`` to the second. Anything unreadable does not hold.
    """
    if header is None:
        return True
    value = header.strip(" \t")
    if value.startswith(('"', "W/")):
        return _ENTITY_TAG.fullmatch(value) is not None and value == etag
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return False
    if last_modified is None or date.tzinfo is None:
        return False
    return date == last_modified.astimezone(UTC).replace(microsecond=0)


def _satisfiable(wanted: list[tuple[int | None, int | None]], size: int) -> list[tuple[int, int]]:
    """Half-open spans that exist. An empty suffix and a first byte beyond the end do not (section 14.1.2)."""
    spans = []
    for first, last in wanted:
        if first is None:
            if last:
                spans.append((max(0, size - last), size))
        elif first < size:
            spans.append((first, size if last is None else min(last + 1, size)))
    return spans


def _join(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
