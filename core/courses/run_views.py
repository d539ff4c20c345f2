"""Pages: the runs of a course and the classes in each."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone

from core.courses import editor_queries, policy, runs
from core.courses.editor import bp, compare, on_course, page, put_error, saved, saved_values
from core.courses.forms import GroupForm, RunForm
from core.courses.models import Course, CourseRun
from core.errors import DomainError, NotFound, StaleForm
from core.i18n import _
from core.permissions import Permission
from core.users.current import current_person
from core.web.once import earlier_target, leads_to
from core.web.scope import current_viewer


@bp.get("/<course_slug>/runs", endpoint="runs")
@on_course()
def runs_page(course: Course) -> ResponseReturnValue:
    """All runs, latest first."""
    return page(
        "runs.html",
        course,
        "runs",
        runs=editor_queries.runs(course.id),
        policy_names=runs.POLICY_NAMES,
    )


@bp.route("/<course_slug>/runs/new", methods=["GET", "POST"])
@on_course(Permission.MANAGE_RUNS)
def new_run(course: Course) -> ResponseReturnValue:
    """Opens a run."""
    form = RunForm()
    status = 200
    if form.validate_on_submit():
        done = earlier_target(form.key.data)
        if done:
            return redirect(done)
        try:
            run = runs.create_run(course.id, saved_values(form), current_person().id)
        except DomainError as error:
            status = put_error(form, error)
        else:
            return saved(leads_to(form.key.data, _address("teach.run", course, run.id)))
    elif form.is_submitted():
        status = 422
    return page("new_run.html", course, "runs", status, form=form, run=None, time_zone=get_timezone())


@bp.route("/<course_slug>/runs/<int:run_id>", methods=["GET", "POST"])
@on_course()
def run(course: Course, run_id: int) -> ResponseReturnValue:
    """The run's settings."""
    found = _run(course, run_id)
    form = RunForm(obj=found)
    if not form.is_submitted():
        return _settings(course, found, form)
    policy.must(current_viewer(), Permission.MANAGE_RUNS, course)
    return _save_run(course, found, form)


@bp.post("/<course_slug>/runs/<int:run_id>/delete")
@on_course(Permission.MANAGE_RUNS)
def delete_run(course: Course, run_id: int) -> ResponseReturnValue:
    """Deletes a run that nobody asked to join."""
    runs.delete_run(course.id, run_id)
    return saved(url_for("teach.runs", course_slug=course.slug))


@bp.get("/<course_slug>/runs/<int:run_id>/groups", endpoint="groups")
@on_course(Permission.SEE_LEARNERS)
def groups_page(course: Course, run_id: int) -> ResponseReturnValue:
    """The run's classes."""
    return _groups(course, _run(course, run_id), None)


@bp.post("/<course_slug>/runs/<int:run_id>/groups")
@on_course(Permission.MANAGE_RUNS)
def add_group(course: Course, run_id: int) -> ResponseReturnValue:
    """Adds a class."""
    form = _group_form(course)
    status = 422
    if form.validate():
        done = earlier_target(form.key.data)
        if done:
            return redirect(done)
        try:
            runs.add_group(course.id, run_id, form.name.data, form.teacher_id.data)
        except DomainError as error:
            status = put_error(form, error)
        else:
            return saved(leads_to(form.key.data, _address("teach.groups", course, run_id)))
    return _groups(course, _run(course, run_id), form, status)


@bp.route("/<course_slug>/runs/<int:run_id>/groups/<int:group_id>", methods=["GET", "POST"])
@on_course(Permission.MANAGE_RUNS)
def group(course: Course, run_id: int, group_id: int) -> ResponseReturnValue:
    """Renames a class or gives it a teacher."""
    found = _run(course, run_id)
    row = next((row for row in editor_queries.groups(run_id) if row.ClassGroup.id == group_id), None)
    if row is None:
        raise NotFound(_("This class is not in the run any more."))
    form = _group_form(course, row.ClassGroup)
    status = 200
    if form.validate_on_submit():
        try:
            runs.save_group(course.id, run_id, group_id, form.name.data, form.teacher_id.data)
        except DomainError as error:
            status = put_error(form, error)
        else:
            return saved(_address("teach.groups", course, run_id))
    elif form.is_submitted():
        status = 422
    return page("group.html", course, "runs", status, form=form, run=found, group=row.ClassGroup, size=row.size)


@bp.post("/<course_slug>/runs/<int:run_id>/groups/<int:group_id>/delete")
@on_course(Permission.MANAGE_RUNS)
def delete_group(course: Course, run_id: int, group_id: int) -> ResponseReturnValue:
    """Deletes an empty class."""
    runs.delete_group(course.id, run_id, group_id)
    return saved(_address("teach.groups", course, run_id))


def _save_run(course: Course, found: CourseRun, form: RunForm) -> ResponseReturnValue:
    comparison = None
    status = 422
    if form.validate():
        try:
            runs.save_run(course.id, found.id, form.version.data, saved_values(form), current_person().id)
        except DomainError as error:
            status = put_error(form, error)
            comparison = compare(form, error) if isinstance(error, StaleForm) else None
        else:
            return saved(_address("teach.run", course, found.id))
    return _settings(course, found, form, status, comparison=comparison)


def _settings(
    course: Course, found: CourseRun, form: RunForm, status: int = 200, **values: object
) -> ResponseReturnValue:
    return page("run.html", course, "runs", status, form=form, run=found, time_zone=get_timezone(), **values)


def _groups(course: Course, found: CourseRun, form: GroupForm | None, status: int = 200) -> ResponseReturnValue:
    return page(
        "groups.html",
        course,
        "runs",
        status,
        run=found,
        groups=editor_queries.groups(found.id),
        form=form or _group_form(course),
    )


def _group_form(course: Course, group: object = None) -> GroupForm:
    people = [(row.User.id, row.User.name) for row in editor_queries.team(course.id)]
    return GroupForm(obj=group).offer(people)


def _run(course: Course, run_id: int) -> CourseRun:
    found = editor_queries.run(course.id, run_id)
    if found is None:
        raise NotFound(_("This run is not in this course."))
    return found


def _address(endpoint: str, course: Course, run_id: int, **values: object) -> str:
    return url_for(endpoint, course_slug=course.slug, run_id=run_id, **values)  # type: ignore[arg-type]
