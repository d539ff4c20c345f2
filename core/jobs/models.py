"""Table: jobs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Model


class JobState(StrEnum):
    """``waiting`` (perhaps until ``run_at``) → ``running`` → ``done``, ``failed`` or ``cancelled``."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Model):
    """A unit of work with visible state. ``attempt`` rises with every claim and fences off late results."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_next", "state", "queue", "run_at", "priority"),
        Index("ix_job_lease", "state", "lease_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(80), index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    queue: Mapped[str] = mapped_column(String(32), default="default")
    priority: Mapped[int] = mapped_column(default=0)
    """Higher runs earlier."""
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id", ondelete="SET NULL"))
    """The scope the handler runs in; None: no scope."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    unique_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    """While a job with this key waits or runs, asking again returns the same job; cleared when it ends."""
    again: Mapped[bool] = mapped_column(default=False)
    """Asked for once more while it ran: when it ends it waits again, as what it read may be out of date."""
    state: Mapped[JobState] = mapped_column(String(16), default=JobState.WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    """Attempts that ended badly; being sent back by a stopping worker is none."""
    max_attempts: Mapped[int] = mapped_column(default=5)
    """As many failures fail the job for good."""
    run_at: Mapped[datetime] = mapped_column(default=clock.now)
    owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[int] = mapped_column(default=0)
    """Permille, 0–1000."""
    message: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What it is doing: ``code`` and parameters, made a sentence in the reader's language."""
    reason: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Why it failed (last attempt): ``code`` and parameters."""
    error: Mapped[str] = mapped_column(Text, default="")
    """The traceback of the last failure, for operators."""
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
