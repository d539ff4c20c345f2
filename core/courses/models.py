"""Tables: courses with chapters, lessons, captions and team; runs and class groups; the log of a course's life."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Model, Versioned
from core.tenancy import InstitutionOwned

if TYPE_CHECKING:
    from core.files.models import Asset
    from core.institutions.models import Institution
    from core.users.models import User


class CourseState(StrEnum):
    """The life of a course; the allowed moves stand in ``core.courses.lifecycle``."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Visibility(StrEnum):
    """Who finds a published course: everybody, or only members of its institution."""

    PUBLIC = "public"
    INSTITUTION = "institution"


class Level(StrEnum):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class TeamRole(StrEnum):
    """What a person is on a course's team, whatever their own institution."""

    LEADER = "leader"
    INSTRUCTOR = "instructor"
    ASSISTANT = "assistant"


class Edited(Versioned):
    """Rows edited in forms that several people may have open: who saved last, and when."""

    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))


class Course(InstitutionOwned, Edited, Model):
    """A course: what it teaches, for whom, and where it stands between draft and archive."""

    __tablename__ = "course"
    __table_args__ = (
        Index("ix_course_catalogue", "state", "visibility", "published_at"),
        Index("ix_course_institution", "institution_id"),
        CheckConstraint("credit_hours >= 0", name="credit_hours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    outcomes: Mapped[str] = mapped_column(Text, default="")
    """What a person will be able to do; Markdown, as are description and audience."""
    audience: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(8), default="", index=True)
    """Code of the 专业大类, from ``core.courses.subjects``; empty while not chosen."""
    level: Mapped[Level] = mapped_column(String(16), default=Level.BEGINNER)
    language: Mapped[str] = mapped_column(String(16), default="zh-CN")
    """Language of instruction, a BCP 47 tag."""
    credit_hours: Mapped[Decimal] = mapped_column(Numeric(6, 1), default=Decimal(0))
    has_certificate: Mapped[bool] = mapped_column(default=False)
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    state: Mapped[CourseState] = mapped_column(String(16), default=CourseState.DRAFT)
    visibility: Mapped[Visibility] = mapped_column(String(16), default=Visibility.PUBLIC)
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    """Who may approve it besides the institution's administrator; named by the administrator."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    enrolment_count: Mapped[int] = mapped_column(default=0)
    lesson_count: Mapped[int] = mapped_column(default=0)
    """Kept with every change of the outline, so that a list of courses needs no counting."""
    outline_version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Counts the changes of the outline, so that two people ordering it at once notice each other."""
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    institution: Mapped["Institution"] = relationship(lazy="raise")
    chapters: Mapped[list["Chapter"]] = relationship(
        lazy="raise", back_populates="course", order_by="Chapter.position", cascade="all, delete-orphan"
    )


class Chapter(InstitutionOwned, Versioned, Model):
    """A chapter (章): a titled group of lessons, in an order. ``deleted_at``: removed, and can be brought back."""

    __tablename__ = "chapter"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship(lazy="raise", back_populates="chapters")


class Lesson(InstitutionOwned, Edited, Model):
    """A lesson (课时) of one kind. What its kind means is looked up in ``core.courses.kinds``."""

    __tablename__ = "lesson"
    __table_args__ = (Index("ix_lesson_order", "course_id", "chapter_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    chapter_id: Mapped[int] = mapped_column(ForeignKey("chapter.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(default=0)
    body: Mapped[str] = mapped_column(Text, default="")
    """Markdown: the page itself, or what stands under a video or document."""
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="SET NULL"))
    duration_ms: Mapped[int] = mapped_column(default=0)
    """What has to be watched or read, in milliseconds of video or of reading time; 0 while nothing is there."""
    is_preview: Mapped[bool] = mapped_column(default=False)
    """Open to visitors, as a taste of the course."""
    is_required: Mapped[bool] = mapped_column(default=True)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    chapter: Mapped[Chapter] = relationship(lazy="raise")
    asset: Mapped["Asset | None"] = relationship(lazy="raise")


class LessonDraft(InstitutionOwned, Versioned, Model):
    """What a person has typed into a lesson and not saved yet. ``base_version``: the lesson's when it was opened."""

    __tablename__ = "lesson_draft"
    __table_args__ = (UniqueConstraint("lesson_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    base_version: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class Caption(InstitutionOwned, Model):
    """Subtitles (字幕) of a lesson in one language, as clean WebVTT."""

    __tablename__ = "caption"
    __table_args__ = (UniqueConstraint("lesson_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lesson.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(40))
    vtt: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class TeamMember(InstitutionOwned, Model):
    """A person on a course's team. The person may belong to another institution; the row belongs to the course's."""

    __tablename__ = "team_member"
    __table_args__ = (UniqueConstraint("course_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[TeamRole] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(default=0)
    is_listed: Mapped[bool] = mapped_column(default=True)
    """Shown on the course page."""
    introduction: Mapped[str] = mapped_column(String(300), default="")

    user: Mapped["User"] = relationship(lazy="raise")


class CourseMove(InstitutionOwned, Model):
    """One move in a course's life: from where to where, who, why, when. Never changed."""

    __tablename__ = "course_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    before: Mapped[CourseState] = mapped_column(String(16))
    after: Mapped[CourseState] = mapped_column(String(16))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    author_ids: Mapped[list[Any]] = mapped_column(default=list)
    """The people who made the course, as they stood at a submission: none of them may approve it."""
    at: Mapped[datetime] = mapped_column(default=clock.now)

    actor: Mapped["User | None"] = relationship(lazy="raise")


class EnrolmentPolicy(StrEnum):
    """How one gets into a run."""

    OPEN = "open"
    CODE = "code"
    APPROVAL = "approval"
    CLOSED = "closed"


class CourseRun(InstitutionOwned, Edited, Model):
    """A run (开课期次) of a course. ``seats_taken`` is moved only by one conditional UPDATE, so that capacity holds."""

    __tablename__ = "course_run"
    __table_args__ = (
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity"),
        CheckConstraint("seats_taken >= 0", name="seats_taken"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    enrolment_opens_at: Mapped[datetime | None]
    enrolment_closes_at: Mapped[datetime | None]
    capacity: Mapped[int | None]
    seats_taken: Mapped[int] = mapped_column(default=0)
    policy: Mapped[EnrolmentPolicy] = mapped_column(String(16), default=EnrolmentPolicy.OPEN)
    code: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    course: Mapped[Course] = relationship(lazy="raise")


class ClassGroup(InstitutionOwned, Model):
    """A class (班级) inside a run, with a teacher of its own."""

    __tablename__ = "class_group"
    __table_args__ = (UniqueConstraint("run_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("course_run.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    teacher_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
