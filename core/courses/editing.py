"""Saving what several people may have open at once."""

from typing import Any, TypeVar

from core import clock
from core.courses.models import Course, CourseRun, Lesson
from core.db import db
from core.errors import NotFound, StaleForm
from core.i18n import _

Row = TypeVar("Row", Course, Lesson, CourseRun)


def locked(table: type[Row], row_id: int) -> Row:
    """The row as it is now, held until this transaction ends. Raises :class:`NotFound`."""
    row = db.session.get(table, row_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(_("It has been removed in the meantime."))
    return row


def save(row: Row, seen_version: int, values: dict[str, Any], actor_id: int) -> None:
    """Writes ``values`` into a :func:`locked` row whose version the person saw.

    Raises :class:`StaleForm` with the newer values, who saved them and when, if somebody else came first. Sending the
    same values twice is no conflict: a double click saves once.
    """
    newer = {name: getattr(row, name) for name in values}
    if newer == values:
        return
    if row.version != seen_version:
        raise StaleForm(
            _("Somebody saved this after you had opened it. Your text is kept below beside the newer one."),
            newer=newer,
            version=row.version,
            by_id=row.updated_by_id,
            at=row.updated_at,
        )
    for name, value in values.items():
        setattr(row, name, value)
    stamp(row, actor_id)


def stamp(row: Row, actor_id: int | None) -> None:
    """Counts a save and notes whose it is."""
    row.version += 1
    note(row, actor_id)


def note(row: Row, actor_id: int | None) -> None:
    """Notes a change beside the form: who, when. Forms that are open stay as fresh as they were."""
    row.updated_at = clock.now()
    row.updated_by_id = actor_id
