"""Enrolment as JSON: joining and leaving a run, one's own enrolments, and the people of a run for its team."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from core.courses.api import editable
from core.courses.course_page import seen_course
from core.courses.models import Course, CourseRun
from core.enrolment import queries, service
from core.enrolment.models import Enrolment, EnrolmentState
from core.enrolment.queries import Learner
from core.enrolment.views import WRONG_CODES, person_or_address
from core.errors import NotFound
from core.i18n import _
from core.permissions import Permission
from core.users.current import current_person
from core.web.api import Blueprint
from core.web.api_fields import Body, Line, Paging, Text, one_of
from core.web.cursors import LINK, Position, page_of, piece, position
from core.web.scope import current_viewer
from core.web.security import limiter

bp = Blueprint("enrolments", __name__, url_prefix="/api/v1", description="Who is in which run")

STATE = one_of(EnrolmentState)


class NewEnrolment(Body):
    """What the door of a run asks for."""

    code = Line(64, load_default="", metadata={"description": "Where the run is joined with a code"})
    message = Text(300, load_default="", metadata={"description": "What the team should know, where it admits people"})


class EnrolmentSchema(Schema):
    """A person's place in a run."""

    id = fields.Integer(required=True)
    run_id = fields.Integer(required=True)
    state = fields.String(required=True, validate=STATE)
    created_at = fields.AwareDateTime(required=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)


class MyEnrolmentSchema(Schema):
    """One of your own places: the course and how far you are."""

    id = fields.Integer(required=True)
    course_slug = fields.String(required=True)
    course = fields.String(required=True, metadata={"description": "Title"})
    institution = fields.String(required=True)
    run = fields.String(required=True, metadata={"description": "Title"})
    state = fields.String(required=True, validate=STATE)
    required_lessons = fields.Integer(required=True)
    completed_lessons = fields.Integer(required=True)
    completed = fields.Boolean(required=True)
    last_lesson_id = fields.Integer(required=True, allow_none=True, metadata={"description": "Where to go on"})
    last_active_at = fields.AwareDateTime(required=True, allow_none=True)


class MyEnrolmentListSchema(Schema):
    """All your places, latest activity first."""

    items = fields.List(fields.Nested(MyEnrolmentSchema), required=True)


class LearnersQuery(Paging):
    """Which people of a run."""

    state = fields.String(validate=STATE)


class LearnerSchema(EnrolmentSchema):
    """Somebody in a run, as its team sees them."""

    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    group = fields.String(required=True, allow_none=True, metadata={"description": "Name of the class (班级)"})
    message = fields.String(required=True)


class Refusal(Body):
    """Why somebody is not admitted."""

    reason = Line(300, load_default="", metadata={"description": "The person reads it"})


@bp.get("/me/enrolments")
@bp.response(200, MyEnrolmentListSchema)
def my_enrolments() -> Any:
    """The runs you are in or have asked to join."""
    return {
        "items": [
            {
                "id": place.enrolment_id,
                "course_slug": place.slug,
                "course": place.title,
                "institution": place.institution,
                "run": place.run_title,
                "state": place.state,
                "required_lessons": place.required,
                "completed_lessons": place.done,
                "completed": place.is_finished,
                "last_lesson_id": place.last_lesson_id,
                "last_active_at": place.last_active_at,
            }
            for place in queries.my_courses(current_person().id)
        ]
    }


@bp.put("/courses/<course_slug>/runs/<int:run_id>/enrolment")
@limiter.limit(WRONG_CODES, key_func=person_or_address, deduct_when=lambda response: response.status_code == 422)
@bp.arguments(NewEnrolment)
@bp.response(200, EnrolmentSchema)
def enrol(sent: dict[str, Any], course_slug: str, run_id: int) -> Any:
    """Enrols you in a run, or asks its team to. Doing it twice is doing it once."""
    person = current_person()
    course = seen_course(course_slug, current_viewer()).course
    run = queries.run_of_course(course.id, run_id)
    return service.enrol(run, person.id, code=sent["code"], message=sent["message"])


@bp.delete("/courses/<course_slug>/runs/<int:run_id>/enrolment")
@bp.response(200, EnrolmentSchema)
def withdraw(course_slug: str, run_id: int) -> Any:
    """Takes you out of a run, or your request back. What you learnt is kept."""
    person = current_person()
    course = seen_course(course_slug, current_viewer()).course
    enrolment = queries.enrolment_in(queries.run_of_course(course.id, run_id).id, person.id)
    if enrolment is None:
        raise NotFound(_("You are not in this run."))
    service.withdraw(enrolment)
    return enrolment


@bp.get("/courses/<course_slug>/runs/<int:run_id>/enrolments")
@bp.arguments(LearnersQuery, location="query")
@bp.response(200, page_of(LearnerSchema), headers=LINK)
def learners(query: dict[str, Any], course_slug: str, run_id: int) -> Any:
    """The people of a run, in the order in which they came."""
    _course, run = _run(course_slug, run_id, Permission.SEE_LEARNERS)
    after = position(query["cursor"])
    state = EnrolmentState(query["state"]) if query.get("state") else None
    found = queries.learners_after(run.id, after[0] if after else 0, query["limit"] + 1, state)
    return piece(found, query["limit"], _last)


def _last(rows: Sequence[Learner]) -> Position:
    return [rows[-1].id]


@bp.post("/courses/<course_slug>/runs/<int:run_id>/enrolments/<int:enrolment_id>/admit")
@bp.response(200, EnrolmentSchema)
def admit(course_slug: str, run_id: int, enrolment_id: int) -> Any:
    """Lets somebody in who asked, left or was not admitted before."""
    course, run = _run(course_slug, run_id, Permission.MANAGE_LEARNERS)
    return service.admit(run, _enrolment(course, run, enrolment_id).user_id)


@bp.post("/courses/<course_slug>/runs/<int:run_id>/enrolments/<int:enrolment_id>/refuse")
@bp.arguments(Refusal)
@bp.response(200, EnrolmentSchema)
def refuse(sent: dict[str, Any], course_slug: str, run_id: int, enrolment_id: int) -> Any:
    """Does not admit somebody who asked. Nothing happens to those who are in."""
    course, run = _run(course_slug, run_id, Permission.MANAGE_LEARNERS)
    enrolment = _enrolment(course, run, enrolment_id)
    service.refuse(enrolment, sent["reason"])
    return enrolment


def _run(course_slug: str, run_id: int, permission: Permission) -> tuple[Course, CourseRun]:
    course, _institution = editable(course_slug, permission)
    return course, queries.run_of_course(course.id, run_id)


def _enrolment(course: Course, run: CourseRun, enrolment_id: int) -> Enrolment:
    for found in queries.enrolments_of_course(course.id, [enrolment_id]):
        if found.run_id == run.id:
            return found
    raise NotFound(_("This person is not in the run."))
