"""What a kind of job means: the function that does it, how often it is due, and the sentences it speaks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol, TypeVar

LEASE_SECONDS = 20
"""How long a worker may be silent before its job is handed on. Workers speak up four times in that time."""


class JobContext(Protocol):
    """What a handler that asks for a second argument is given."""

    job_id: int
    attempt: int
    """Rises with every start of the job. Number scratch folders with it: two attempts never share one."""

    def progress(self, permille: int, code: str | None = None, **params: Any) -> None:
        """Shows how far the work is, 0–1000, and what it is doing. Cheap: at most one write a second. A checkpoint."""

    def checkpoint(self) -> None:
        """Raises where the work must stop: cancelled by a person, taken away, or the worker is asked to leave.

        Let what it raises pass; clean up in ``finally``.
        """

    def commit(self) -> None:
        """Commits the work so far, if the job is still this attempt's; then a checkpoint. A rerun must carry on from
        what was committed."""

    def result(self, **values: Any) -> None:
        """Plain values kept with the job when it is done."""


class JobFailed(Exception):
    """Raised by a handler for a failure that another try would not mend. ``code`` and ``params`` make the sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class LeaveJob(BaseException):
    """The handler must stop now. Not an Exception, so that a broad ``except`` in a handler does not swallow it."""


class Cancelled(LeaveJob):
    """A person cancelled the job."""


class Fenced(LeaveJob):
    """The job is no longer this attempt's: its lease lapsed and it was handed on. Nothing written here counts."""


class Released(LeaveJob):
    """The worker is stopping; the job goes back to waiting."""


Work = Callable[[dict[str, Any]], None] | Callable[[dict[str, Any], JobContext], None]
_Work = TypeVar("_Work", bound=Work)


@dataclass(frozen=True, slots=True)
class Handler:
    """The function behind a kind. ``lease_seconds``: silence after which another worker takes over."""

    function: Callable[..., None]
    lease_seconds: int
    wants_context: bool

    def run(self, payload: dict[str, Any], context: JobContext) -> None:
        """Calls the function with as many arguments as it takes."""
        if self.wants_context:
            self.function(payload, context)
        else:
            self.function(payload)


handlers: dict[str, Handler] = {}
periods: dict[str, int] = {}
sentences: dict[str, Any] = {}


def handler(kind: str, *, lease_seconds: int = LEASE_SECONDS) -> Callable[[_Work], _Work]:
    """Decorator: the function does the jobs of ``kind``. It takes ``(payload)`` or ``(payload, context)``.

    It works in ``db.session``, inside the job's institution scope; the worker commits its writes and the job's end in
    one transaction, so they happen once or not at all. It never commits itself: long work commits its parts with
    ``context.commit()``. Nothing slow (a child process, a network) belongs between its first statement and a commit:
    on SQLite everybody else's writing waits meanwhile. :class:`JobFailed` fails the job for good; any other exception
    is tried again later.
    """

    def register(function: _Work) -> _Work:
        known = handlers.get(kind)
        if known is not None and known.function.__qualname__ != function.__qualname__:
            raise ValueError(f"two functions want to do “{kind}” jobs")
        handlers[kind] = Handler(function, lease_seconds, len(signature(function).parameters) > 1)
        return function

    return register


def every(seconds: int, kind: str) -> Callable[[_Work], _Work]:
    """Decorator: the function is the handler of ``kind`` and is due every so many ``seconds``, once for the whole site.

    Moments are whole multiples of ``seconds`` since 1970 UTC; those missed while no worker ran collapse into one.
    """

    def register(function: _Work) -> _Work:
        periods[kind] = seconds
        return handler(kind)(function)

    return register


def say(words: Mapping[str, Any]) -> None:
    """Registers the sentences behind the codes of :meth:`JobContext.progress` and :class:`JobFailed`.

    Values are lazy translations with ``%(name)s`` places for the parameters.
    """
    sentences.update(words)
