"""Page: the people of a run; who is admitted, who is not, and who sits in which class."""

from flask import request
from flask.typing import ResponseReturnValue

from core.courses import editor_queries
from core.courses.editor import bp, on_course, page, page_address, page_number, saved
from core.courses.editor_queries import LearnerFilter
from core.courses.forms import number_in
from core.courses.models import ClassGroup, Course, CourseRun
from core.enrolment import queries as enrolments
from core.enrolment import service
from core.enrolment.models import Enrolment, EnrolmentState
from core.errors import Invalid, NotFound
from core.i18n import _, _l
from core.permissions import Permission
from core.web.fields import LARGEST_ID, searched, storable

STATE_NAMES = {
    EnrolmentState.PENDING: _l("Asks to be admitted"),
    EnrolmentState.ACTIVE: _l("In the run"),
    EnrolmentState.WITHDRAWN: _l("Left"),
    EnrolmentState.REFUSED: _l("Not admitted"),
}


@bp.get("/<course_slug>/runs/<int:run_id>/learners", endpoint="learners")
@on_course(Permission.SEE_LEARNERS)
def learners_page(course: Course, run_id: int) -> ResponseReturnValue:
    """The run's people, narrowed by name, state and class."""
    run = _run(course, run_id)
    state = request.args.get("state", "")
    wanted = LearnerFilter(
        words=searched(request.args.get("q", "")),
        state=state if state in set(EnrolmentState) else "",
        group_id=number_in(request.args, "group"),
        page=page_number(),
    )
    found, total = editor_queries.learners(run.id, wanted)
    return page(
        "learners.html",
        course,
        "runs",
        run=run,
        wanted=wanted,
        learners=found,
        total=total,
        pages=-(-total // editor_queries.LEARNERS_PER_PAGE),
        page_address=page_address,
        groups=editor_queries.groups(run.id),
        state_names=STATE_NAMES,
        here=request.full_path.rstrip("?"),
    )


@bp.post("/<course_slug>/runs/<int:run_id>/learners")
@on_course(Permission.MANAGE_LEARNERS)
def decide(course: Course, run_id: int) -> ResponseReturnValue:
    """Admits, refuses, takes out or places the people chosen; all of them or, where one cannot be, none."""
    run = _run(course, run_id)
    chosen = _chosen(course, run)
    action = request.form.get("action", "")
    if action == "admit":
        for enrolment in chosen:
            service.admit(run, enrolment.user_id)
    elif action == "refuse":
        reason = _reason()
        for enrolment in chosen:
            service.refuse(enrolment, reason)
    elif action == "remove":
        for enrolment in chosen:
            service.remove(enrolment)
    elif action == "place":
        service.place(chosen, _group(run))
    else:
        raise Invalid(_("Choose what to do with these people: use the buttons of the page."), field="action")
    return saved(request.full_path.rstrip("?"))


def _reason() -> str:
    try:
        return " ".join(storable(request.form.get("reason", "")).split())[:300]
    except ValueError as error:
        raise Invalid(str(error), field="reason") from None


def _chosen(course: Course, run: CourseRun) -> list[Enrolment]:
    ids = [int(text) for text in request.form.getlist("enrolment") if text.isascii() and text.isdigit()]
    ids = [number for number in ids if number <= LARGEST_ID][: editor_queries.LEARNERS_PER_PAGE]
    chosen = [each for each in enrolments.enrolments_of_course(course.id, ids) if each.run_id == run.id]
    if not chosen:
        raise Invalid(_("Choose at least one person: tick the box before the name."), field="enrolment")
    return chosen


def _group(run: CourseRun) -> ClassGroup | None:
    if not request.form.get("group_id"):
        return None
    wanted = number_in(request.form, "group_id")
    for group in enrolments.groups_of_run(run.id):
        if group.id == wanted:
            return group
    raise NotFound(_("This class is not in the run any more."))


def _run(course: Course, run_id: int) -> CourseRun:
    run = editor_queries.run(course.id, run_id)
    if run is None:
        raise NotFound(_("This run is not in this course."))
    return run
