"""Tables: institutions and their members."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Model, Versioned
from core.tenancy import InstitutionOwned

if TYPE_CHECKING:
    from core.users.models import User


class InstitutionRole(StrEnum):
    """What a member is in an institution; what each may do stands in ``core.permissions``."""

    ADMINISTRATOR = "administrator"
    INSTRUCTOR = "instructor"
    STUDENT = "student"


class Institution(Versioned, Model):
    """A tenant: a school or training centre, with its rules for what counts as watched."""

    __tablename__ = "institution"
    __table_args__ = (
        CheckConstraint("watch_threshold BETWEEN 50 AND 100", name="watch_threshold"),
        CheckConstraint("max_speed BETWEEN 100 AND 200", name="max_speed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    introduction: Mapped[str] = mapped_column(String(2000), default="")
    logo_id: Mapped[int | None]
    """An asset. No foreign key: assets point back here, and a circle of keys cannot be created in one go."""
    watch_threshold: Mapped[int] = mapped_column(default=90)
    """Percent of a video that has to be watched."""
    max_speed: Mapped[int] = mapped_column(default=200)
    """Highest playback speed that counts, in hundredths (200 = 2×)."""
    allow_seeking: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Membership(InstitutionOwned, Model):
    """A person in an institution, in one role, under the number the institution knows them by (学号 / 工号)."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("institution_id", "user_id"),
        UniqueConstraint("institution_id", "external_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[InstitutionRole] = mapped_column(String(16), default=InstitutionRole.STUDENT)
    external_id: Mapped[str | None] = mapped_column(String(64))
    class_name: Mapped[str] = mapped_column(String(120), default="")
    """The 行政班 the institution's own list puts the person in; free text."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped["User"] = relationship(lazy="raise")
