"""Runs (开课期次) of a course as JSON."""

from typing import Any

from core.courses import runs
from core.courses.api import bp, editable
from core.courses.api_schemas import NewRun, RunChange, RunListSchema, RunSchema
from core.courses.course_page import seen_course
from core.courses.models import CourseRun
from core.enrolment.models import Enrolment
from core.enrolment.queries import enrolment_in, run_of_course
from core.permissions import Permission
from core.users.current import current_person
from core.web.api_document import PUBLIC
from core.web.scope import current_viewer

_CHANGEABLE = tuple(name for name in RunChange().fields if name != "version")


@bp.get("/courses/<course_slug>/runs", endpoint="runs")
@bp.doc(**PUBLIC)
@bp.response(200, RunListSchema)
def read_runs(course_slug: str) -> Any:
    """A course's runs, the latest first, and where you stand in each."""
    found = sorted(seen_course(course_slug, current_viewer()).runs, key=lambda pair: pair[0].starts_at, reverse=True)
    return {"items": [_as_json(run, enrolment) for run, enrolment in found]}


@bp.post("/courses/<course_slug>/runs")
@bp.arguments(NewRun)
@bp.response(201, RunSchema)
def create_run(sent: dict[str, Any], course_slug: str) -> Any:
    """Opens a run."""
    course, _institution = editable(course_slug, Permission.MANAGE_RUNS)
    return _as_json(runs.create_run(course.id, sent, current_person().id))


@bp.patch("/courses/<course_slug>/runs/<int:run_id>")
@bp.arguments(RunChange)
@bp.response(200, RunSchema)
def change_run(sent: dict[str, Any], course_slug: str, run_id: int) -> Any:
    """Changes what is sent."""
    course, _institution = editable(course_slug, Permission.MANAGE_RUNS)
    person, version = current_person(), sent.pop("version")
    found = run_of_course(course.id, run_id)
    # Dates are checked against each other, so the run is saved whole; the version tells whether it is still this one.
    values = {name: getattr(found, name) for name in _CHANGEABLE} | sent
    run = runs.save_run(course.id, run_id, version, values, person.id)
    return _as_json(run, enrolment_in(run.id, person.id))


@bp.delete("/courses/<course_slug>/runs/<int:run_id>")
@bp.response(204)
def delete_run(course_slug: str, run_id: int) -> None:
    """Deletes a run that nobody has asked to join."""
    course, _institution = editable(course_slug, Permission.MANAGE_RUNS)
    runs.delete_run(course.id, run_id)


def _as_json(run: CourseRun, enrolment: Enrolment | None = None) -> dict[str, Any]:
    values = {name: getattr(run, name) for name in RunSchema().fields if name != "enrolment"}
    return {**values, "enrolment": enrolment.state if enrolment is not None else None}
