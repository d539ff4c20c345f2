"""Pages: handing in a list of people, the report of the dry run, the import while it runs and afterwards."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.courses.editor import page_address, page_number
from core.db import release
from core.errors import NotFound
from core.i18n import _
from core.institutions.forms import RosterForm
from core.institutions.frame import bp, on_institution, page
from core.institutions.models import Institution
from core.institutions.people_views import hand_out
from core.jobs import queries as jobs
from core.jobs import words as job_words
from core.jobs.models import Job, JobState
from core.users import roster, roster_queries, roster_template, roster_words
from core.users.current import current_person
from core.users.models import ImportState, RosterImport, RowOutcome
from core.users.roster_limits import MOST_BYTES, Unusable
from core.users.roster_reading import entries_of
from core.users.roster_tables import read
from core.web.spreadsheets import CSV, XLSX, attachment

IN_PROGRESS = (ImportState.CHECKING, ImportState.APPLYING)
ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED)


@bp.url_value_preprocessor
def _limit_list(endpoint: str | None, _values: object) -> None:
    # Before anybody asks for the form's fields, which reads the whole body.
    if endpoint == "admin.hand_in":
        request.max_content_length = MOST_BYTES + 64 * 1024


@bp.get("/<institution_slug>/imports")
@on_institution()
def imports(institution: Institution) -> ResponseReturnValue:
    """Where a list is handed in, and the latest imports."""
    return _hand_in_page(institution, RosterForm())


def _hand_in_page(institution: Institution, form: RosterForm, status: int = 200) -> ResponseReturnValue:
    latest = roster_queries.latest()
    return page(
        "imports.html", institution, "people", status, form=form, latest=latest, state_names=roster_words.STATES
    )


@bp.post("/<institution_slug>/imports")
@on_institution()
def hand_in(institution: Institution) -> ResponseReturnValue:
    """Reads a list and asks for its dry run. Nothing is written about people."""
    form, person = RosterForm(), current_person()
    file = request.files.get("file")
    if not form.validate() or file is None or not file.filename:
        form.file.errors = [_("Choose a file first.")]
        return _hand_in_page(institution, form, 422)
    data, name = file.stream.read(), file.filename
    release()
    try:
        entries = entries_of(read(data, name))
    except Unusable as error:
        form.file.errors = [roster_words.about_file(error)]
        return _hand_in_page(institution, form, 422)
    begun = roster.begin(institution, entries, file_name=name, actor_id=person.id)
    return redirect(_address(institution, begun.id), 303)


@bp.get("/<institution_slug>/imports/template.<kind>")
@on_institution()
def template(institution: Institution, kind: str) -> ResponseReturnValue:  # noqa: ARG001 - the same for everybody
    """The template to fill in."""
    if kind == "csv":
        return attachment(roster_template.as_csv(), CSV, f"{_('People')}.csv")
    if kind == "xlsx":
        return attachment(roster_template.as_xlsx(), XLSX, f"{_('People')}.xlsx")
    raise NotFound(_("Lists exist as CSV and as XLSX."))


@bp.get("/<institution_slug>/imports/<int:import_id>")
@on_institution()
def report(institution: Institution, import_id: int) -> ResponseReturnValue:
    """What the import would do, does or did, row by row."""
    found = roster_queries.one(import_id)
    job = _job(found)
    said = request.args.get("outcome", "")
    outcome = RowOutcome(said) if said in set(roster_words.OUTCOMES) else _first(found)
    number = page_number()
    return page(
        "import.html",
        institution,
        "people",
        found=found,
        counts={each: found.counts.get(each, 0) for each in roster_words.OUTCOMES},
        outcomes=roster_words.OUTCOMES,
        outcome=outcome,
        rows=roster_queries.report(found, outcome, number),
        number=number,
        pages=-(-found.counts.get(outcome, 0) // roster_queries.PAGE),
        page_address=page_address,
        job=job if job is not None and found.state in IN_PROGRESS else None,
        job_words=job_words.describe(job) if job is not None else "",
        stopped=job is not None and job.state in ENDED_BADLY and found.state in IN_PROGRESS,
    )


def _first(found: RosterImport) -> RowOutcome:
    """The first outcome that any row has: what people should look at first."""
    return next((each for each in roster_words.OUTCOMES if found.counts.get(each)), RowOutcome.CREATED)


@bp.post("/<institution_slug>/imports/<int:import_id>/apply")
@on_institution()
def apply(institution: Institution, import_id: int) -> ResponseReturnValue:
    """Asks for the writing."""
    roster.ask_to_apply(roster_queries.one(import_id), current_person().id)
    return redirect(_address(institution, import_id), 303)


@bp.post("/<institution_slug>/imports/<int:import_id>/again")
@on_institution()
def again(institution: Institution, import_id: int) -> ResponseReturnValue:
    """Goes on with what stopped."""
    found, person = roster_queries.one(import_id), current_person()
    if found.state == ImportState.CHECKING:
        roster.check_again(found, person.id)
    else:
        roster.ask_to_apply(found, person.id)
    return redirect(_address(institution, import_id), 303)


@bp.post("/<institution_slug>/imports/<int:import_id>/links")
@on_institution()
def import_links(institution: Institution, import_id: int) -> ResponseReturnValue:
    """Activation links for the people whom an import brought."""
    brought = list(roster_queries.brought(roster_queries.one(import_id)))
    if not brought:
        flash(_("This import brought nobody new."), "info")
        return redirect(_address(institution, import_id), 303)
    return hand_out(institution, brought, request.form.get("how", ""), _address(institution, import_id))


def _job(found: RosterImport) -> Job | None:
    try:
        return jobs.job(found.job_id) if found.job_id is not None else None
    except NotFound:
        return None


def _address(institution: Institution, import_id: int) -> str:
    return url_for("admin.report", institution_slug=institution.slug, import_id=import_id)
