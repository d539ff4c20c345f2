"""Pages: the institutions one manages, a new one, and of each its rules, profile, courses and log."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.courses.editor import compare, page_address, page_number, put_error, saved_values
from core.courses.lifecycle import STATE_NAMES
from core.courses.models import CourseState
from core.courses.team import find_person
from core.errors import DomainError, Invalid, NotAllowed, StaleForm, status_of
from core.files.pictures import store_picture
from core.i18n import _
from core.institutions import admin_queries, log_words, service
from core.institutions.forms import NewInstitutionForm, ProfileForm, RulesForm
from core.institutions.frame import bp, on_institution, page
from core.institutions.models import Institution
from core.institutions.policy import administers_somewhere
from core.permissions import Permission
from core.users.current import current_person
from core.web.scope import current_viewer

LOGO_BYTES = 10 * 1024**2


@bp.url_value_preprocessor
def _limit_logo(endpoint: str | None, _values: object) -> None:
    # Before anybody asks for the form's fields, which reads the whole body.
    if endpoint == "admin.logo":
        request.max_content_length = LOGO_BYTES


@bp.get("")
def index() -> ResponseReturnValue:
    """The institutions one manages; who manages one only is led straight to it."""
    current_person()
    viewer = current_viewer()
    if not administers_somewhere(viewer):
        raise NotAllowed(_("Only administrators of an institution have something to manage."))
    found = admin_queries.managed_by(viewer)
    if len(found) == 1 and not viewer.is_operator:
        return redirect(url_for("admin.people", institution_slug=found[0].slug))
    return render_template("admin/index.html", institutions=found, may_create=viewer.may(Permission.MANAGE_SITE))


@bp.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Makes an institution; the operator does that."""
    current_person()
    current_viewer().must(Permission.MANAGE_SITE)
    form, status = NewInstitutionForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                made = _create(form)
            except DomainError as error:
                status = put_error(form, error)
            else:
                return redirect(url_for("admin.people", institution_slug=made.slug), 303)
    return render_template("admin/new.html", form=form), status


def _create(form: NewInstitutionForm) -> Institution:
    login = form.administrator.data
    first = find_person(login, "administrator") if login else None
    return service.create_institution(name=form.name.data, slug=form.slug.data, administrator=first)


@bp.route("/<institution_slug>/rules", methods=["GET", "POST"])
@on_institution(Permission.MANAGE_INSTITUTION)
def rules(institution: Institution) -> ResponseReturnValue:
    """What counts as watched."""
    form = RulesForm(obj=institution)
    form.offer_also(institution.max_speed)
    return _settings(institution, form, "rules")


@bp.route("/<institution_slug>/profile", methods=["GET", "POST"])
@on_institution(Permission.MANAGE_INSTITUTION)
def profile(institution: Institution) -> ResponseReturnValue:
    """Name, introduction, logo."""
    return _settings(institution, ProfileForm(obj=institution), "profile")


def _settings(institution: Institution, form: RulesForm | ProfileForm, tab: str) -> ResponseReturnValue:
    comparison, status = None, 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                service.save(institution, form.version.data, saved_values(form))
            except StaleForm as error:
                comparison, status = compare(form, error), status_of(error)
            else:
                flash(_("Saved."), "success")
                return redirect(url_for(f"admin.{tab}", institution_slug=institution.slug), 303)
    return page(f"{tab}.html", institution, tab, status, form=form, comparison=comparison)


@bp.post("/<institution_slug>/logo")
@on_institution(Permission.MANAGE_INSTITUTION)
def logo(institution: Institution) -> ResponseReturnValue:
    """Takes a logo, or takes it away."""
    file = request.files.get("logo")
    if request.form.get("remove"):
        service.set_logo(institution, None)
        flash(_("The logo has been removed."), "success")
    elif file is None or not file.filename:
        raise Invalid(_("Choose a picture first."), field="logo")
    else:
        person = current_person()
        service.set_logo(
            institution, store_picture(file, kind="logo", institution_id=institution.id, uploader_id=person.id)
        )
        flash(_("The new logo is in place."), "success")
    return redirect(url_for("admin.profile", institution_slug=institution.slug), 303)


@bp.get("/<institution_slug>/courses")
@on_institution(Permission.MANAGE_INSTITUTION)
def courses(institution: Institution) -> ResponseReturnValue:
    """The institution's courses, where each stands, and what waits for a review."""
    said, number = request.args.get("state", ""), page_number()
    state = CourseState(said) if said in set(CourseState) else None
    counts = admin_queries.course_counts(institution)
    total = counts.get(state, 0) if state else sum(counts.values())
    viewer = current_viewer()
    return page(
        "courses.html",
        institution,
        "courses",
        courses=admin_queries.courses(institution, state, number),
        counts=counts,
        total=total,
        state=state,
        state_names=STATE_NAMES,
        enters_editor=viewer.may(Permission.SEE_DRAFT, institution_id=institution.id),
        number=number,
        pages=-(-total // admin_queries.COURSE_PAGE),
        page_address=page_address,
    )


@bp.get("/<institution_slug>/log")
@on_institution(Permission.MANAGE_INSTITUTION)
def log(institution: Institution) -> ResponseReturnValue:
    """Who did what, the newest first."""
    number = page_number()
    lines, more = admin_queries.log(institution, number)
    return page(
        "log.html",
        institution,
        "log",
        entries=[log_words.told(line) for line in lines],
        newer=page_address(number - 1) if number > 1 else None,
        older=page_address(number + 1) if more else None,
    )
