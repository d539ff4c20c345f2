"""The catalogue's stamp: one random word that changes in every transaction that changes what the catalogue shows.

Each process keeps the catalogue in memory (:mod:`core.courses.catalogue`) and asks for the stamp, one cheap statement,
before using what it keeps. The stamp is written by the changing transaction itself, so whoever sees the change sees the
new stamp and the other way round, in every process; being random it never repeats, whatever was rolled back or
restored. It is written last, so that its row stays locked for a moment only.
"""

import secrets

from sqlalchemy import String, event, inspect, select, update
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, UOWTransaction, mapped_column

from core.courses.models import Course, CourseRun, CourseState, TeamMember
from core.db import Model, db, insert_new
from core.institutions.models import Institution

_CHANGED = "catalogue_changed"
_SHOWN = (Course, CourseRun, TeamMember, Institution)


class CatalogueStamp(Model):
    """The one row that holds the stamp. Missing until something was published."""

    __tablename__ = "catalogue_stamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[str] = mapped_column(String(32))


_STAMP = select(CatalogueStamp.__table__.c.stamp).where(CatalogueStamp.__table__.c.id == 1)


def current_stamp() -> str | None:
    """The stamp as this transaction sees it; None while there is none, or while the transaction has changes itself.

    None means: what is read now must not be kept.
    """
    session = db.session()
    session.flush()
    # Asked with every page of the catalogue: on the connection it costs half of what it costs through the session.
    stamp: str | None = session.connection().execute(_STAMP).scalar()
    return None if session.info.get(_CHANGED) else stamp


def touch() -> None:
    """Says that this transaction changes what the catalogue shows, where the session cannot see it by itself.

    Counters (``enrolment_count``, ``seats_taken``) are moved without it, by statements that carry the execution option
    ``counts_only``: a thousand enrolments must not make a thousand catalogues.
    """
    db.session().info[_CHANGED] = True


@event.listens_for(Session, "after_flush")
def _note_rows(session: Session, _context: UOWTransaction) -> None:
    if any(_is_shown(row) for rows in (session.new, session.dirty, session.deleted) for row in rows):
        session.info[_CHANGED] = True


def _is_shown(row: object) -> bool:
    if isinstance(row, Course):
        known = inspect(row)
        moved = known.attrs.state.history.has_changes()
        return moved or known.dict.get("state", CourseState.PUBLISHED) == CourseState.PUBLISHED
    return isinstance(row, _SHOWN)


@event.listens_for(Session, "do_orm_execute")
def _note_statements(state: ORMExecuteState) -> None:
    if state.is_select or state.execution_options.get("counts_only"):
        return
    if state.bind_mapper is not None and issubclass(state.bind_mapper.class_, _SHOWN):
        state.session.info[_CHANGED] = True


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    if session.info.pop(_CHANGED, False):
        _write_stamp(session, secrets.token_hex(16))


def _write_stamp(session: Session, stamp: str) -> None:
    change = update(CatalogueStamp).where(CatalogueStamp.id == 1).values(stamp=stamp)
    if not session.connection().execute(change).rowcount:
        # The very first: two transactions may come here at once, and the later one has to have the last word.
        session.connection().execute(insert_new(CatalogueStamp.__table__, on=["id"]).values(id=1, stamp=stamp))  # type: ignore[arg-type]
        session.connection().execute(change)
