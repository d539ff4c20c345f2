"""What a check finds."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How bad it is. Only ``fail`` keeps the site from doing what it promises."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``remedy`` is empty where nothing has to be done."""

    check: str
    state: State
    sentence: str
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


Check = Callable[[], Iterator[Finding]]


def ok(check: str, sentence: str) -> Finding:
    """It is as it should be."""
    return Finding(check, State.OK, sentence)


def warn(check: str, sentence: str, remedy: str) -> Finding:
    """The site works, but not as well or as safely as it could."""
    return Finding(check, State.WARN, sentence, remedy)


def fail(check: str, sentence: str, remedy: str) -> Finding:
    """Something the site promises does not work."""
    return Finding(check, State.FAIL, sentence, remedy)
