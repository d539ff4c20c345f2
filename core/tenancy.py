"""Whose rows may be seen: the current institution, and the guard that makes forgetting it an error.

Rows of tables that mix in :class:`InstitutionOwned` are filtered by the session to the institution of the current
:func:`institution_scope`. Without a scope a statement on such a table raises :class:`NoInstitutionScope`: it never
means "all of them". Statements on tables instead of mapped classes cannot be filtered and raise inside a scope as well;
only a connection takes them (``db.session.connection()``), and then they say whose rows they mean. Reading across
institutions (the public catalogue, one person's own courses, the operator's page) is a separate call that names its
reason, :func:`across_institutions`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ForeignKey, Table, event
from sqlalchemy.orm import (
    FromStatement,
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.util import find_tables


class NoInstitutionScope(RuntimeError):
    """A programming error: institution-owned rows were touched without saying whose."""


class InstitutionOwned:
    """Mixin for tables whose rows belong to one institution. New rows take the current scope's.

    The column has no index of its own: every statement names the institution besides what it looks for, and SQLite
    would then walk through all rows of the institution instead. Tables that are listed by institution add one.
    """

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id", ondelete="RESTRICT"))


class _Everywhere:
    def __init__(self, reason: str) -> None:
        self.reason = reason


_scope: ContextVar[int | _Everywhere | None] = ContextVar("institution_scope", default=None)


@contextmanager
def institution_scope(institution_id: int) -> Iterator[None]:
    """Inside, only this institution's rows exist. Scopes nest; the inner one counts."""
    token = _scope.set(institution_id)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def across_institutions(reason: str) -> Iterator[None]:
    """Inside, rows of every institution are seen. ``reason`` says why that is right; it is for the reader."""
    token = _scope.set(_Everywhere(reason))
    try:
        yield
    finally:
        _scope.reset(token)


def enter_request_scope(institution_id: int | None) -> None:
    """Sets (or clears) the scope for the rest of this request; the request's context ends it."""
    _scope.set(institution_id)


def current_institution_id() -> int:
    """The institution of the present scope. Raises :class:`NoInstitutionScope` outside one."""
    scope = _scope.get()
    if isinstance(scope, int):
        return scope
    raise NoInstitutionScope("this needs one institution: enter institution_scope(…) first")


def scope_or_none() -> int | None:
    """The institution of the present scope, or None outside one or across all."""
    scope = _scope.get()
    return scope if isinstance(scope, int) else None


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    scope = _scope.get()
    if isinstance(scope, _Everywhere) or state.is_column_load or state.is_relationship_load:
        return
    if not _touches_owned(state.statement):
        return
    if scope is None:
        raise NoInstitutionScope(f"no institution_scope() around: {str(state.statement)[:200]}")
    if state.is_insert:
        return
    if not state.is_orm_statement or isinstance(state.statement, FromStatement):
        raise NoInstitutionScope(
            f"written past the mapped classes, this cannot be filtered: {str(state.statement)[:200]}"
        )
    state.statement = state.statement.options(
        with_loader_criteria(InstitutionOwned, lambda cls: cls.institution_id == scope, include_aliases=True)
    )


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    scope = _scope.get()
    for row in session.new:
        if isinstance(row, InstitutionOwned) and getattr(row, "institution_id", None) is None:
            if not isinstance(scope, int):
                raise NoInstitutionScope(f"a new {type(row).__name__} needs an institution")
            row.institution_id = scope


_owned_by_statement: WeakKeyDictionary[ClauseElement, bool] = WeakKeyDictionary()


def _touches_owned(statement: Any) -> bool:
    known = _owned_by_statement.get(statement)
    if known is None:
        tables = find_tables(
            statement, include_joins=True, include_aliases=True, include_selects=True, include_crud=True
        )
        known = any(isinstance(table, Table) and _is_owned(table) for table in _plain(tables))
        _owned_by_statement[statement] = known
    return known


def _plain(tables: list[Any]) -> Iterator[Any]:
    for table in tables:
        yield getattr(table, "element", table)


def _is_owned(table: Table) -> bool:
    # Where the column may be empty (jobs, pictures of people) the row belongs to the site, not to an institution.
    column = table.c.get("institution_id")
    return column is not None and not column.nullable
