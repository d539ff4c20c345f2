"""The one source of time. Nothing else in Jinke asks the operating system what time it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta())


def now() -> datetime:
    """The present moment, aware, in UTC, plus whatever shift a caller of :func:`shifted` asked for."""
    return datetime.now(UTC) + _shift.get()


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC; the unit in which watched time is reckoned."""
    return to_ms(now())


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC of an aware moment, rounded down."""
    return int(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC moment of a count of milliseconds since 1970-01-01."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Inside, :func:`now` runs ``by`` ahead (or behind): a year of reminders passes in a second."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)
