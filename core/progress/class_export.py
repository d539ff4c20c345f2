"""The class view as CSV and XLSX that open right in Excel, and start no formula there."""

from collections.abc import Iterator

from core.i18n import _, format_datetime
from core.progress.class_view import ClassView
from core.web.spreadsheets import XLSX, csv_bytes, xlsx_bytes

__all__ = ["XLSX", "csv_of", "xlsx_of"]

WIDTHS = (16, 16, 14, 10, 20)


def csv_of(view: ClassView, groups: dict[int, str]) -> bytes:
    """The class view as CSV."""
    return csv_bytes(_rows(view, groups))


def xlsx_of(view: ClassView, groups: dict[int, str], title: str) -> bytes:
    """The class view as a workbook: percentages as numbers, heading and names fixed while one scrolls."""
    return xlsx_bytes(_rows(view, groups), title, widths=WIDTHS, freeze="C2")


def _rows(view: ClassView, groups: dict[int, str]) -> Iterator[list[str | int]]:
    yield [
        _("Name"),
        _("Student number"),
        _("Class"),
        _("Completed"),
        _("Last seen"),
        *(f"{number}. {column.title}" for number, column in enumerate(view.columns, start=1)),
    ]
    order = [column.lesson_id for column in view.columns]
    for learner in view.learners:
        percents = learner.percents
        yield [
            learner.name,
            learner.number,
            groups.get(learner.group_id or 0, ""),
            f"{learner.done}/{view.required}",
            format_datetime(learner.last_active_at, "short") if learner.last_active_at else "",
            *[percents.get(lesson_id, 0) for lesson_id in order],
        ]
