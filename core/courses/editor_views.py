"""Pages: my courses, a new one, a copy, and what a course is. The editor's other pages have modules of their own."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from core import markdown
from core.courses import (
    caption_views,
    copying,
    editor_queries,
    learner_views,
    lesson_views,
    lifecycle_views,
    outline_views,
    policy,
    run_views,
    service,
    team_views,
)
from core.courses.editor import (
    bp,
    compare,
    on_course,
    page,
    page_address,
    page_number,
    put_error,
    saved,
    saved_values,
)
from core.courses.forms import PAGE, InformationForm, NewCourseForm, options
from core.courses.models import Course
from core.courses.team import ROLE_NAMES
from core.errors import DomainError, Invalid, NotAllowed, StaleForm, TooLarge, status_of
from core.files.pictures import picture_url, store_picture
from core.i18n import _
from core.permissions import Permission
from core.users.current import current_person
from core.users.guards import login_required
from core.web.fields import storable
from core.web.once import earlier_target, leads_to
from core.web.scope import current_viewer

COVER_WIDTH = 640

__all__ = [
    "bp",
    "caption_views",
    "learner_views",
    "lesson_views",
    "lifecycle_views",
    "outline_views",
    "run_views",
    "team_views",
]


@bp.get("")
@login_required
def index() -> ResponseReturnValue:
    """The courses a person works on, and those that wait for their approval."""
    viewer = current_viewer()
    number = page_number()
    courses, total = editor_queries.own_courses(viewer, number)
    return render_template(
        "teach/index.html",
        courses=courses,
        to_review=editor_queries.courses_to_review(viewer),
        role_names=ROLE_NAMES,
        page=number,
        page_address=page_address,
        pages=-(-total // editor_queries.COURSES_PER_PAGE),
        may_create=bool(policy.creating_institutions(viewer)),
    )


@bp.route("/new", methods=["GET", "POST"])
@login_required
def new_course() -> ResponseReturnValue:
    """Starts a course."""
    form = _new_course_form()
    status = 200
    if form.validate_on_submit():
        done = earlier_target(form.key.data)
        if done:
            return redirect(done)
        try:
            course = service.create_course(
                form.institution_id.data,
                current_person().id,
                title=form.title.data,
                slug=form.slug.data or service.suggested_slug(form.title.data),
            )
        except DomainError as error:
            status = put_error(form, error)
        else:
            return redirect(leads_to(form.key.data, url_for("teach.outline", course_slug=course.slug)))
    elif form.is_submitted():
        status = 422
    return render_template("teach/new.html", form=form, source=None), status


@bp.route("/<course_slug>/copy", methods=["GET", "POST"])
@on_course(Permission.EDIT_COURSE)
def copy_course(course: Course) -> ResponseReturnValue:
    """Starts a course as a copy of this one."""
    form = _new_course_form(title=_("%(title)s (copy)", title=course.title)[:120])
    status = 200
    if form.validate_on_submit():
        done = earlier_target(form.key.data)
        if done:
            return redirect(done)
        try:
            copy = copying.copy_course(
                course,
                form.institution_id.data,
                current_person().id,
                title=form.title.data,
                slug=form.slug.data or service.free_slug(course.slug),
            )
        except DomainError as error:
            status = put_error(form, error)
        else:
            return redirect(leads_to(form.key.data, url_for("teach.outline", course_slug=copy.slug)))
    elif form.is_submitted():
        status = 422
    return render_template("teach/new.html", form=form, source=course), status


def _new_course_form(**values: str) -> NewCourseForm:
    allowed = policy.creating_institutions(current_viewer())
    if not allowed:
        raise NotAllowed(
            _("Only instructors and administrators of an institution start courses. Ask your administrator.")
        )
    form = NewCourseForm(**values)
    institutions = editor_queries.institutions_by_id(allowed)
    form.institution_id.choices = options((institution.id, institution.name) for institution in institutions)
    return form


@bp.route("/<course_slug>/information", methods=["GET", "POST"])
@on_course()
def information(course: Course) -> ResponseReturnValue:
    """What the course is: title, texts, discipline, credit hours …; those who may not edit read it."""
    form = InformationForm(obj=course)
    if course.published_at is not None:
        # Its address is in people's bookmarks and in print by now.
        del form.slug
    if not form.is_submitted():
        return _information(course, form)
    policy.must(current_viewer(), Permission.EDIT_COURSE, course)
    comparison = None
    status = 422
    if form.validate():
        try:
            service.save_information(course.id, form.version.data, saved_values(form), current_person().id)
        except DomainError as error:
            status = put_error(form, error)
            comparison = compare(form, error) if isinstance(error, StaleForm) else None
        else:
            return saved(url_for("teach.information", course_slug=course.slug))
    return _information(course, form, status, comparison=comparison)


def _information(course: Course, form: InformationForm, status: int = 200, **values: object) -> ResponseReturnValue:
    cover = picture_url(course.cover_id, COVER_WIDTH) if course.cover_id is not None else None
    return page("information.html", course, "information", status, form=form, cover_address=cover, **values)


@bp.post("/<course_slug>/cover")
@on_course(Permission.EDIT_COURSE)
def set_cover(course: Course) -> ResponseReturnValue:
    """Stores a picture and makes it the course's cover."""
    policy.must_be_changeable(course)
    sent = request.files.get("cover")
    try:
        if sent is None or not sent.filename:
            raise Invalid(_("Choose a picture first."), field="cover")
        cover = store_picture(sent, kind="cover", institution_id=course.institution_id, uploader_id=current_person().id)
    except (Invalid, TooLarge) as error:
        form = InformationForm(obj=course, formdata=None)
        return _information(course, form, status_of(error), cover_error=error.sentence)
    service.set_cover(course.id, cover, current_person().id)
    return saved(url_for("teach.information", course_slug=course.slug))


@bp.post("/<course_slug>/cover/delete")
@on_course(Permission.EDIT_COURSE)
def remove_cover(course: Course) -> ResponseReturnValue:
    """Takes the cover off; a drawn one stands in."""
    service.set_cover(course.id, None, current_person().id)
    return saved(url_for("teach.information", course_slug=course.slug))


@bp.post("/markdown")
@login_required
def preview_markdown() -> ResponseReturnValue:
    """What a piece of Markdown will look like: an HTML fragment."""
    text = request.form.get("text", "")
    if len(text) > PAGE:
        raise Invalid(_("This text is longer than %(count)s characters.", count=PAGE), field="text")
    try:
        return {"html": markdown.render(storable(text)) or Markup("")}
    except ValueError as error:
        raise Invalid(str(error), field="text") from None
