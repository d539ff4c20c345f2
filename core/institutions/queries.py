"""Reading institutions: one of them, those a person manages, their courses and their log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from core.audit import AuditEntry
from core.courses.models import Course, CourseState
from core.db import db
from core.errors import NotFound
from core.i18n import _
from core.institutions.models import Institution, InstitutionRole, Membership
from core.permissions import Permission, Viewer
from core.tenancy import across_institutions
from core.users.models import User

LOG_PAGE = 50
COURSE_PAGE = 50


@dataclass(frozen=True, slots=True)
class TabCounts:
    """What stands beside the tabs."""

    people: int
    courses: int
    in_review: int


@dataclass(frozen=True, slots=True)
class Managed:
    """An institution in the list of those one manages."""

    slug: str
    name: str
    logo_id: int | None
    people: int
    courses: int


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course in the institution's list."""

    id: int
    slug: str
    title: str
    state: CourseState
    leader: str
    reviewer: str
    lesson_count: int
    learners: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """An entry of the audit log with its people by name."""

    action: str
    object_type: str
    details: dict[str, Any]
    actor: str
    person: str
    at: datetime


def by_slug(slug: str) -> Institution:
    """The institution of that slug. Raises :class:`NotFound` where there is none."""
    institution = db.session.scalars(select(Institution).where(Institution.slug == slug)).first()
    if institution is None:
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    return institution


def managed_by(viewer: Viewer) -> list[Managed]:
    """The institutions a person manages, by name; all of them for the operator."""
    ids = [each for each in viewer.institutions if viewer.may(Permission.MANAGE_INSTITUTION, institution_id=each)]
    people = select(func.count()).where(Membership.institution_id == Institution.id).scalar_subquery()
    courses = select(func.count()).where(Course.institution_id == Institution.id).scalar_subquery()
    query = select(Institution.slug, Institution.name, Institution.logo_id, people, courses).order_by(Institution.name)
    if not viewer.may(Permission.MANAGE_SITE):
        query = query.where(Institution.id.in_(ids))
    with across_institutions("one person's institutions, whichever they are"):
        return [Managed(*row) for row in db.session.execute(query)]


def tab_counts(institution: Institution) -> TabCounts:
    """How many people and courses there are, and what waits for a review. One statement."""
    people = select(func.count()).where(Membership.institution_id == institution.id).scalar_subquery()
    waiting = func.coalesce(func.sum(case((Course.state == CourseState.IN_REVIEW, 1), else_=0)), 0)
    row = db.session.execute(
        select(people, func.count(), waiting).select_from(Course).where(Course.institution_id == institution.id)
    ).one()
    return TabCounts(*row)


def courses(institution: Institution, state: CourseState | None, page: int) -> list[CourseLine]:
    """A page of the institution's courses, those that wait for a review first."""
    from core.courses.models import TeamMember, TeamRole

    reviewer = select(User.name).where(User.id == Course.reviewer_id).correlate(Course).scalar_subquery()
    leader = (
        select(func.min(User.name))
        .join(TeamMember, TeamMember.user_id == User.id)
        .where(TeamMember.course_id == Course.id, TeamMember.role == TeamRole.LEADER)
        .correlate(Course)
        .scalar_subquery()
    )
    query = (
        select(
            Course.id,
            Course.slug,
            Course.title,
            Course.state,
            func.coalesce(leader, ""),
            func.coalesce(reviewer, ""),
            Course.lesson_count,
            Course.enrolment_count,
        )
        .where(Course.institution_id == institution.id)
        .order_by(case((Course.state == CourseState.IN_REVIEW, 0), else_=1), Course.title, Course.id)
        .offset((page - 1) * COURSE_PAGE)
        .limit(COURSE_PAGE)
    )
    if state is not None:
        query = query.where(Course.state == state)
    return [CourseLine(*row) for row in db.session.execute(query)]


def course_counts(institution: Institution) -> dict[CourseState, int]:
    """How many courses are in each state."""
    query = select(Course.state, func.count()).where(Course.institution_id == institution.id).group_by(Course.state)
    return {CourseState(state): number for state, number in db.session.execute(query)}


def log(institution: Institution, page: int) -> tuple[list[LogLine], bool]:
    """A page of the institution's audit log, the newest first, and whether there is an older one."""
    query = (
        select(AuditEntry.action, AuditEntry.object_type, AuditEntry.details, AuditEntry.at, User.name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.institution_id == institution.id)
        .order_by(AuditEntry.id.desc())
        .offset((page - 1) * LOG_PAGE)
        .limit(LOG_PAGE + 1)
    )
    with across_institutions("named in the statement itself"):
        rows = db.session.execute(query).all()
        names = _names([row.details.get("user_id") for row in rows])
    lines = [
        LogLine(
            row.action, row.object_type, row.details, row.name or "", names.get(row.details.get("user_id"), ""), row.at
        )
        for row in rows[:LOG_PAGE]
    ]
    return lines, len(rows) > LOG_PAGE


def last_change(institution: Institution) -> tuple[int | None, datetime] | None:
    """Who saved the institution's own settings last, and when."""
    query = (
        select(AuditEntry.actor_id, AuditEntry.at)
        .where(AuditEntry.object_type == Institution.__tablename__, AuditEntry.object_id == str(institution.id))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    with across_institutions("named in the statement itself"):
        row = db.session.execute(query).first()
    return (row[0], row[1]) if row else None


def administrators(institution: Institution) -> int:
    """How many administrators an institution has."""
    query = select(func.count()).where(
        Membership.institution_id == institution.id, Membership.role == InstitutionRole.ADMINISTRATOR
    )
    return db.session.scalar(query) or 0


def _names(ids: Sequence[Any]) -> dict[Any, str]:
    wanted = sorted({each for each in ids if isinstance(each, int)})
    if not wanted:
        return {}
    return {row[0]: row[1] for row in db.session.execute(select(User.id, User.name).where(User.id.in_(wanted)))}


def institutions_after(institution_id: int, limit: int) -> Sequence[Institution]:
    """The institutions of the site in the order in which they came, those after one of them."""
    return db.session.scalars(
        select(Institution).where(Institution.id > institution_id).order_by(Institution.id).limit(limit)
    ).all()
