"""Page: the team of a course, and who reviews it."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.courses import editor_queries, team
from core.courses.editor import bp, on_course, page, put_error, saved
from core.courses.forms import MemberForm, MembershipForm, ReviewerForm
from core.courses.models import Course, TeamRole
from core.errors import DomainError, NotFound
from core.i18n import _, _l
from core.permissions import GRANTS, Permission, Role
from core.web.scope import current_viewer
from core.web.security import limiter

RIGHTS = {
    Permission.SEE_DRAFT: _l("See the course before it is published"),
    Permission.EDIT_COURSE: _l("Change information, chapters and lessons"),
    Permission.SUBMIT_COURSE: _l("Submit for review, withdraw"),
    Permission.SEE_LEARNERS: _l("See learners and their progress"),
    Permission.MANAGE_LEARNERS: _l("Admit, refuse and place learners"),
    Permission.RULE_ON_PROGRESS: _l("Decide on objections to watched time"),
    Permission.MANAGE_RUNS: _l("Open and change runs"),
    Permission.MANAGE_TEAM: _l("Change the team"),
    Permission.ARCHIVE_COURSE: _l("Archive"),
}
"""The rights of a team in words. Who has them is read from the table of permissions itself."""


def _person() -> str:
    return f"person:{current_user.get_id()}"


asking_for_people = limiter.shared_limit("60 per hour", scope="people-of-teams", key_func=_person, methods=["POST"])
"""Whoever may manage a team learns whether an address has an account; this keeps it from becoming a list of them."""


@bp.get("/<course_slug>/team", endpoint="team")
@on_course()
def team_page(course: Course) -> ResponseReturnValue:
    """The team."""
    return _page(course)


@bp.post("/<course_slug>/team")
@asking_for_people
@on_course(Permission.MANAGE_TEAM)
def add_member(course: Course) -> ResponseReturnValue:
    """Puts somebody on the team."""
    form = MemberForm()
    status = 422
    if form.validate():
        try:
            team.add_member(course.id, form.login.data, TeamRole(form.role.data))
        except DomainError as error:
            status = put_error(form, error)
        else:
            return saved(url_for("teach.team", course_slug=course.slug))
    return _page(course, status, member_form=form)


@bp.route("/<course_slug>/team/<int:member_id>", methods=["GET", "POST"])
@on_course(Permission.MANAGE_TEAM)
def member(course: Course, member_id: int) -> ResponseReturnValue:
    """One person's role and introduction."""
    row = next((row for row in editor_queries.team(course.id) if row.TeamMember.id == member_id), None)
    if row is None:
        raise NotFound(_("This person is not on the team any more."))
    form = MembershipForm(obj=row.TeamMember)
    status = 200
    if form.validate_on_submit():
        try:
            team.change_member(
                course.id,
                member_id,
                role=TeamRole(form.role.data),
                is_listed=form.is_listed.data,
                introduction=form.introduction.data,
            )
        except DomainError as error:
            status = put_error(form, error)
        else:
            return saved(url_for("teach.team", course_slug=course.slug))
    elif form.is_submitted():
        status = 422
    return page("member.html", course, "team", status, form=form, member=row.TeamMember, person=row.User)


@bp.post("/<course_slug>/team/<int:member_id>/move")
@on_course(Permission.MANAGE_TEAM)
def move_member(course: Course, member_id: int) -> ResponseReturnValue:
    """Moves somebody one place in the order of the course page."""
    team.step_member(course.id, member_id, request.form.get("direction", ""))
    return redirect(url_for("teach.team", course_slug=course.slug))


@bp.post("/<course_slug>/team/<int:member_id>/delete")
@on_course(Permission.MANAGE_TEAM)
def remove_member(course: Course, member_id: int) -> ResponseReturnValue:
    """Takes somebody off the team."""
    team.remove_member(course.id, member_id)
    return saved(url_for("teach.team", course_slug=course.slug))


@bp.post("/<course_slug>/reviewer")
@asking_for_people
@on_course()
def reviewer(course: Course) -> ResponseReturnValue:
    """Names the reviewer; the institution's administrators do that."""
    current_viewer().must(Permission.MANAGE_INSTITUTION, institution_id=course.institution_id)
    form = ReviewerForm()
    status = 422
    if form.validate():
        try:
            team.name_reviewer(course.id, form.reviewer.data)
        except DomainError as error:
            status = put_error(form, error)
        else:
            return saved(url_for("teach.team", course_slug=course.slug))
    return _page(course, status, reviewer_form=form)


def _page(
    course: Course,
    status: int = 200,
    member_form: MemberForm | None = None,
    reviewer_form: ReviewerForm | None = None,
) -> ResponseReturnValue:
    viewer = current_viewer()
    return page(
        "team.html",
        course,
        "team",
        status,
        members=editor_queries.team(course.id),
        reviewer=editor_queries.person_name(course.reviewer_id),
        role_names=team.ROLE_NAMES,
        rights=[
            (label, [Role(role) in GRANTS[permission] for role in TeamRole]) for permission, label in RIGHTS.items()
        ],
        member_form=member_form or MemberForm(formdata=None),
        reviewer_form=reviewer_form or ReviewerForm(formdata=None),
        names_reviewer=viewer.may(Permission.MANAGE_INSTITUTION, institution_id=course.institution_id),
    )
