"""Page: where the course stands between draft and archive, what can be done next, and its history."""

from dataclasses import dataclass

from flask import request, url_for
from flask.typing import ResponseReturnValue

from core.courses import editor_queries, lifecycle
from core.courses.editor import bp, on_course, page, put_error, saved
from core.courses.forms import MoveForm
from core.courses.lifecycle import Move
from core.courses.models import Course
from core.errors import Invalid
from core.i18n import _, format_datetime
from core.web.scope import current_viewer


@bp.get("/<course_slug>/review")
@on_course()
def review(course: Course) -> ResponseReturnValue:
    """State, next steps, history."""
    return _page(course, MoveForm(), None)


@bp.post("/<course_slug>/review")
@on_course()
def move(course: Course) -> ResponseReturnValue:
    """Makes a move."""
    form = MoveForm()
    name = request.form.get("move", "")
    if name not in set(Move):
        raise Invalid(_("There is no such step in a course's life. Use the buttons of the page."), field="move")
    status = 422
    if form.validate():
        try:
            lifecycle.make_move(current_viewer(), course.id, Move(name), form.reason.data.strip())
        except Invalid as error:
            status = put_error(form, error)
        else:
            return saved(url_for("teach.review", course_slug=course.slug))
    return _page(course, form, Move(name), status)


def _page(course: Course, form: MoveForm, tried: Move | None, status: int = 200) -> ResponseReturnValue:
    return page(
        "review.html",
        course,
        "review",
        status,
        form=form,
        tried=tried,
        offers=lifecycle.offers(current_viewer(), course),
        history=[_told(row) for row in editor_queries.moves(course.id)],
        reviewer=editor_queries.person_name(course.reviewer_id),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A move as the history tells it."""

    text: str
    actor: str
    iso: str
    exact: str
    reason: str


def _told(row: editor_queries.AnyRow) -> Told:
    made = row.CourseMove
    before, after = lifecycle.STATE_NAMES[made.before], lifecycle.STATE_NAMES[made.after]
    return Told(
        text=f"{before} → {after}",
        actor=row.actor or _("Somebody"),
        iso=made.at.isoformat(),
        exact=str(format_datetime(made.at)),
        reason=made.reason,
    )
