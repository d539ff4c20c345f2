"""Writing institutions: making one, its rules and profile, the roles of its members.

An institution always has an administrator: the last one can neither leave nor become something else.
"""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import audit
from core.db import db
from core.errors import Conflict, Invalid, NotFound, StaleForm
from core.files.models import Asset
from core.i18n import _
from core.institutions import admin_queries
from core.institutions.models import Institution, InstitutionRole, Membership
from core.tenancy import institution_scope
from core.users.identities import normal_email
from core.users.models import User

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = frozenset({"new", "all"})
"""Words that the site's own addresses use where an institution's slug could stand."""


def create_institution(*, name: str, slug: str, administrator: User | None = None) -> Institution:
    """A new institution. Raises :class:`Invalid` for a slug that cannot be had."""
    if not SLUG.fullmatch(slug):
        raise Invalid(
            _("Use small letters, digits and single hyphens between them, like “example-college”."), field="slug"
        )
    institution = Institution(name=name, slug=slug)
    try:
        with db.session.begin_nested():
            if slug in RESERVED:
                raise _taken(slug)
            db.session.add(institution)
    except IntegrityError:
        raise _taken(slug) from None
    with institution_scope(institution.id):
        if administrator is not None:
            db.session.add(Membership(user_id=administrator.id, role=InstitutionRole.ADMINISTRATOR))
        audit.record("institutions.created", institution, name=name)
        db.session.flush()
    return institution


def save(institution: Institution, seen_version: int, values: dict[str, Any]) -> None:
    """Saves rules or profile as a form gave them. Raises :class:`StaleForm` where somebody came first.

    The same values sent twice are no conflict.
    """
    row = _locked(institution)
    newer = {name: getattr(row, name) for name in values}
    if newer == values:
        return
    if row.version != seen_version:
        by_id, at = admin_queries.last_change(row) or (None, None)
        raise StaleForm(
            _("Somebody saved this after you had opened it. Your text is kept below beside the newer one."),
            newer=newer,
            version=row.version,
            by_id=by_id,
            at=at,
        )
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    changes = {name: [newer[name], value] for name, value in values.items() if newer[name] != value}
    audit.record("institutions.saved", row, changes=changes)


def set_logo(institution: Institution, logo: Asset | None) -> None:
    """Gives the institution a stored picture as its logo, or none."""
    row = _locked(institution)
    row.logo_id = logo.id if logo is not None else None
    audit.record("institutions.logo_changed", row, removed=logo is None)


def change_member(
    institution: Institution, user_id: int, *, role: InstitutionRole, number: str, class_name: str
) -> None:
    """What somebody is here. Raises :class:`Conflict` for the last administrator, :class:`Invalid` for a taken
    number."""
    membership = _member(institution, user_id)
    if membership.role == InstitutionRole.ADMINISTRATOR and role != membership.role:
        _keep_an_administrator(institution)
    if role != membership.role:
        audit.record("people.role_changed", membership, user_id=user_id, before=membership.role, after=role)
    elif (membership.external_id or "", membership.class_name) != (number, class_name):
        audit.record("people.changed", membership, user_id=user_id)
    try:
        with db.session.begin_nested():
            membership.role, membership.external_id, membership.class_name = role, number or None, class_name
    except IntegrityError:
        raise Invalid(
            _("Number %(number)s belongs to somebody else here. Give another.", number=number), field="number"
        ) from None


def correct_account(institution: Institution, user: User, *, name: str, email: str | None) -> None:
    """Corrects what the institution's list said: the name, and the address until the account is in use.

    Raises :class:`Conflict` for accounts that this institution did not bring.
    """
    if user.home_id != institution.id:
        raise Conflict(_("This account was not made by your institution. Only the person can change it."), field="name")
    address = normal_email(email) if email else None
    if user.name != name or (user.password is None and user.email != address):
        audit.record("people.corrected", user, user_id=user.id)
    try:
        with db.session.begin_nested():
            user.name = name
            if user.password is None and (address or user.username):
                user.email = address
    except IntegrityError:
        raise Invalid(
            _("There is an account with the address %(email)s already.", email=address), field="email"
        ) from None


def remove_member(institution: Institution, user_id: int) -> None:
    """Ends a membership; account, enrolments and everything learnt stay. Raises :class:`Conflict` for the last
    administrator."""
    membership = _member(institution, user_id)
    if membership.role == InstitutionRole.ADMINISTRATOR:
        _keep_an_administrator(institution)
    audit.record("people.removed", membership, user_id=user_id, role=membership.role)
    db.session.delete(membership)
    db.session.flush()


def _keep_an_administrator(institution: Institution) -> None:
    if admin_queries.administrators(institution) < 2:
        raise Conflict(
            _("This is the institution's last administrator. Make somebody else administrator first."), field="role"
        )


def _member(institution: Institution, user_id: int) -> Membership:
    """The membership; the institution is held, so that of two last administrators only one can go."""
    _locked(institution)
    found = db.session.scalar(
        select(Membership).where(Membership.institution_id == institution.id, Membership.user_id == user_id)
    )
    if found is None:
        raise NotFound(_("There is no such person among the members."))
    return found


def _locked(institution: Institution) -> Institution:
    return db.session.get_one(Institution, institution.id, with_for_update=True, populate_existing=True)


def _taken(slug: str) -> Invalid:
    return Invalid(_("“%(slug)s” is taken on this site. Choose another address.", slug=slug), field="slug")
