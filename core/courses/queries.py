"""Reading courses: one course by its slug, its outline, its team."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select

from core.courses.models import Chapter, Course, CourseState, Lesson, TeamMember, Visibility
from core.db import db
from core.institutions.models import Institution
from core.tenancy import across_institutions
from core.users.models import User


@dataclass(frozen=True, slots=True)
class OutlineLesson:
    """A lesson as outlines show it."""

    id: int
    kind: str
    title: str
    duration_ms: int
    is_preview: bool
    is_required: bool


@dataclass(frozen=True, slots=True)
class OutlineChapter:
    """A chapter and its lessons, in order."""

    id: int
    title: str
    lessons: list[OutlineLesson] = field(default_factory=list)

    @property
    def duration_ms(self) -> int:
        """What there is to watch and read, in milliseconds."""
        return sum(lesson.duration_ms for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class Teammate:
    """A person on a course's team, as the course page shows them."""

    user_id: int
    name: str
    role: str
    introduction: str
    avatar_id: int | None


# Built once: putting a statement together costs more than running it, and these run with every page of a course.
_COURSE = (
    select(Course, Institution)
    .join(Institution, Institution.id == Course.institution_id)
    .where(Course.slug == bindparam("slug"))
)
_OUTLINE = (
    select(
        Chapter.id.label("chapter_id"),
        Chapter.title.label("chapter_title"),
        Lesson.id,
        Lesson.kind,
        Lesson.title,
        Lesson.duration_ms,
        Lesson.is_preview,
        Lesson.is_required,
    )
    .outerjoin(Lesson, (Lesson.chapter_id == Chapter.id) & Lesson.deleted_at.is_(None))
    .where(Chapter.course_id == bindparam("course_id"), Chapter.deleted_at.is_(None))
    .order_by(Chapter.position, Chapter.id, Lesson.position, Lesson.id)
)
_TEAM = (
    select(User.id, User.name, TeamMember.role, TeamMember.introduction, User.avatar_id)
    .join(User, User.id == TeamMember.user_id)
    .where(TeamMember.course_id == bindparam("course_id"), TeamMember.is_listed)
    .order_by(TeamMember.position, TeamMember.id)
)


def course_with_institution(slug: str) -> tuple[Course, Institution] | None:
    """The course of that slug and the institution that owns it, in the present scope."""
    row = db.session.execute(_COURSE, {"slug": slug}).first()
    return (row[0], row[1]) if row else None


def outline(course_id: int) -> list[OutlineChapter]:
    """What is left of chapters and lessons after deletions, in order. One statement; empty chapters included."""
    rows = db.session.execute(_OUTLINE, {"course_id": course_id})
    chapters: dict[int, OutlineChapter] = {}
    for row in rows:
        chapter = chapters.setdefault(row.chapter_id, OutlineChapter(row.chapter_id, row.chapter_title))
        if row.id is not None:
            lesson = OutlineLesson(row.id, row.kind, row.title, row.duration_ms, row.is_preview, row.is_required)
            chapter.lessons.append(lesson)
    return list(chapters.values())


def listed_team(course_id: int) -> list[Teammate]:
    """The people that the course page names, in the team's own order."""
    rows = db.session.execute(_TEAM, {"course_id": course_id})
    return [Teammate(*row) for row in rows]


def public_courses(most: int = 50_000) -> list[tuple[str, datetime]]:
    """Slug and last change of the courses that anybody may read, newest first; as many as a sitemap may hold."""
    with across_institutions("what search engines may know of every institution"):
        rows = db.session.execute(
            select(Course.slug, Course.updated_at)
            .where(Course.state == CourseState.PUBLISHED, Course.visibility == Visibility.PUBLIC)
            .order_by(Course.published_at.desc())
            .limit(most)
        )
    return [(row.slug, row.updated_at) for row in rows]


def all_courses(institution_id: int | None = None, state: CourseState | None = None) -> list[Row[*tuple[Any, ...]]]:
    """Every course of the site or of one institution, in every state, with the institution's name; for operators."""
    courses = (
        select(
            Course.id,
            Course.slug,
            Course.title,
            Course.state,
            Course.visibility,
            Course.lesson_count,
            Course.enrolment_count,
            Course.published_at,
            Course.updated_at,
            Institution.slug.label("institution_slug"),
            Institution.name.label("institution"),
        )
        .join(Institution, Institution.id == Course.institution_id)
        .order_by(Institution.slug, Course.slug)
    )
    if institution_id is not None:
        courses = courses.where(Course.institution_id == institution_id)
    if state is not None:
        courses = courses.where(Course.state == state)
    with across_institutions("the operator looks at every course"):
        return list(db.session.execute(courses).all())
