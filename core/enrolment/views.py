"""Joining and leaving a course, and what a person learns at the moment."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address

from core import clock
from core.courses.catalogue import hours_text
from core.courses.course_page import SeenCourse, render_course_page, resume_lesson, seen_course
from core.courses.queries import outline
from core.courses.runs import POLICY_NAMES
from core.enrolment import policy, queries, service
from core.enrolment.forms import EnrolForm
from core.enrolment.models import Enrolment, EnrolmentState
from core.enrolment.queries import MyCourse
from core.errors import DomainError, NotFound, status_of
from core.i18n import _, _l
from core.users.current import current_person
from core.web.durations import clock_text
from core.web.scope import current_viewer
from core.web.security import limiter

bp = Blueprint("enrolment", __name__, template_folder="templates")

SOON = timedelta(days=14)
STEP_NAMES: dict[policy.Step, Any] = {
    policy.Step.CONTINUE: _l("You are in this run"),
    policy.Step.WAIT: _l("Waiting to be admitted"),
    policy.Step.ENROL: _l("Open for enrolment"),
    policy.Step.CODE: _l("Open with a code"),
    policy.Step.ASK: _l("Open on request"),
    policy.Step.NOT_YET: _l("Not open yet"),
    policy.Step.REFUSED: _l("Not admitted"),
    policy.Step.FULL: _l("Full"),
    policy.Step.OVER: _l("Enrolment ended"),
    policy.Step.CLOSED: _l("Closed"),
}
WRONG_CODES = "10 per minute; 60 per hour"


def person_or_address() -> str:
    """By whom tries are counted: the person, or for visitors the address they come from."""
    user_id = current_viewer().user_id
    return f"user:{user_id}" if user_id is not None else get_remote_address()


@bp.post("/courses/<course_slug>/enrol")
@limiter.limit(WRONG_CODES, key_func=person_or_address, deduct_when=lambda response: response.status_code == 422)
def join(course_slug: str) -> ResponseReturnValue:
    """Enrols the person, or tells on the course's own page what stands in the way."""
    person, viewer = current_person(), current_viewer()
    seen, form = seen_course(course_slug, viewer), EnrolForm()
    if not form.validate():
        return render_course_page(seen, viewer, form), 422
    try:
        run = queries.run_of_course(seen.course.id, form.run_id.data or 0)
        enrolment = service.enrol(run, person.id, code=form.code.data or "", message=form.message.data or "")
    except DomainError as error:
        return _refused(seen, form, error)
    if enrolment.state == EnrolmentState.PENDING:
        flash(_("Your request is with the course team."), "success")
    else:
        flash(_("You are enrolled. Have fun learning!"), "success")
    return redirect(url_for("courses.course", course_slug=course_slug, run=run.id, _anchor="join"))


def _refused(seen: SeenCourse, form: EnrolForm, error: DomainError) -> ResponseReturnValue:
    if isinstance(error, NotFound):
        raise error
    if error.field in form:
        form[error.field].errors = [str(error.sentence)]
    else:
        flash(str(error.sentence), "error")
    # What stands in the way may be new: the page shows the runs as they are now.
    return render_course_page(seen_course(seen.course.slug, current_viewer()), current_viewer(), form), status_of(error)


@bp.get("/courses/<course_slug>/leave")
def leaving(course_slug: str) -> ResponseReturnValue:
    """Asks whether the person means it, and says what stays."""
    seen, enrolment = _mine(course_slug)
    return render_template("enrolment/leave.html", course=seen.course, enrolment=enrolment)


@bp.post("/courses/<course_slug>/leave")
def leave(course_slug: str) -> ResponseReturnValue:
    """Takes the person out of the run, or their request back."""
    seen, enrolment = _mine(course_slug)
    service.withdraw(enrolment)
    flash(_("You left “%(course)s”. What you learnt is kept.", course=seen.course.title), "success")
    return redirect(url_for("enrolment.mine"))


def _mine(course_slug: str) -> tuple[SeenCourse, Enrolment]:
    person = current_person()
    seen = seen_course(course_slug, current_viewer())
    run_id = request.values.get("run", "")
    for run, enrolment in seen.runs:
        if enrolment is not None and str(run.id) == run_id and enrolment.user_id == person.id:
            return seen, enrolment
    raise NotFound(_("You are not in this run."))


@bp.get("/my")
def mine() -> ResponseReturnValue:
    """The person's courses: where to go on, what ends soon, what waits, what is done."""
    now, courses = clock.now(), queries.my_courses(current_person().id)
    active = [course for course in courses if course.state == EnrolmentState.ACTIVE]
    learning = [course for course in active if not course.is_finished and not course.is_over(now)]
    finished = [course for course in active if course.is_finished]
    return render_template(
        "enrolment/my.html",
        clock_text=clock_text,
        newest=next((course for course in learning if course.last_lesson_id), None),
        learning=learning,
        finished=finished,
        earned_hours=hours_text(sum((course.credit_hours for course in finished), Decimal(0))) or "0",
        over=[course for course in active if not course.is_finished and course.is_over(now)],
        pending=[course for course in courses if course.state == EnrolmentState.PENDING],
        refused=[course for course in courses if course.state == EnrolmentState.REFUSED],
        dates=_coming_up(learning, now),
    )


def _coming_up(learning: list[MyCourse], now: datetime) -> list[tuple[datetime, MyCourse, bool]]:
    """What begins or ends within two weeks: when, which course, and whether it begins."""
    dates = [(course.starts_at, course, True) for course in learning if course.starts_at > now]
    dates += [(course.ends_at, course, False) for course in learning if course.ends_at is not None]
    return sorted((entry for entry in dates if now < entry[0] < now + SOON), key=lambda entry: entry[0])


@bp.get("/courses/<course_slug>/resume")
def resume(course_slug: str) -> ResponseReturnValue:
    """Leads to the lesson where the person stopped, else to the first one."""
    viewer = current_viewer()
    seen = seen_course(course_slug, viewer)
    lesson = resume_lesson(seen.active, outline(seen.course.id))
    page = url_for("courses.course", course_slug=course_slug)
    return redirect(f"{page}/lessons/{lesson.id}" if lesson is not None else page)


@bp.app_template_global()
def step_name(step: policy.Step) -> Any:
    """What can be done at a run, in a word or two."""
    return STEP_NAMES[step]


bp.add_app_template_global(policy.closing, "closing")
bp.add_app_template_global(POLICY_NAMES.get, "policy_name")
