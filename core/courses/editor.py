"""The course editor's blueprint, the guard of its pages, and the frame they share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.courses import editor_queries, policy, queries
from core.courses.models import Course
from core.errors import DomainError, NotFound, StaleForm, status_of
from core.i18n import _, format_datetime
from core.institutions.models import Institution
from core.permissions import Permission
from core.web.durations import clock_text
from core.web.scope import current_viewer

bp = Blueprint("teach", __name__, url_prefix="/teach", template_folder="templates")

LARGEST_FORM = 24 * 1024**2
"""Bytes of the largest thing a form of the editor sends: a picture, with some room. Videos come another way."""

View = Callable[..., ResponseReturnValue]


@bp.url_value_preprocessor
def _limit_forms(_endpoint: str | None, _values: object) -> None:
    # Before anybody asks for the form's fields, which reads the whole body.
    request.max_content_length = LARGEST_FORM


def on_course(permission: Permission = Permission.SEE_DRAFT) -> Callable[[View], View]:
    """Decorator: the view is given the :class:`Course` its URL names, if the person may do ``permission`` with it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(course_slug: str, **arguments: Any) -> ResponseReturnValue:
            found = queries.course_with_institution(course_slug)
            if found is None:
                raise NotFound(_("There is nothing at this address, or it is not open to you."))
            course, g.course_institution = found
            viewer = current_viewer()
            policy.enter_editor(viewer, course)
            policy.must(viewer, permission, course)
            return view(course, **arguments)

        return guarded

    return decorate


def page(template: str, course: Course, tab: str, /, status: int = 200, **values: Any) -> ResponseReturnValue:
    """A page of the editor, inside the frame with the course's title, state and tabs."""
    viewer = current_viewer()
    institution: Institution = g.course_institution
    values.setdefault("changeable", is_changeable(course))
    html = render_template(
        f"teach/{template}",
        course=course,
        institution=institution,
        tab=tab,
        may=lambda permission: policy.may(viewer, Permission(permission), course),
        lesson_preview=lambda lesson_id: lesson_address(course, lesson_id),
        clock_text=clock_text,
        **values,
    )
    return html, status


def saved(target: str) -> ResponseReturnValue:
    """Leads to a page that says once that the change was saved."""
    flash(_("Saved."), "success")
    return redirect(target)


def lesson_address(course: Course, lesson_id: int) -> str:
    """The learning page of a lesson as a student sees it."""
    return f"{url_for('courses.course', course_slug=course.slug)}/lessons/{lesson_id}?as=student"


def is_changeable(course: Course) -> bool:
    """Whether the course's state lets its content be changed."""
    return course.state in policy.CHANGEABLE


def put_error(form: Any, error: DomainError) -> int:
    """Shows a refusal at the field it is about, or above the form; returns the status of the answer."""
    field = form._fields.get(error.field) if error.field else None
    if field is not None:
        field.errors = [*field.errors, error.sentence]
    elif not isinstance(error, StaleForm):
        form.form_errors.append(error.sentence)
    return status_of(error)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the person typed beside what was saved since, for the fields that differ."""

    rows: list[tuple[str, str, str]]
    by: str
    at: str


def compare(form: Any, error: StaleForm) -> Comparison:
    """The comparison a stale form is shown with; the form is given the newer version, so that saving again replaces."""
    newer: dict[str, Any] = error.details["newer"]
    rows = []
    for name, value in newer.items():
        field = form._fields.get(name)
        if field is not None and field.data != value:
            rows.append((str(field.label.text), in_words(field, field.data), in_words(field, value)))
    form.version.raw_data = None
    form.version.data = error.details["version"]
    at = error.details.get("at")
    return Comparison(
        rows,
        editor_queries.person_name(error.details.get("by_id")) or _("Somebody"),
        format_datetime(at) if at else "",
    )


def in_words(field: Any, value: Any) -> str:
    """A field's value as the person reads it in the form."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    for choice in getattr(field, "choices", None) or ():
        if str(choice.value) == str(value):
            return str(choice.label)
    if hasattr(value, "tzinfo"):
        return str(format_datetime(value))
    return "" if value is None else str(value)


def saved_values(form: Any, *, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the form says, by column, without its own machinery."""
    machinery = {"csrf_token", "version", "key", *leave_out}
    return {name: value for name, value in form.data.items() if name not in machinery}


def page_address(number: int) -> str:
    """The address of another page of the same list, the filters kept."""
    values: dict[str, Any] = {**request.args.to_dict(), **(request.view_args or {}), "page": number}
    return url_for(request.endpoint or "", **values)


def page_number() -> int:
    """The page asked for, at least the first."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
