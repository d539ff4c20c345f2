"""Reading imports: the latest, one of them, a page of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.db import db
from core.errors import NotFound
from core.i18n import _
from core.users import roster_words
from core.users.models import ImportState, RosterImport, RosterRow, RowOutcome, User

PAGE = 50
LATEST = 20


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row of the report, in words."""

    source: str
    number: int
    name: str
    external_id: str
    login: str
    class_name: str
    outcome: str
    words: str


@dataclass(frozen=True, slots=True)
class PastImport:
    """A line of the list of imports."""

    id: int
    file_name: str
    state: ImportState
    created_at: datetime
    by: str


def one(import_id: int) -> RosterImport:
    """An import of the present institution. Raises :class:`NotFound`."""
    found = db.session.get(RosterImport, import_id)
    if found is None:
        raise NotFound(_("There is no such import. It may belong to another institution."))
    return found


def latest() -> list[PastImport]:
    """The institution's latest imports, the newest first."""
    query = (
        select(RosterImport.id, RosterImport.file_name, RosterImport.state, RosterImport.created_at, User.name)
        .outerjoin(User, User.id == RosterImport.actor_id)
        .order_by(RosterImport.id.desc())
        .limit(LATEST)
    )
    return [PastImport(row[0], row[1], ImportState(row[2]), row[3], row[4] or "") for row in db.session.execute(query)]


def report(roster: RosterImport, outcome: RowOutcome, page: int) -> list[ReportRow]:
    """A page of the rows with one outcome, in the order of the file."""
    query = (
        select(RosterRow.source, RosterRow.number, RosterRow.values, RosterRow.outcome, RosterRow.reason)
        .where(RosterRow.import_id == roster.id, RosterRow.outcome == outcome)
        .order_by(RosterRow.id)
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    return [
        ReportRow(
            source=row.source,
            number=row.number,
            name=row.values.get("name", ""),
            external_id=row.values.get("external_id", ""),
            login=row.values.get("email") or row.values.get("username") or "",
            class_name=row.values.get("class_name", ""),
            outcome=row.outcome,
            words=roster_words.about_row(row.outcome, row.reason),
        )
        for row in db.session.execute(query)
    ]


def brought(roster: RosterImport) -> Sequence[int]:
    """The people whom an import made."""
    query = select(RosterRow.user_id).where(
        RosterRow.import_id == roster.id, RosterRow.applied, RosterRow.outcome == RowOutcome.CREATED
    )
    return [user_id for user_id in db.session.scalars(query) if user_id is not None]
