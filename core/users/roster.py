"""Writing rosters: a file becomes rows, the rows get outcomes (the dry run), and on request become people.

Both halves work in batches and may be stopped after any of them: a batch and the mark on its rows are written in one
transaction, so whoever carries on begins with the first row that has no mark.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from secrets import token_hex
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, func, insert, select, update

from core import audit
from core.db import db, table_of
from core.errors import Conflict
from core.i18n import _
from core.institutions.models import Institution, Membership
from core.jobs.models import Job
from core.jobs.service import enqueue
from core.users.models import ImportState, RosterImport, RosterRow, RowOutcome, User
from core.users.roster_plan import BATCH, Decision, Planner
from core.users.roster_reading import Entry, Values

CHECK = "roster.check"
APPLY = "roster.apply"

Step = Callable[[int, int], None]
"""Told after each batch, inside its transaction: rows done, rows in all."""

_Item = TypeVar("_Item")


def begin(institution: Institution, entries: Sequence[Entry], *, file_name: str, actor_id: int | None) -> RosterImport:
    """Keeps the rows of a file and asks for their dry run. Nothing is written about people."""
    roster = RosterImport(actor_id=actor_id, file_name=file_name[:255] or "?", state=ImportState.CHECKING)
    db.session.add(roster)
    db.session.flush()
    rows = [
        {
            "institution_id": institution.id,
            "import_id": roster.id,
            "source": entry.source,
            "number": entry.number,
            "values": entry.values,
            "outcome": RowOutcome.WAITING if entry.refusal is None else RowOutcome.REFUSED,
            "reason": entry.refusal or {},
        }
        for entry in entries
    ]
    db.session.connection().execute(insert(table_of(RosterRow)), rows)
    roster.job_id = _ask(CHECK, roster, actor_id).id
    return roster


def ask_to_apply(roster: RosterImport, actor_id: int | None) -> None:
    """Asks for the writing. Asked twice, it is done once. Raises :class:`Conflict` before the dry run has ended."""
    if roster.state == ImportState.APPLIED:
        return
    if roster.state == ImportState.CHECKING:
        raise Conflict(_("The file is still being checked. Wait until the report is complete."))
    if roster.state != ImportState.APPLYING:
        audit.record("people.import_started", roster, file=roster.file_name, **roster.counts)
    roster.state = ImportState.APPLYING
    roster.job_id = _ask(APPLY, roster, actor_id).id


def check_again(roster: RosterImport, actor_id: int | None) -> None:
    """Asks again for a dry run that failed."""
    if roster.state == ImportState.CHECKING:
        roster.job_id = _ask(CHECK, roster, actor_id).id


def _ask(kind: str, roster: RosterImport, actor_id: int | None) -> Job:
    return enqueue(kind, {"import_id": roster.id}, unique_key=f"{kind}:{roster.id}", user_id=actor_id, max_attempts=8)


def check(roster: RosterImport, institution: Institution, step: Step) -> None:
    """Gives every waiting row its outcome, as if it were written now."""
    planner = Planner(institution, seen=_people_of(roster))
    total, done = _count(roster), 0
    while rows := _next_rows(roster, RosterRow.outcome == RowOutcome.WAITING):
        decisions = planner.decide([row.values for row in rows])
        _mark(rows, decisions, applied=False)
        done += len(rows)
        step(done, total)
    roster.counts = counts_of(roster)
    roster.state = ImportState.CHECKED


def apply(roster: RosterImport, institution: Institution, step: Step) -> None:
    """Writes every row that is neither refused nor written, deciding anew: much may have changed since the dry run."""
    wanted = (RosterRow.applied.is_(False), RosterRow.outcome != RowOutcome.REFUSED)
    written = db.session.scalars(
        select(RosterRow.user_id).where(
            RosterRow.import_id == roster.id, RosterRow.applied, RosterRow.user_id.is_not(None)
        )
    ).all()
    planner = Planner(institution, seen=[user_id for user_id in written if user_id is not None])
    total = _count(roster, *wanted)
    done = 0
    while rows := _next_rows(roster, *wanted):
        decisions = planner.decide([row.values for row in rows])
        write(institution, decisions)
        _mark(rows, decisions, applied=True)
        done += len(rows)
        step(done, total)
    roster.counts = counts_of(roster)
    roster.state = ImportState.APPLIED
    audit.record("people.imported", roster, file=roster.file_name, **roster.counts)


def import_entries(
    institution: Institution, entries: Sequence[Entry], step: Step, *, write_them: bool
) -> list[Decision]:
    """The whole of it in one go, for a file that a program brings; one decision per entry, in their order.

    With ``write_them`` False nothing is written. ``step`` may commit.
    """
    planner, decisions = Planner(institution), []
    for batch in batches(entries, BATCH):
        usable = [entry for entry in batch if entry.refusal is None]
        decided = iter(planner.decide([entry.values for entry in usable]))
        made = [_decision(entry, decided) for entry in batch]
        if write_them:
            write(institution, made)
        decisions += made
        step(len(decisions), len(entries))
    return decisions


def add_person(institution: Institution, values: Values) -> Decision:
    """One person by hand, under the same rules as a row of a file."""
    decision = Planner(institution).decide([values])[0]
    write(institution, [decision])
    if decision.outcome in {RowOutcome.CREATED, RowOutcome.JOINED}:
        audit.record("people.added", user_id=decision.user_id, role=decision.member["role"])
    return decision


def write(institution: Institution, decisions: Sequence[Decision]) -> None:
    """Writes decisions; people who are made get their ids. At most one statement of each kind."""
    connection = db.session.connection()
    users, members = table_of(User), table_of(Membership)
    made = {token_hex(16): each for each in decisions if each.outcome == RowOutcome.CREATED}
    if made:
        rows = [
            {**each.person, "fs_uniquifier": key, "home_id": institution.id, "active": True, "is_operator": False}
            for key, each in made.items()
        ]
        for user_id, key in connection.execute(insert(users).returning(users.c.id, users.c.fs_uniquifier), rows):
            made[key].user_id = user_id
    joining = [each for each in decisions if each.outcome in {RowOutcome.CREATED, RowOutcome.JOINED}]
    if joining:
        values = [{**each.member, "user_id": each.user_id, "institution_id": institution.id} for each in joining]
        connection.execute(insert(members), values)
    changed = [each for each in decisions if each.outcome == RowOutcome.UPDATED]
    if people := [{**each.person, "key": each.user_id} for each in changed if each.person]:
        connection.execute(_set(users, "name", "email", "username"), people)
    if rest := [{**each.member, "key": each.member_id} for each in changed if each.member]:
        connection.execute(_set(members, "role", "external_id", "class_name"), rest)


def forget_rows(before: Any) -> None:
    """Deletes the rows of imports begun before a moment; the import itself and its counts stay."""
    old = select(RosterImport.id).where(RosterImport.created_at < before).scalar_subquery()
    db.session.execute(
        delete(RosterRow).where(RosterRow.import_id.in_(old)), execution_options={"synchronize_session": False}
    )


def counts_of(roster: RosterImport) -> dict[str, Any]:
    """Outcome → how many rows."""
    counted = db.session.execute(
        select(RosterRow.outcome, func.count()).where(RosterRow.import_id == roster.id).group_by(RosterRow.outcome)
    )
    return {str(outcome): number for outcome, number in counted}


def batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in lists of at most ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _decision(entry: Entry, decided: Iterator[Decision]) -> Decision:
    return next(decided) if entry.refusal is None else Decision(RowOutcome.REFUSED, reason=entry.refusal)


def _set(table: Any, *columns: str) -> Any:
    return update(table).where(table.c.id == bindparam("key")).values({name: bindparam(name) for name in columns})


def _next_rows(roster: RosterImport, *conditions: Any) -> Sequence[Any]:
    query = select(RosterRow.id, RosterRow.values).where(RosterRow.import_id == roster.id, *conditions)
    return db.session.execute(query.order_by(RosterRow.id).limit(BATCH)).all()


def _count(roster: RosterImport, *conditions: Any) -> int:
    query = select(func.count()).select_from(RosterRow).where(RosterRow.import_id == roster.id, *conditions)
    return db.session.scalar(query) or 0


def _people_of(roster: RosterImport) -> list[int]:
    """Whom rows with an outcome are about, when a dry run goes on after a stop."""
    found = select(RosterRow.user_id).where(RosterRow.import_id == roster.id, RosterRow.user_id.is_not(None))
    return [user_id for user_id in db.session.scalars(found) if user_id is not None]


def _mark(rows: Sequence[Any], decisions: Sequence[Decision], *, applied: bool) -> None:
    table = table_of(RosterRow)
    columns = ("outcome", "reason", "user_id", "applied")
    marks = [
        {
            "key": row.id,
            "outcome": each.outcome,
            "reason": each.reason,
            "user_id": each.user_id,
            # A row that has become impossible since the dry run is refused, not written.
            "applied": applied and each.outcome != RowOutcome.REFUSED,
        }
        for row, each in zip(rows, decisions, strict=True)
    ]
    db.session.connection().execute(_set(table, *columns), marks)
