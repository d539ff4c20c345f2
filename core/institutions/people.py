"""Reading the people of an institution."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from core.db import db
from core.errors import NotFound
from core.i18n import _, format_date
from core.institutions.models import Institution, InstitutionRole, Membership
from core.users.models import User
from core.users.roster_words import ROLES

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list of people is asked for."""

    words: str = ""
    role: InstitutionRole | None = None
    waiting: bool = False
    """Only people who have not activated their account."""
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether anybody may be left out."""
        return bool(self.words or self.role or self.waiting)


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A member as the list shows them."""

    id: int
    name: str
    email: str | None
    username: str | None
    avatar_id: int | None
    number: str
    role: InstitutionRole
    class_name: str
    activated: bool
    is_ours: bool
    """This institution brought the account and may hand out a link for it."""
    since: datetime


def people(institution: Institution, wanted: Wanted) -> tuple[list[PersonLine], int]:
    """A page of members by name, and how many there are in all."""
    query = _query(institution, wanted)
    total = db.session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)) or 0
    rows = db.session.execute(query.offset((wanted.page - 1) * PAGE).limit(PAGE))
    return [PersonLine(*row) for row in rows], total


def rows_to_keep(institution: Institution, wanted: Wanted) -> Iterator[list[str]]:
    """Everybody who fits, as a list to take home, with its heading."""
    yield [_("Name"), _("Number"), _("E-mail"), _("User name"), _("Role"), _("Class"), _("Account"), _("Member since")]
    for row in db.session.execute(_query(institution, wanted)):
        person = PersonLine(*row)
        yield [
            person.name,
            person.number,
            person.email or "",
            person.username or "",
            str(ROLES[person.role]),
            person.class_name,
            _("Activated") if person.activated else _("Not activated yet"),
            format_date(person.since, "short"),
        ]


def member(institution: Institution, user_id: int) -> tuple[Membership, User]:
    """A member and their account. Raises :class:`NotFound`."""
    row = db.session.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.institution_id == institution.id, Membership.user_id == user_id)
    ).first()
    if row is None:
        raise NotFound(_("There is no such person among the members."))
    return row[0], row[1]


def _query(institution: Institution, wanted: Wanted) -> Any:
    query = (
        select(
            User.id,
            User.name,
            User.email,
            User.username,
            User.avatar_id,
            func.coalesce(Membership.external_id, ""),
            Membership.role,
            Membership.class_name,
            User.password.is_not(None),
            (User.home_id == institution.id) & User.is_operator.is_(False),
            Membership.created_at,
        )
        .join(User, User.id == Membership.user_id)
        .where(Membership.institution_id == institution.id)
        .order_by(User.name, User.id)
    )
    if wanted.role is not None:
        query = query.where(Membership.role == wanted.role)
    if wanted.waiting:
        query = query.where(User.password.is_(None))
    for word in wanted.words.split()[:5]:
        like = [column.icontains(word, autoescape=True) for column in (User.name, User.email, User.username)]
        number = Membership.external_id.istartswith(word, autoescape=True)
        query = query.where(or_(*like, number, Membership.class_name.icontains(word, autoescape=True)))
    return query
