"""The class view as CSV and XLSX that open right in Excel, and start no formula there."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from core.i18n import _, format_datetime
from core.progress.class_view import ClassView

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""How a spreadsheet recognises a formula in CSV (OWASP, CSV Injection); such words get an apostrophe in front."""


def csv_of(view: ClassView, groups: dict[int, str]) -> bytes:
    """CSV in UTF-8 with a byte order mark, without which Excel takes Chinese for another encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in _rows(view, groups):
        writer.writerow([_harmless(value) if isinstance(value, str) else value for value in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def xlsx_of(view: ClassView, groups: dict[int, str], title: str) -> bytes:
    """An Excel workbook: percentages as numbers, the heading fixed while one scrolls."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(" " if letter in r"[]:*?/\'" else letter for letter in title)[:31] or "1")
    sheet.freeze_panes = "C2"
    for number, width in enumerate((16, 16, 14, 10, 20), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    bold = Font(bold=True)
    for number, row in enumerate(_rows(view, groups)):
        # Numbers go in as they are, without an object around each: a class of 1,000 has 60,000.
        cells: list[Any] = []
        for value in row:
            if isinstance(value, int):
                cells.append(value)
                continue
            cell = WriteOnlyCell(sheet, value=value)
            # As text, whatever it begins with: a name is never a formula.
            cell.data_type = "s"
            if number == 0:
                cell.font = bold
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


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


def _harmless(text: str) -> str:
    return "'" + text if text.startswith(FORMULA_STARTS) else text
