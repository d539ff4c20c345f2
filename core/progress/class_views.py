"""Pages of a class for its teachers: the view of everybody, one learner's record of a lesson, rulings and appeals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from core.courses.editor import on_course, page
from core.courses.forms import number_in
from core.courses.models import ClassGroup, Course, CourseRun
from core.db import db
from core.enrolment.models import Enrolment
from core.errors import DomainError, NotFound, status_of
from core.i18n import _
from core.permissions import Permission
from core.progress import appeals, class_export, record, rulings, words
from core.progress.class_forms import AnswerForm, FilterForm, RulingForm
from core.progress.class_view import EVERYBODY, ClassView, Filter, Show, Sort, class_view
from core.progress.class_words import rows_of
from core.progress.intervals import Intervals
from core.progress.models import Appeal, AppealState
from core.users.current import current_person

bp = Blueprint("classes", __name__, url_prefix="/teach", template_folder="templates")

PER_PAGE = 100


@bp.get("/<course_slug>/runs/<int:run_id>/class")
@on_course(Permission.SEE_LEARNERS)
def overview(course: Course, run_id: int) -> ResponseReturnValue:
    """People × lessons of a run: where each one is, who is stuck and where."""
    found = _class(course, run_id)
    wanted = _wanted()
    view = class_view(run_id, course.id, wanted)
    return page(
        "class.html",
        course,
        "runs",
        run=found.run,
        run_tab="class",
        groups=found.groups,
        form=FilterForm.of(wanted, found.groups),
        view=view,
        rows=rows_of(view, lambda learner, lesson: _record_url(course, learner, lesson)),
        wanted=wanted,
        waiting=found.waiting,
        pages=max(1, -(-view.total // wanted.per_page)),
        page_url=_page_url(course, run_id),
    )


@bp.get("/<course_slug>/runs/<int:run_id>/class.csv")
@on_course(Permission.SEE_LEARNERS)
def as_csv(course: Course, run_id: int) -> ResponseReturnValue:
    """The whole class as CSV, in UTF-8 with the mark by which Excel knows it."""
    found, view = _everybody(course, run_id)
    content = class_export.csv_of(view, found.groups)
    return _download(content, "text/csv; charset=utf-8", f"{course.slug}-{run_id}.csv")


@bp.get("/<course_slug>/runs/<int:run_id>/class.xlsx")
@on_course(Permission.SEE_LEARNERS)
def as_xlsx(course: Course, run_id: int) -> ResponseReturnValue:
    """The whole class as an Excel workbook."""
    found, view = _everybody(course, run_id)
    content = class_export.xlsx_of(view, found.groups, found.run.title)
    return _download(content, class_export.XLSX, f"{course.slug}-{run_id}.xlsx")


@bp.get("/<course_slug>/learners/<int:enrolment_id>/lessons/<int:lesson_id>")
@on_course(Permission.SEE_LEARNERS)
def learner(course: Course, enrolment_id: int, lesson_id: int) -> ResponseReturnValue:
    """What one learner did of one lesson: every report, what counted, what did not and why."""
    return _learner_page(course, enrolment_id, lesson_id, RulingForm())


@bp.post("/<course_slug>/learners/<int:enrolment_id>/lessons/<int:lesson_id>")
@on_course(Permission.RULE_ON_PROGRESS)
def rule(course: Course, enrolment_id: int, lesson_id: int) -> ResponseReturnValue:
    """Takes a ruling: seconds granted or taken away, with a reason."""
    form = RulingForm()
    if not form.validate():
        return _learner_page(course, enrolment_id, lesson_id, form, 422)
    record.learner_of(course.id, enrolment_id, lesson_id)
    progress = appeals.progress_row(enrolment_id, lesson_id)
    try:
        chosen = form.intervals(progress.duration_ms)
        change = {"grant": chosen} if form.what.data == "grant" else {"withdraw": chosen}
        rulings.rule_on(progress, actor_id=_actor(), note=form.note.data or "", **change)
    except DomainError as error:
        form.show(error)
        return _learner_page(course, enrolment_id, lesson_id, form, status_of(error))
    return redirect(_record_url(course, enrolment_id, lesson_id))


@bp.get("/<course_slug>/appeals")
@on_course(Permission.SEE_LEARNERS)
def open_appeals(course: Course) -> ResponseReturnValue:
    """Appeals of this course that wait for an answer, oldest first."""
    return page("appeals.html", course, "runs", appeals=appeals.open_appeals(course.id), record_url=_record_url)


@bp.post("/<course_slug>/appeals/<int:appeal_id>")
@on_course(Permission.RULE_ON_PROGRESS)
def answer(course: Course, appeal_id: int) -> ResponseReturnValue:
    """Answers an appeal: grants the named part, or refuses; with a reason either way."""
    filed = appeals.filed(appeal_id)
    subject = record.learner_of(course.id, filed.enrolment_id, filed.lesson_id)
    form = AnswerForm(prefix="answer")
    if not form.validate():
        return _learner_page(course, filed.enrolment_id, filed.lesson_id, RulingForm(formdata=None), 422, form)
    try:
        granted = form.intervals(subject.duration_ms) if form.what.data == "grant" else Intervals()
        appeals.answer(filed, actor_id=_actor(), note=form.note.data or "", grant=granted)
    except DomainError as error:
        form.show(error)
        status = status_of(error)
        return _learner_page(course, filed.enrolment_id, filed.lesson_id, RulingForm(formdata=None), status, form)
    return redirect(_record_url(course, filed.enrolment_id, filed.lesson_id))


def _learner_page(
    course: Course,
    enrolment_id: int,
    lesson_id: int,
    form: RulingForm,
    status: int = 200,
    answer_form: AnswerForm | None = None,
) -> ResponseReturnValue:
    subject = record.learner_of(course.id, enrolment_id, lesson_id)
    found = record.record_of(subject)
    return page(
        "learner.html",
        course,
        "runs",
        status,
        record=found,
        bar=record.coverage(found),
        unfetched=words.clock_time(found.progress.unfetched_ms if found.progress else 0),
        form=form,
        answer_form=answer_form or AnswerForm(prefix="answer", formdata=None),
    )


@dataclass(frozen=True, slots=True)
class _Class:
    """A run, its class groups by id, and how many appeals of the course wait."""

    run: CourseRun
    groups: dict[int, str]
    waiting: int


def _class(course: Course, run_id: int) -> _Class:
    waiting = (
        select(func.count())
        .select_from(Appeal)
        .join(Enrolment, Enrolment.id == Appeal.enrolment_id)
        .where(Enrolment.course_id == course.id, Appeal.state == AppealState.OPEN)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(CourseRun, ClassGroup.id, ClassGroup.name, waiting)
        .outerjoin(ClassGroup, ClassGroup.run_id == CourseRun.id)
        .where(CourseRun.id == run_id, CourseRun.course_id == course.id)
        .order_by(ClassGroup.name)
    ).all()
    if not rows:
        raise NotFound(_("There is no such run of this course."))
    groups = {group_id: name for _run, group_id, name, _waiting in rows if group_id is not None}
    return _Class(rows[0][0], groups, rows[0][3])


def _everybody(course: Course, run_id: int) -> tuple[_Class, ClassView]:
    return _class(course, run_id), class_view(run_id, course.id, Filter(sort=Sort.NAME, per_page=EVERYBODY))


def _wanted() -> Filter:
    """What the address asks for; words it does not know are left out, numbers are brought into range."""
    given = request.args
    everybody = given.get("page") == "all"
    return Filter(
        text=given.get("q", "").replace("\0", "").strip()[:80],
        group_id=number_in(given, "group"),
        show=given.get("show", Show.ALL, type=Show),
        sort=given.get("sort", Sort.PROGRESS, type=Sort),
        page=1 if everybody else min(max(1, given.get("page", 1, type=int)), 10_000),
        per_page=EVERYBODY if everybody else PER_PAGE,
    )


def _page_url(course: Course, run_id: int) -> Callable[[int | str], str]:
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name in {"q", "group", "show", "sort"} and value
    }
    return lambda number: url_for(
        "classes.overview", course_slug=course.slug, run_id=run_id, **{**kept, "page": str(number)}
    )


def _record_url(course: Course, enrolment_id: int, lesson_id: int) -> str:
    return url_for("classes.learner", course_slug=course.slug, enrolment_id=enrolment_id, lesson_id=lesson_id)


def _actor() -> int:
    return current_person().id


def _download(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
