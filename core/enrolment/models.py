"""Table: who is in which run."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Model
from core.tenancy import InstitutionOwned

if TYPE_CHECKING:
    from core.courses.models import Course, CourseRun
    from core.users.models import User


class EnrolmentState(StrEnum):
    """Only an active enrolment holds a seat and may watch."""

    PENDING = "pending"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class Enrolment(InstitutionOwned, Model):
    """A person in a run. The row stays when the person withdraws, and with it everything they learnt."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("run_id", "user_id"),
        Index("ix_enrolment_person", "user_id", "course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("course_run.id", ondelete="CASCADE"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    class_group_id: Mapped[int | None] = mapped_column(ForeignKey("class_group.id", ondelete="SET NULL"), index=True)
    state: Mapped[EnrolmentState] = mapped_column(String(16), default=EnrolmentState.ACTIVE)
    message: Mapped[str] = mapped_column(String(300), default="")
    """What the person wrote when asking to be admitted, or the team's reason for refusing."""
    last_lesson_id: Mapped[int | None] = mapped_column(ForeignKey("lesson.id", ondelete="SET NULL"))
    last_active_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped["User"] = relationship(lazy="raise")
    run: Mapped["CourseRun"] = relationship(lazy="raise")
    course: Mapped["Course"] = relationship(lazy="raise")
