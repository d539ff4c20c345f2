"""Tables: watching streams, the append-only learning ledger, its projection per lesson, and appeals.

``progress_entry`` is the truth and only ever grows; ``lesson_progress`` can be recomputed from it at any time.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model
from core.tenancy import InstitutionOwned


class WatchStream(InstitutionOwned, Model):
    """One player on one device watching one lesson. Opening another closes this one: a person has one clock.

    The criterion (``max_speed``, ``slack_ms`` …) is copied here when the stream opens, so that nobody moves the
    goalposts. All times are milliseconds since 1970 UTC by the server's clock.
    """

    __tablename__ = "watch_stream"
    __table_args__ = (
        # At most one active stream per person, whatever the code above forgets.
        Index(
            "uq_watch_stream_active",
            "user_id",
            unique=True,
            sqlite_where=text("superseded_ms IS NULL"),
            postgresql_where=text("superseded_ms IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    duration_ms: Mapped[int]
    criterion: Mapped[dict[str, Any]]
    opened_ms: Mapped[int] = mapped_column(BigInteger)
    last_seen_ms: Mapped[int] = mapped_column(BigInteger)
    superseded_ms: Mapped[int | None] = mapped_column(BigInteger)
    credited_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Server time that passed while this was the person's active stream and was not silent."""
    spent_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """Media time accepted so far, repeats included."""
    fetched_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When the media was first asked for under this stream; None: heartbeats without media, which is flagged."""
    user_agent: Mapped[str] = mapped_column(String(255), default="")


class EntryKind(StrEnum):
    """What an entry of the ledger is."""

    WATCHED = "watched"
    RULING = "ruling"


class ProgressEntry(InstitutionOwned, Model):
    """One entry of the learning ledger: a heartbeat and what became of it, or a teacher's ruling. Never changed."""

    __tablename__ = "progress_entry"
    __table_args__ = (
        UniqueConstraint("stream_id", "sequence"),
        Index("ix_progress_entry_learner", "enrolment_id", "lesson_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    kind: Mapped[EntryKind] = mapped_column(String(16), default=EntryKind.WATCHED)
    stream_id: Mapped[str | None] = mapped_column(ForeignKey("watch_stream.id", ondelete="SET NULL"))
    sequence: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    claimed: Mapped[str] = mapped_column(Text, default="")
    accepted: Mapped[str] = mapped_column(Text, default="")
    """Intervals in milliseconds of the video, written ``start-end,start-end``."""
    rejected: Mapped[list[Any]] = mapped_column(default=list)
    """Pairs of intervals and the reason they were not accepted."""
    duration_ms: Mapped[int] = mapped_column(default=0)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(String(500), default="")


class LessonProgress(InstitutionOwned, Model):
    """What a learner has done of a lesson: the union of everything accepted, recomputable from the ledger."""

    __tablename__ = "lesson_progress"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "lesson_id"),
        # How many lessons each of a class has done is answered from this alone. A heartbeat does not move it.
        Index(
            "ix_lesson_progress_completed",
            "enrolment_id",
            "lesson_id",
            sqlite_where=text("completed_at IS NOT NULL"),
            postgresql_where=text("completed_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"), index=True)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    watched: Mapped[str] = mapped_column(Text, default="")
    watched_ms: Mapped[int] = mapped_column(default=0)
    """Length of the part that counts (with seeking off: the part connected to the start)."""
    duration_ms: Mapped[int] = mapped_column(default=0)
    position_ms: Mapped[int] = mapped_column(default=0)
    """Where the player stood last: for resuming only, it proves nothing."""
    slack_used_ms: Mapped[int] = mapped_column(default=0)
    rejected_ms: Mapped[int] = mapped_column(default=0)
    unfetched_ms: Mapped[int] = mapped_column(default=0)
    """Accepted without the media ever having been fetched: shown to the teacher as a flag."""
    completed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class AppealState(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class Appeal(InstitutionOwned, Model):
    """A learner's objection to what was not counted; the ruling is an entry of the ledger."""

    __tablename__ = "appeal"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(1000))
    state: Mapped[AppealState] = mapped_column(String(16), default=AppealState.OPEN)
    answer: Mapped[str] = mapped_column(String(1000), default="")
    ruling_id: Mapped[int | None] = mapped_column(ForeignKey("progress_entry.id", ondelete="SET NULL"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_at: Mapped[datetime | None]
