"""Pages: the people of an institution, one of them, adding, removing, links, lists to take home."""

from dataclasses import replace

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.courses.editor import page_address, page_number, put_error
from core.courses.forms import number_in
from core.errors import Conflict, DomainError, Invalid
from core.i18n import _, ngettext
from core.institutions import people as members
from core.institutions import service
from core.institutions.forms import NewPersonForm, PersonForm
from core.institutions.frame import bp, on_institution, page
from core.institutions.models import Institution, InstitutionRole
from core.institutions.people import Wanted
from core.users import roster, roster_links, roster_words
from core.users.current import current_person
from core.users.models import RowOutcome
from core.users.roster_links import Invitation
from core.users.roster_plan import Decision
from core.web.once import earlier_target, leads_to
from core.web.spreadsheets import download

EXPORT_WIDTHS = (16, 18, 30, 18, 12, 20, 14, 14)
LINK_WIDTHS = (16, 18, 20, 28, 90)
_FIELDS = {"external_id": "number", "class_name": "class_name"}


@bp.get("/<institution_slug>/people")
@on_institution()
def people(institution: Institution) -> ResponseReturnValue:
    """The members, searched and filtered."""
    wanted = _wanted()
    found, total = members.people(institution, wanted)
    return page(
        "people.html",
        institution,
        "people",
        people=found,
        total=total,
        wanted=wanted,
        pages=-(-total // members.PAGE),
        page_address=page_address,
        keep={name: value for name, value in request.args.items() if name in {"q", "role", "waiting"} and value},
    )


@bp.get("/<institution_slug>/people.<kind>")
@on_institution()
def export(institution: Institution, kind: str) -> ResponseReturnValue:
    """The list of people as CSV or XLSX."""
    rows = members.rows_to_keep(institution, replace(_wanted(), page=1))
    return download(rows, kind, f"{institution.name} {_('People')}", widths=EXPORT_WIDTHS)


@bp.route("/<institution_slug>/people/new", methods=["GET", "POST"])
@on_institution()
def add_person(institution: Institution) -> ResponseReturnValue:
    """Brings one person in by hand."""
    form, status = NewPersonForm(), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            there = url_for("admin.people", institution_slug=institution.slug)
            if (target := earlier_target(form.key.data)) is not None:
                return redirect(target, 303)
            try:
                decision = _add(institution, form)
            except DomainError as error:
                status = put_error(form, error)
            else:
                if decision.outcome == RowOutcome.CREATED and decision.user_id:
                    there = url_for("admin.person", institution_slug=institution.slug, user_id=decision.user_id)
                flash(_in_words(decision, form.name.data), "success")
                return redirect(leads_to(form.key.data, there), 303)
    return page("add.html", institution, "people", status, form=form)


def _add(institution: Institution, form: NewPersonForm) -> Decision:
    values = {
        "name": form.name.data,
        "external_id": form.number.data,
        "email": form.email.data or "",
        "username": form.username.data,
        "role": form.role.data,
        "class_name": form.class_name.data,
    }
    if not (values["external_id"] or values["email"] or values["username"]):
        raise Invalid(
            roster_words.about_refusal({"code": "row_login_missing", "column": "email", "params": {}}), field="email"
        )
    decision = roster.add_person(institution, values)
    if decision.outcome == RowOutcome.REFUSED:
        column = decision.reason["column"]
        raise Invalid(roster_words.about_refusal(decision.reason), field=_FIELDS.get(column, column))
    return decision


def _in_words(decision: Decision, name: str) -> str:
    if decision.outcome == RowOutcome.CREATED:
        return _("%(name)s has been added. Hand over an activation link, or send it by e-mail.", name=name)
    if decision.outcome == RowOutcome.JOINED:
        return _("There is an account with this e-mail address. It has become a member and stays as it is.")
    return _("%(name)s is a member already. What differed has been changed.", name=name)


@bp.route("/<institution_slug>/people/<int:user_id>", methods=["GET", "POST"])
@on_institution()
def person(institution: Institution, user_id: int) -> ResponseReturnValue:
    """One member: role, number, class; for the institution's own accounts also the name."""
    membership, user = members.member(institution, user_id)
    ours = user.home_id == institution.id
    form = PersonForm(
        data={
            "name": user.name,
            "email": user.email,
            "role": membership.role,
            "number": membership.external_id,
            "class_name": membership.class_name,
        }
    )
    if not ours:
        del form.name, form.email
    elif user.password is not None:
        del form.email
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                if ours:
                    email = form.email.data if "email" in form else user.email
                    service.correct_account(institution, user, name=form.name.data, email=email)
                service.change_member(
                    institution,
                    user_id,
                    role=InstitutionRole(form.role.data),
                    number=form.number.data,
                    class_name=form.class_name.data,
                )
            except DomainError as error:
                status = put_error(form, error)
            else:
                flash(_("Saved."), "success")
                return redirect(url_for("admin.person", institution_slug=institution.slug, user_id=user_id), 303)
    return page("person.html", institution, "people", status, form=form, person=user, membership=membership, ours=ours)


@bp.route("/<institution_slug>/people/<int:user_id>/remove", methods=["GET", "POST"])
@on_institution()
def remove_person(institution: Institution, user_id: int) -> ResponseReturnValue:
    """Asks, then ends a membership."""
    _membership, user = members.member(institution, user_id)
    if request.method == "GET":
        return page("remove.html", institution, "people", person=user)
    service.remove_member(institution, user_id)
    flash(_("%(name)s is no longer a member. What was learnt is kept.", name=user.name), "success")
    return redirect(url_for("admin.people", institution_slug=institution.slug), 303)


@bp.post("/<institution_slug>/people/<int:user_id>/link")
@on_institution()
def link(institution: Institution, user_id: int) -> ResponseReturnValue:
    """Makes a new activation link and shows it, this once."""
    _membership, user = members.member(institution, user_id)
    invited = roster_links.invitations(institution, [user_id])
    if not invited:
        raise Conflict(_why_no_link(institution, user.password is not None, user.home_id))
    links = roster_links.new_links(invited)
    roster_links.keep(links)
    return page("link.html", institution, "people", 201, person=user, invited=invited[0], url=links[0][1])


def _why_no_link(institution: Institution, activated: bool, home_id: int | None) -> str:
    if activated:
        return _("This account is activated already. Who forgot the password sets a new one from the log-in page.")
    if home_id != institution.id:
        return _("Another institution made this account and hands out its link. You can send one by e-mail.")
    return _("There is no activation link for this account.")


@bp.post("/<institution_slug>/people/links")
@on_institution()
def links(institution: Institution) -> ResponseReturnValue:
    """Activation links for the people chosen, or for everybody who has not activated: as a file, or by e-mail."""
    chosen = None
    if request.form.get("who") != "everybody":
        chosen = [number for number in map(_number, request.form.getlist("user")) if number is not None]
        if not chosen:
            raise Invalid(_("Nobody is chosen. Tick the people first."), field="user")
    return hand_out(
        institution, chosen, request.form.get("how", ""), url_for("admin.people", institution_slug=institution.slug)
    )


def hand_out(institution: Institution, user_ids: list[int] | None, how: str, back: str) -> ResponseReturnValue:
    """Makes links of accounts without a password: a ``csv`` or ``xlsx`` file, or ``mail`` and a way ``back``."""
    if how == "mail":
        count = roster_links.ask_to_mail(institution, user_ids, current_person().id)
        if not count:
            raise Conflict(_("Nobody among them has an e-mail address and an account that is not activated."))
        flash(ngettext("A letter is on its way.", "%(num)s letters are on their way.", count), "success")
        return redirect(back, 303)
    invited = roster_links.invitations(institution, user_ids)
    if not invited:
        raise Conflict(_("All accounts among them are activated already, or were made by other institutions."))
    made = roster_links.new_links(invited)
    rows = [roster_links.heading(), *(_link_row(person, url) for person, url, _token in made)]
    # The file first: a list of ten thousand takes its time, and only what follows is written.
    response = download(rows, how, f"{institution.name} {_('Activation links')}", widths=LINK_WIDTHS)
    roster_links.keep(made)
    return response


def _link_row(person: Invitation, url: str) -> list[str]:
    return [person.name, person.number, person.class_name, person.login, url]


def _number(text: str) -> int | None:
    return number_in({"user": text}, "user")


def _wanted() -> Wanted:
    role = request.args.get("role", "")
    return Wanted(
        words=request.args.get("q", "")[:80].replace("\0", ""),
        role=InstitutionRole(role) if role in set(InstitutionRole) else None,
        waiting=request.args.get("waiting") == "1",
        page=page_number(),
    )
