"""Who may do what: one table, readable without running anything.

A person holds roles in places: on the site (operator), in an institution (administrator, instructor, student), on a
course's team (leader, instructor, assistant), as a course's named reviewer, and in a run (learner). A permission is
granted in a place when one of the roles held there is listed beside it. What is not listed is denied.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import NotAllowed
from core.i18n import _


class Role(StrEnum):
    """Every role of the site, across places."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    STAFF = "staff"
    """Instructor of the institution: may start courses there."""
    MEMBER = "member"
    """Student of the institution: sees what is open to its members."""
    LEADER = "leader"
    INSTRUCTOR = "instructor"
    ASSISTANT = "assistant"
    REVIEWER = "reviewer"
    LEARNER = "learner"


class Permission(StrEnum):
    """What can be allowed."""

    MANAGE_SITE = "manage_site"
    MANAGE_INSTITUTION = "manage_institution"
    MANAGE_MEMBERS = "manage_members"
    SEE_MEMBERS_COURSES = "see_members_courses"
    CREATE_COURSE = "create_course"
    SEE_DRAFT = "see_draft"
    EDIT_COURSE = "edit_course"
    MANAGE_TEAM = "manage_team"
    MANAGE_RUNS = "manage_runs"
    SUBMIT_COURSE = "submit_course"
    APPROVE_COURSE = "approve_course"
    ARCHIVE_COURSE = "archive_course"
    SEE_LEARNERS = "see_learners"
    MANAGE_LEARNERS = "manage_learners"
    RULE_ON_PROGRESS = "rule_on_progress"
    LEARN = "learn"


_TEACHERS = {Role.LEADER, Role.INSTRUCTOR}
_TEAM = _TEACHERS | {Role.ASSISTANT}

GRANTS: dict[Permission, set[Role]] = {
    Permission.MANAGE_SITE: {Role.OPERATOR},
    Permission.MANAGE_INSTITUTION: {Role.OPERATOR, Role.ADMINISTRATOR},
    Permission.MANAGE_MEMBERS: {Role.OPERATOR, Role.ADMINISTRATOR},
    Permission.SEE_MEMBERS_COURSES: {Role.OPERATOR, Role.ADMINISTRATOR, Role.STAFF, Role.MEMBER, Role.REVIEWER, *_TEAM},
    Permission.CREATE_COURSE: {Role.ADMINISTRATOR, Role.STAFF},
    Permission.SEE_DRAFT: {Role.ADMINISTRATOR, Role.REVIEWER, *_TEAM},
    Permission.EDIT_COURSE: {Role.ADMINISTRATOR, *_TEACHERS},
    Permission.MANAGE_TEAM: {Role.ADMINISTRATOR, Role.LEADER},
    Permission.MANAGE_RUNS: {Role.ADMINISTRATOR, Role.LEADER},
    Permission.SUBMIT_COURSE: {Role.ADMINISTRATOR, *_TEACHERS},
    Permission.APPROVE_COURSE: {Role.ADMINISTRATOR, Role.REVIEWER},
    Permission.ARCHIVE_COURSE: {Role.ADMINISTRATOR, Role.LEADER},
    Permission.SEE_LEARNERS: {Role.ADMINISTRATOR, *_TEAM},
    Permission.MANAGE_LEARNERS: {Role.ADMINISTRATOR, *_TEACHERS},
    Permission.RULE_ON_PROGRESS: {Role.ADMINISTRATOR, *_TEACHERS},
    Permission.LEARN: {Role.LEARNER},
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person asking, with every role they hold; a visitor holds none. Loaded once per request."""

    user_id: int | None = None
    is_operator: bool = False
    institutions: dict[int, Role] = field(default_factory=dict)
    """Institution id → the role held there."""
    courses: dict[int, Role] = field(default_factory=dict)
    """Course id → the role on its team."""

    @property
    def teaches(self) -> bool:
        """Whether the person makes courses somewhere, or may begin one."""
        starts = GRANTS[Permission.CREATE_COURSE]
        return bool(self.courses) or any(role in starts for role in self.institutions.values())

    def roles(
        self, *, institution_id: int | None = None, course_id: int | None = None, reviewer_id: int | None = None
    ) -> set[Role]:
        """The roles held in a place. ``reviewer_id`` is the place's named reviewer, if it has one."""
        roles = {Role.OPERATOR} if self.is_operator else set()
        if institution_id in self.institutions:
            roles.add(self.institutions[institution_id])
        if course_id in self.courses:
            roles.add(self.courses[course_id])
        if self.user_id is not None and reviewer_id == self.user_id:
            roles.add(Role.REVIEWER)
        return roles

    def may(
        self,
        permission: Permission,
        *,
        institution_id: int | None = None,
        course_id: int | None = None,
        reviewer_id: int | None = None,
    ) -> bool:
        """Whether the table grants ``permission`` to one of the roles held in this place."""
        held = self.roles(institution_id=institution_id, course_id=course_id, reviewer_id=reviewer_id)
        return not GRANTS[permission].isdisjoint(held)

    def must(
        self,
        permission: Permission,
        *,
        institution_id: int | None = None,
        course_id: int | None = None,
        reviewer_id: int | None = None,
    ) -> None:
        """As :meth:`may`, raising :class:`NotAllowed`."""
        if not self.may(permission, institution_id=institution_id, course_id=course_id, reviewer_id=reviewer_id):
            raise NotAllowed(_("Your role here does not include this."))
