"""Events: what happened, written down in the transaction in which it happened, told to others after it.

:func:`announce` adds a row to the outbox (a permanent log, from which reports are counted) and one job per subscriber.
Both commit or vanish with the caller's change. Subscribers run as jobs, at least once each, so they must be idempotent;
one that fails is retried and does not hold up the others.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model, db
from core.jobs.service import enqueue, handler
from core.tenancy import scope_or_none


class OutboxEvent(Model):
    """An event that happened. Never changed."""

    __tablename__ = "outbox_event"
    __table_args__ = (Index("ix_outbox_event_name", "name", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    institution_id: Mapped[int | None] = mapped_column(index=True)
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=clock.now)


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events: frozen, made of plain values that survive JSON. Subclasses carry a dotted ``name``."""

    name: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Enrolled(Event):
    name: ClassVar[str] = "enrolment.enrolled"
    enrolment_id: int
    run_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class LessonCompleted(Event):
    name: ClassVar[str] = "progress.lesson_completed"
    enrolment_id: int
    lesson_id: int


@dataclass(frozen=True, slots=True)
class RunCompleted(Event):
    name: ClassVar[str] = "progress.run_completed"
    enrolment_id: int


@dataclass(frozen=True, slots=True)
class CoursePublished(Event):
    name: ClassVar[str] = "courses.published"
    course_id: int


@dataclass(frozen=True, slots=True)
class AssetStored(Event):
    name: ClassVar[str] = "files.asset_stored"
    asset_id: int


@dataclass(frozen=True, slots=True)
class AssetReady(Event):
    name: ClassVar[str] = "files.asset_ready"
    asset_id: int


Subscriber = Callable[[dict[str, Any]], None]
_subscribers: dict[str, dict[str, Subscriber]] = defaultdict(dict)


def subscribe(event: type[Event]) -> Callable[[Subscriber], Subscriber]:
    """Decorator: the function is called, in a job of its own, with the event's payload. It must be idempotent."""

    def register(function: Subscriber) -> Subscriber:
        _subscribers[event.name][f"{function.__module__}.{function.__qualname__}"] = function
        return function

    return register


def announce(event: Event) -> OutboxEvent:
    """Writes the event and a delivery job per subscriber into the caller's transaction."""
    row = OutboxEvent(name=event.name, institution_id=scope_or_none(), payload=asdict(event))
    db.session.add(row)
    for subscriber in _subscribers[event.name]:
        enqueue("events.deliver", {"event": event.name, "subscriber": subscriber, "payload": row.payload})
    return row


@handler("events.deliver")
def _deliver(payload: dict[str, Any]) -> None:
    _subscribers[payload["event"]][payload["subscriber"]](payload["payload"])
