"""Sets of media time: immutable unions of half-open intervals, in whole milliseconds.

Whole, because sums of floats depend on their order and the state must not. Half-open, because
``[0, 15000)`` followed by ``[15000, 30000)`` is then exactly ``[0, 30000)``: neighbouring claims join without
any tolerance for gaps between them, so there is no tolerance to earn from.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

Piece = tuple[int, int]


@dataclass(frozen=True, slots=True, init=False)
class Intervals:
    """A set of milliseconds, held as sorted pieces that neither overlap nor touch, so that equal sets are equal.

    The constructor takes pieces in any order, overlapping or not, drops empty ones, and raises
    ``ValueError`` for one that is not a pair of whole numbers with ``0 <= start <= end``. Every operation
    is linear in the number of pieces (sorting two sorted runs is a merge).
    """

    pieces: tuple[Piece, ...] = ()

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        object.__setattr__(self, "pieces", tuple(_normalised(pieces)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The set that ``str()`` wrote: ``"0-6000,8000-12000"``, ``""`` for nothing; else ``ValueError``."""
        if not text:
            return cls()
        pieces: list[Piece] = []
        for piece in text.split(","):
            start, dash, end = piece.partition("-")
            # int() alone would also take " 5", "+5", "1_000" and other scripts' digits.
            if not (dash and start.isascii() and start.isdigit() and end.isascii() and end.isdigit()):
                raise ValueError(f"not an interval in milliseconds: {piece[:40]!r}")
            pieces.append((int(start), int(end)))
        return cls(pieces)

    def __str__(self) -> str:
        return ",".join(f"{start}-{end}" for start, end in self.pieces)

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def __len__(self) -> int:
        """The number of pieces."""
        return len(self.pieces)

    def __iter__(self) -> Iterator[Piece]:
        return iter(self.pieces)

    @property
    def measure(self) -> int:
        """Length in milliseconds; what is covered twice counts once."""
        return sum(end - start for start, end in self.pieces)

    def __or__(self, other: "Intervals") -> "Intervals":
        """Union."""
        if not other.pieces:
            return self
        return Intervals((*self.pieces, *other.pieces))

    def __and__(self, other: "Intervals") -> "Intervals":
        """Intersection."""
        common: list[Piece] = []
        mine, theirs = 0, 0
        while mine < len(self.pieces) and theirs < len(other.pieces):
            start = max(self.pieces[mine][0], other.pieces[theirs][0])
            end = min(self.pieces[mine][1], other.pieces[theirs][1])
            if start < end:
                common.append((start, end))
            if self.pieces[mine][1] <= other.pieces[theirs][1]:
                mine += 1
            else:
                theirs += 1
        return Intervals(common)

    def __sub__(self, other: "Intervals") -> "Intervals":
        """What is here and not in `other`."""
        if not self.pieces or not other.pieces:
            return self
        return self & other.missing(self.pieces[-1][1])

    def __le__(self, other: "Intervals") -> bool:
        """Is every millisecond of this set in `other`?"""
        return (self & other) == self

    def missing(self, duration_ms: int, at_least_ms: int = 1) -> "Intervals":
        """The gaps of ``[0, duration_ms)`` that last at least `at_least_ms` (no reader cares for slivers)."""
        gaps: list[Piece] = []
        reached = 0
        for start, end in self.pieces:
            if reached >= duration_ms:
                break
            gaps.append((reached, min(start, duration_ms)))
            reached = end
        gaps.append((reached, max(reached, duration_ms)))
        return Intervals((start, end) for start, end in gaps if end - start >= at_least_ms)

    def within(self, start_ms: int, end_ms: int) -> "Intervals":
        """The part inside ``[start_ms, end_ms)``."""
        return self & Intervals([(start_ms, end_ms)])

    def first(self, length_ms: int) -> "Intervals":
        """The earliest `length_ms` milliseconds of the set, or all of it; nothing for a length below 1."""
        kept: list[Piece] = []
        for start, end in self.pieces:
            if length_ms <= 0:
                break
            kept.append((start, min(end, start + length_ms)))
            length_ms -= end - start
        return Intervals(kept)

    def connected(self, gap_ms: int) -> "Intervals":
        """The part that can be reached from 0 over gaps of at most `gap_ms` each; the gaps stay out."""
        reached = 0
        kept: list[Piece] = []
        for start, end in self.pieces:
            if start - reached > gap_ms:
                break
            kept.append((start, end))
            reached = end
        return Intervals(kept)


def _normalised(pieces: Iterable[Piece]) -> Iterator[Piece]:
    checked: list[Piece] = []
    for start, end in pieces:
        # `type() is int` and not isinstance: True is an int to Python and not a moment of a film.
        if type(start) is not int or type(end) is not int or not 0 <= start <= end:
            raise ValueError("an interval is two whole numbers of milliseconds, 0 <= start <= end")
        if start < end:
            checked.append((start, end))
    checked.sort()
    current: Piece | None = None
    for start, end in checked:
        if current is not None and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (start, end)
    if current is not None:
        yield current


NOTHING = Intervals()
