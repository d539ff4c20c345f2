"""From tables to people: which row is the heading, which tables belong together, what each row says of a person.

What can be judged from the file alone is judged here: missing names, addresses that are none, doubles. What depends on
who is there already stands in ``core.users.roster_plan``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.errors import Invalid
from core.institutions.models import InstitutionRole
from core.users import roster_columns as columns
from core.users.identities import normal_email, normal_username
from core.users.roster_limits import LONGEST_CELL, Unusable
from core.users.roster_tables import BROKEN, Table
from core.users.service import LONGEST_NAME
from core.web.fields import UNSTORABLE

LONGEST = {"name": LONGEST_NAME, "external_id": 64, "class_name": 120, "email": 254, "username": 64}
HEADING_WITHIN = 20
"""Schools like to put a title and a date above the heading."""

COMMENT = ("#", "＃")
SHORTENED = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_SHOWN = 120

Values = dict[str, str]


@dataclass(slots=True)
class Entry:
    """One row: what it says, or why it cannot be used (``refusal``: code, column and parameters)."""

    source: str
    number: int
    values: Values = field(default_factory=dict)
    refusal: dict[str, object] | None = None

    def refuse(self, code: str, column: str, **params: object) -> None:
        """Notes the first thing that is wrong with the row."""
        if self.refusal is None:
            self.refusal = {"code": code, "column": column, "params": params}


@dataclass(frozen=True, slots=True)
class _People:
    """A table of people: where its heading is and which column holds what."""

    table: Table
    start: int
    headings: list[str]
    fields: dict[str, int]


def entries_of(tables: list[Table]) -> list[Entry]:
    """Everybody whom the tables name, in order, doubles refused. Raises :class:`Unusable` where nobody is named."""
    found = [_people(table) for table in tables]
    people = [each for each in found if isinstance(each, _People)]
    if not people:
        raise Unusable(*_why_nobody([each for each in found if isinstance(each, str)], tables))
    if len(tables) > 1 and not any(table.source for table in tables):
        # The sheets of a workbook: the first with people; the others are notes and other people's business.
        people = people[:1]
    classes = _classes(tables)
    entries = [entry for each in people for entry in _rows(each, classes)]
    if not entries:
        raise Unusable("file_heading_only")
    _refuse_doubles(entries)
    return entries


def _people(table: Table) -> _People | str | None:
    """The table as one of people; the name of what it is about instead; None where no heading was found."""
    best: _People | None = None
    for index, (_number, cells) in enumerate(table.rows[:HEADING_WITHIN]):
        about = columns.about_other_things(cells)
        if about:
            return about
        fields = columns.fields_of(cells)
        named = "name" in fields or "given" in fields or "family" in fields
        if named and len(fields) > 1 and (best is None or len(fields) > len(best.fields)):
            best = _People(table, index + 1, cells, fields)
    return best


def _why_nobody(others: list[str], tables: list[Table]) -> tuple[str]:
    if others:
        return ("file_about_other_things",)
    return ("file_heading_missing",) if any(len(table.rows) for table in tables) else ("file_empty",)


def _rows(people: _People, classes: dict[str, str]) -> Iterator[Entry]:
    default = columns.role_of_file(people.table.name, people.headings) or ""
    for number, cells in people.table.rows[people.start :]:
        if cells[0].startswith(COMMENT):
            continue
        raw = {name: cells[index] for name, index in people.fields.items() if index < len(cells) and cells[index]}
        if raw:
            entry = Entry(people.table.source, number)
            _fill(entry, raw, default, classes)
            yield entry


def _fill(entry: Entry, raw: Values, default: str, classes: dict[str, str]) -> None:
    _look_at_cells(entry, raw)
    values = entry.values
    name = raw.get("name") or columns.full_name(raw.get("given", ""), raw.get("middle", ""), raw.get("family", ""))
    values["name"] = " ".join(name.split())
    values["external_id"] = raw.get("external_id", "")
    values["class_name"] = classes.get(values["external_id"]) or raw.get("class_name") or raw.get("grade", "")
    username, email = raw.get("username", ""), raw.get("email", "")
    if "@" in username:
        # Microsoft's rosters call the address one signs in with the user name.
        username, email = "", email or username
    values["username"], values["email"] = username, email or raw.get("other_email", "")
    _judge(entry, raw, default)
    if entry.refusal is not None:
        entry.values = {key: UNSTORABLE.sub(BROKEN, value)[:_SHOWN] for key, value in values.items()}


def _look_at_cells(entry: Entry, raw: Values) -> None:
    """What no cell of a roster holds, whatever its column."""
    for column, text in raw.items():
        if BROKEN in text:
            entry.refuse("row_encoding", column)
        elif UNSTORABLE.search(text):
            entry.refuse("row_character", column)
        elif text.startswith("="):
            entry.refuse("row_formula", column, text=text[:40])
        elif text.count("\n") > 2:
            entry.refuse("row_quotes", column)
        elif len(text) > LONGEST_CELL:
            entry.refuse("row_long", column, most=LONGEST_CELL)
        elif column in {"external_id", "username"} and SHORTENED.fullmatch(text):
            entry.refuse("row_shortened", column, text=text)


def _judge(entry: Entry, raw: Values, default: str) -> None:
    values = entry.values
    if not values["name"]:
        entry.refuse("row_name_missing", "name")
    for column, most in LONGEST.items():
        if len(values[column]) > most:
            entry.refuse("row_long", column, most=most)
    _normalise(entry)
    if not (values["external_id"] or values["email"] or values["username"]):
        entry.refuse("row_login_missing", "email")
    said = columns.plain(raw.get("role", ""))
    role = columns.ROLES.get(said) if said else default
    values["role"] = raw["role"] if role is None else role
    if role is None:
        entry.refuse("row_role_unknown", "role", role=raw["role"][:40])
    elif role == InstitutionRole.ADMINISTRATOR:
        entry.refuse("row_role_administrator", "role")
    if columns.plain(raw.get("status", "")) in columns.LEFT or columns.plain(raw.get("enabled", "")) in columns.NO:
        entry.refuse("row_left", "status")


def _normalise(entry: Entry) -> None:
    values = entry.values
    try:
        if values["email"]:
            values["email"] = normal_email(values["email"])
    except Invalid:
        entry.refuse("row_email", "email", email=values["email"][:80])
    try:
        if values["username"]:
            values["username"] = normal_username(values["username"])
    except Invalid:
        entry.refuse("row_username", "username", username=values["username"][:80])


def _refuse_doubles(entries: list[Entry]) -> None:
    """The second and later rows with a number, an address or a user name; the first stays."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if entry.refusal is not None:
            continue
        for column in ("external_id", "email", "username"):
            text = entry.values[column]
            earlier = first.get((column, text)) if text else None
            if earlier is not None:
                code = "row_double" if earlier.source == entry.source else "row_double_elsewhere"
                entry.refuse(code, column, text=text, row=earlier.number, source=earlier.source)
                break
        else:
            first.update({(key, entry.values[key]): entry for key in ("external_id", "email", "username")})


def _classes(tables: list[Table]) -> dict[str, str]:
    """Number of a person → the classes that the tables of an archive put them in, as many as fit."""
    names: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for table in tables:
        headings = [columns.plain(cell) for cell in table.rows[0][1]] if table.rows else []
        about = columns.about_other_things(table.rows[0][1]) if table.rows else None
        if about == "classes":
            names |= dict(_pairs(table, headings, ("sisid", "sourcedid"), ("sectionname", "title", "classname")))
        elif about == "enrolments":
            for person, group in _pairs(
                table, headings, ("sisid", "usersourcedid"), ("sectionsisid", "classsourcedid")
            ):
                members.setdefault(person, []).append(group)
    return {person: _joined([names.get(group, "") for group in groups]) for person, groups in members.items()}


def _pairs(
    table: Table, headings: list[str], left: tuple[str, ...], right: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    one = next((headings.index(name) for name in left if name in headings), None)
    other = next((headings.index(name) for name in right if name in headings), None)
    if one is None or other is None:
        return
    for _number, cells in table.rows[1:]:
        if max(one, other) < len(cells):
            yield cells[one], cells[other]


def _joined(names: list[str]) -> str:
    text = ""
    for name in dict.fromkeys(name for name in names if name):
        longer = f"{text}、{name}" if text else name
        if len(longer) > LONGEST["class_name"]:
            break
        text = longer
    return text
