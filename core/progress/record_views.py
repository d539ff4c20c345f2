"""The learner's own record of a lesson: what counts, what does not and why, and the way to object."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired

from core.courses import queries as courses
from core.courses.models import Course
from core.errors import NotFound
from core.i18n import _, _l
from core.progress import appeals, queries, record
from core.progress.record import Subject, coverage
from core.users.guards import login_required
from core.web.fields import ProseField
from core.web.scope import current_viewer

bp = Blueprint("record", __name__, template_folder="templates")


class AppealForm(FlaskForm):  # type: ignore[misc] # the library ships no types
    """A learner's objection."""

    text = ProseField(
        _l("What happened"),
        longest=appeals.LONGEST,
        validators=[InputRequired(_l("Say what you watched, when, and what went wrong."))],
    )


@bp.get("/courses/<course_slug>/lessons/<int:lesson_id>/record")
@login_required
def show(course_slug: str, lesson_id: int) -> ResponseReturnValue:
    """What counts of a lesson for the person logged in, every report, and what was not counted."""
    course, subject = _own(course_slug, lesson_id)
    return _page(course, subject, AppealForm())


@bp.post("/courses/<course_slug>/lessons/<int:lesson_id>/record/appeal")
@login_required
def appeal(course_slug: str, lesson_id: int) -> ResponseReturnValue:
    """Files an appeal."""
    course, subject = _own(course_slug, lesson_id)
    form = AppealForm()
    if not form.validate():
        return _page(course, subject, form, 422)
    appeals.appeal(subject.enrolment, lesson_id, form.text.data or "")
    return redirect(url_for("record.show", course_slug=course_slug, lesson_id=lesson_id) + "#appeal")


def _own(course_slug: str, lesson_id: int) -> tuple[Course, Subject]:
    found = courses.course_with_institution(course_slug)
    user_id = current_viewer().user_id
    enrolment = queries.current_enrolment(user_id, found[0].id) if found and user_id else None
    if found is None or enrolment is None:
        raise NotFound(_("You are not enrolled in this course, so there is no record of you here."))
    return found[0], record.learner_of(found[0].id, enrolment.id, lesson_id)


def _page(course: Course, subject: Subject, form: AppealForm, status: int = 200) -> ResponseReturnValue:
    found = record.record_of(subject)
    html = render_template("progress/record.html", course=course, record=found, form=form, bar=coverage(found))
    return html, status
