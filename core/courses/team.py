"""Who makes a course: people of any institution, in one of three roles, and the reviewer an administrator names.

A course always has a leader: the last one can neither leave nor become something else. Author and reviewer are
different people.
"""

from sqlalchemy import func, select, update

from core import audit
from core.courses import editing
from core.courses.models import ClassGroup, Course, CourseRun, TeamMember, TeamRole
from core.db import db
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _, _l
from core.tenancy import scope_or_none
from core.users import identities
from core.users.models import User

LARGEST_TEAM = 50

ROLE_NAMES = {
    TeamRole.LEADER: _l("Leader"),
    TeamRole.INSTRUCTOR: _l("Instructor"),
    TeamRole.ASSISTANT: _l("Teaching assistant"),
}


def find_person(login: str, field: str = "login") -> User:
    """The active account with this e-mail address or user name. Raises :class:`Invalid` where there is none, and for an
    address that the account has not been proved to own: roles are given by address, and anybody can register one.
    """
    try:
        same = (
            User.email == identities.normal_email(login)
            if "@" in login
            else User.username == identities.normal_username(login)
        )
    except Invalid as error:
        raise Invalid(error.sentence, field=field) from None
    person = db.session.scalar(select(User).where(same, User.active))
    if person is None:
        raise Invalid(
            _("Nobody has an account under “%(login)s”. Ask the person for the address they log in with.", login=login),
            field=field,
        )
    if "@" in login and not identities.is_proved(
        confirmed=person.confirmed_at is not None,
        activated=person.password is not None,
        home_id=person.home_id,
        institution_id=scope_or_none(),
    ):
        raise Invalid(
            _(
                "The account under “%(login)s” has not confirmed that address, so it may be somebody else's. Ask the "
                "person to open the link in the mail we sent them.",
                login=login,
            ),
            field=field,
        )
    return person


def add_member(course_id: int, login: str, role: TeamRole) -> TeamMember:
    """Puts a person on the team. Somebody who is on it already keeps their place and gets the new role."""
    course = editing.locked(Course, course_id)
    person = find_person(login)
    if person.id == course.reviewer_id:
        raise Invalid(
            _("%(name)s is the reviewer of this course, and nobody reviews their own work.", name=person.name),
            field="login",
        )
    present = db.session.scalar(
        select(TeamMember).where(TeamMember.course_id == course.id, TeamMember.user_id == person.id)
    )
    if present is not None:
        return change_member(course_id, present.id, role=role)
    members = _members(course_id)
    if len(members) >= LARGEST_TEAM:
        raise Invalid(_("A team has at most %(count)s people.", count=LARGEST_TEAM), field="login")
    position = max((member.position for member in members), default=-1) + 1
    member = TeamMember(course_id=course.id, user_id=person.id, role=role, position=position)
    db.session.add(member)
    audit.record("courses.team_added", course, user_id=person.id, role=role)
    db.session.flush()
    return member


def change_member(
    course_id: int,
    member_id: int,
    *,
    role: TeamRole | None = None,
    is_listed: bool | None = None,
    introduction: str | None = None,
) -> TeamMember:
    """Changes what is given. Raises :class:`Conflict` where the course would be left without a leader."""
    course = editing.locked(Course, course_id)
    member = _member(course_id, member_id)
    if role is not None and role != member.role:
        if member.role == TeamRole.LEADER:
            _keep_a_leader(course_id)
        audit.record("courses.team_changed", course, user_id=member.user_id, before=member.role, after=role)
        member.role = role
    if is_listed is not None:
        member.is_listed = is_listed
    if introduction is not None:
        member.introduction = introduction
    db.session.flush()
    return member


def remove_member(course_id: int, member_id: int) -> None:
    """Takes a person off the team and out of the classes they taught. Somebody gone already is no error.

    Raises :class:`Conflict` for the last leader.
    """
    course = editing.locked(Course, course_id)
    member = db.session.scalar(select(TeamMember).where(TeamMember.id == member_id, TeamMember.course_id == course_id))
    if member is None:
        return
    if member.role == TeamRole.LEADER:
        _keep_a_leader(course_id)
    runs = select(CourseRun.id).where(CourseRun.course_id == course_id)
    taught = update(ClassGroup).where(ClassGroup.teacher_id == member.user_id, ClassGroup.run_id.in_(runs))
    db.session.execute(taught.values(teacher_id=None), execution_options={"synchronize_session": False})
    audit.record("courses.team_removed", course, user_id=member.user_id, role=member.role)
    db.session.delete(member)
    db.session.flush()


def step_member(course_id: int, member_id: int, direction: str) -> None:
    """Moves a person one place ``up`` or ``down`` in the order in which the course page lists the team."""
    editing.locked(Course, course_id)
    member = _member(course_id, member_id)
    members = _members(course_id)
    index = members.index(member)
    other = index + (1 if direction == "down" else -1)
    if 0 <= other < len(members):
        members.insert(other, members.pop(index))
        for number, each in enumerate(members):
            each.position = number
        db.session.flush()


def name_reviewer(course_id: int, login: str) -> User | None:
    """Makes a person the course's reviewer; an empty ``login`` leaves it to the administrators."""
    course = editing.locked(Course, course_id)
    person = find_person(login, "reviewer") if login else None
    if person is not None and any(member.user_id == person.id for member in _members(course_id)):
        raise Invalid(
            _("%(name)s is on the team, and nobody reviews their own work. Name somebody else.", name=person.name),
            field="reviewer",
        )
    course.reviewer_id = person.id if person is not None else None
    audit.record("courses.reviewer_named", course, user_id=course.reviewer_id)
    db.session.flush()
    return person


def _keep_a_leader(course_id: int) -> None:
    leaders = db.session.scalar(
        select(func.count()).where(TeamMember.course_id == course_id, TeamMember.role == TeamRole.LEADER)
    )
    if (leaders or 0) < 2:
        raise Conflict(_("This is the course's last leader. Make somebody else leader first."), field="role")


def _members(course_id: int) -> list[TeamMember]:
    query = select(TeamMember).where(TeamMember.course_id == course_id)
    return list(db.session.scalars(query.order_by(TeamMember.position, TeamMember.id)))


def _member(course_id: int, member_id: int) -> TeamMember:
    member = db.session.scalar(select(TeamMember).where(TeamMember.id == member_id, TeamMember.course_id == course_id))
    if member is None:
        raise NotFound(_("This person is not on the team any more."))
    return member
