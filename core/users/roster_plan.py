"""What becomes of each row of a roster, given who is there already. Reads in three statements a batch, writes nothing.

A person is found by the number the institution knows them by, else by the e-mail address, else, among the
institution's own members, by the user name. An account that another institution brought or that a person registered
joins as a member and stays as it is, once its owner has confirmed the address: before that it may be anybody's.
Administrators are never made or demoted by a file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from core.db import db
from core.errors import Invalid
from core.institutions.models import Institution, InstitutionRole, Membership
from core.users.identities import is_proved, normal_username
from core.users.models import RowOutcome, User
from core.users.roster_reading import Values

BATCH = 500


@dataclass(slots=True)
class Decision:
    """What happens to one row. ``person`` and ``member`` are the values of the two rows as they shall be afterwards."""

    outcome: RowOutcome
    user_id: int | None = None
    member_id: int | None = None
    reason: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    member: dict[str, Any] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, code: str, column: str, **params: Any) -> None:
        super().__init__(code)
        self.reason = {"code": code, "column": column, "params": params}


@dataclass(frozen=True, slots=True)
class _Person:
    id: int
    email: str | None
    username: str | None
    name: str
    home_id: int | None
    activated: bool
    confirmed: bool


_PERSON = (
    User.id,
    User.email,
    User.username,
    User.name,
    User.home_id,
    User.password.is_not(None),
    User.confirmed_at.is_not(None),
)


@dataclass(frozen=True, slots=True)
class _Member:
    id: int
    user_id: int
    role: InstitutionRole
    external_id: str | None
    class_name: str


class Planner:
    """Decides about the rows of one file, batch by batch, and remembers whom earlier rows were about."""

    def __init__(self, institution: Institution, seen: Iterable[int] = ()) -> None:
        self._institution = institution
        self._seen = set(seen)
        self._taken: set[str] = set()
        self._people: dict[int, _Person] = {}
        self._by_email: dict[str, _Person] = {}
        self._by_username: dict[str, _Person] = {}
        self._members: dict[int, _Member] = {}
        self._by_number: dict[str, _Member] = {}

    def decide(self, rows: Sequence[Values]) -> list[Decision]:
        """The decisions about a batch of rows, in their order."""
        self._look_up(rows)
        decisions = []
        for row in rows:
            try:
                decision = self._decide(row)
            except _Refused as refusal:
                decision = Decision(RowOutcome.REFUSED, reason=refusal.reason)
            decisions.append(decision)
        return decisions

    def _look_up(self, rows: Sequence[Values]) -> None:
        numbers = {row["external_id"] for row in rows} - {""}
        emails = {row["email"] for row in rows} - {""}
        names = {row["username"] for row in rows} - {""}
        for row in rows:
            names.update(self._login_names(row))
        columns = (Membership.id, Membership.user_id, Membership.role, Membership.external_id, Membership.class_name)
        here = Membership.institution_id == self._institution.id
        numbered = [
            _Member(*row)
            for row in db.session.execute(select(*columns).where(here, _is_in(Membership.external_id, numbers)))
        ]
        known = or_(
            _is_in(User.email, emails),
            _is_in(User.username, names),
            _is_in(User.id, {member.user_id for member in numbered}),
        )
        self._people = {row[0]: _Person(*row) for row in db.session.execute(select(*_PERSON).where(known))}
        self._by_email = {person.email: person for person in self._people.values() if person.email}
        self._by_username = {person.username: person for person in self._people.values() if person.username}
        members = select(*columns).where(here, _is_in(Membership.user_id, set(self._people)))
        self._members = {row[1]: _Member(*row) for row in db.session.execute(members)}
        self._by_number = {member.external_id: member for member in numbered if member.external_id}
        self._taken |= {row["username"] for row in rows}

    def _login_names(self, row: Values) -> list[str]:
        """What somebody with nothing but a number logs in with: the number, if need be after the institution's slug."""
        if row["email"] or row["username"]:
            return []
        try:
            return [
                normal_username(row["external_id"]),
                normal_username(f"{self._institution.slug}-{row['external_id']}"),
            ]
        except Invalid:
            return []

    def _decide(self, row: Values) -> Decision:
        person = self._find(row)
        if person is None:
            return self._create(row)
        if person.id in self._seen:
            raise _Refused("row_same_person", "external_id")
        self._seen.add(person.id)
        member = self._members.get(person.id)
        return self._join(row, person) if member is None else self._update(row, person, member)

    def _find(self, row: Values) -> _Person | None:
        """The person of the row. Raises where number, address and user name speak of different people."""
        numbered = self._by_number.get(row["external_id"])
        addressed = self._by_email.get(row["email"])
        named = self._by_username.get(row["username"])
        if numbered is not None:
            person = self._people[numbered.user_id]
            if addressed is not None and addressed.id != person.id:
                raise _Refused(
                    "row_number_of_other",
                    "external_id",
                    number=row["external_id"],
                    name=person.name,
                    email=row["email"],
                )
        elif addressed is not None:
            person = addressed
            member = self._members.get(person.id)
            if member is not None and member.external_id and row["external_id"]:
                raise _Refused(
                    "row_number_differs",
                    "external_id",
                    email=row["email"],
                    known=member.external_id,
                    number=row["external_id"],
                )
        elif named is not None:
            return self._named(row, named)
        else:
            return None
        if named is not None and named.id != person.id:
            raise _Refused("row_username_taken", "username", username=row["username"])
        return person

    def _named(self, row: Values, named: _Person) -> _Person:
        """A user name alone tells who somebody is only among the institution's own people."""
        member = self._members.get(named.id)
        if member is None or (member.external_id and row["external_id"]) or (named.email and row["email"]):
            raise _Refused("row_username_taken", "username", username=row["username"])
        return named

    def _create(self, row: Values) -> Decision:
        person = {
            "name": row["name"],
            "email": row["email"] or None,
            "username": row["username"] or None,
        }
        if not row["email"] and not row["username"]:
            person["username"] = self._free_login_name(row)
        return Decision(
            RowOutcome.CREATED,
            reason={"username": person["username"]} if person["username"] != (row["username"] or None) else {},
            person=person,
            member=_new_member(row),
        )

    def _free_login_name(self, row: Values) -> str:
        for name in self._login_names(row):
            if name not in self._by_username and name not in self._taken:
                self._taken.add(name)
                return name
        raise _Refused("row_number_no_login", "external_id", number=row["external_id"])

    def _join(self, row: Values, person: _Person) -> Decision:
        if not is_proved(
            confirmed=person.confirmed,
            activated=person.activated,
            home_id=person.home_id,
            institution_id=self._institution.id,
        ):
            raise _Refused("row_email_unconfirmed", "email", email=row["email"])
        return Decision(RowOutcome.JOINED, user_id=person.id, member=_new_member(row))

    def _update(self, row: Values, person: _Person, member: _Member) -> Decision:
        notes: list[str] = []
        old = {"name": person.name, "email": person.email, "username": person.username}
        new = dict(old)
        if person.home_id == self._institution.id:
            new["name"] = row["name"]
        for column in ("email", "username"):
            if row[column] and row[column] != old[column]:
                if person.home_id == self._institution.id and not person.activated:
                    new[column] = row[column]
                else:
                    notes.append(f"{column}_kept")
        was = {"role": member.role, "external_id": member.external_id, "class_name": member.class_name}
        becomes = {name: row[name] or value for name, value in was.items()}
        if member.role == InstitutionRole.ADMINISTRATOR and becomes["role"] != member.role:
            becomes["role"] = member.role
            notes.append("administrator_kept")
        changes = {
            name: [before, after]
            for name, before, after in [
                (name, {**old, **was}[name], value) for name, value in {**new, **becomes}.items()
            ]
            if before != after
        }
        return Decision(
            RowOutcome.UPDATED if changes else RowOutcome.UNCHANGED,
            user_id=person.id,
            member_id=member.id,
            reason={key: value for key, value in (("changes", changes), ("notes", notes)) if value},
            person=new if new != old else {},
            member=becomes if becomes != was else {},
        )


def _new_member(row: Values) -> dict[str, Any]:
    return {
        "role": row["role"] or InstitutionRole.STUDENT,
        "external_id": row["external_id"] or None,
        "class_name": row["class_name"],
    }


def _is_in(column: Any, values: Iterable[Any]) -> Any:
    return column.in_(sorted(values))
