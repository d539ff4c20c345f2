"""Lists that people take home: CSV and XLSX that open right in Excel, and start no formula there."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from core.errors import NotFound
from core.files.sending import disposition
from core.i18n import _

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""How a spreadsheet recognises a formula in CSV (OWASP, CSV Injection); such words get an apostrophe in front."""

Row = Sequence[str | int]


def csv_bytes(rows: Iterable[Row]) -> bytes:
    """CSV in UTF-8 with a byte order mark, without which Excel takes Chinese for another encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def xlsx_bytes(
    rows: Iterable[Row],
    title: str,
    *,
    widths: Sequence[int] = (),
    notes: tuple[str, Sequence[str]] | None = None,
    freeze: str = "A2",
) -> bytes:
    """A workbook of one list: the heading bold and fixed while one scrolls. ``widths`` in characters.

    ``notes``: name and lines of a second sheet. ``freeze``: the first cell that scrolls.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = freeze
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, row in enumerate(rows):
        sheet.append([_cell(sheet, value, bold=number == 0) for value in row])
    if notes is not None:
        beside = book.create_sheet(_sheet_name(notes[0]))
        beside.column_dimensions["A"].width = 100
        for line in notes[1]:
            beside.append([_cell(beside, line, wrap=True)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def download(rows: Iterable[Row], kind: str, title: str, *, widths: Sequence[int] = ()) -> Response:
    """The list as a file to keep. Raises :class:`NotFound` for kinds other than ``csv`` and ``xlsx``."""
    if kind == "csv":
        return attachment(csv_bytes(rows), CSV, f"{title}.csv")
    if kind == "xlsx":
        return attachment(xlsx_bytes(rows, title, widths=widths), XLSX, f"{title}.xlsx")
    raise NotFound(_("Lists exist as CSV and as XLSX."))


def attachment(data: bytes, media_type: str, name: str) -> Response:
    """A file that browsers save, and nobody keeps on the way."""
    response = Response(data, content_type=media_type)
    response.headers["Content-Disposition"] = disposition(name, as_download=True)
    response.headers["Cache-Control"] = "no-store"
    return response


def _cell(sheet: Any, value: str | int, *, bold: bool = False, wrap: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        # As text, whatever it begins with: a name is never a formula, and a number keeps its leading zeros.
        cell.data_type = "s"
        cell.number_format = "@"
    if bold:
        cell.font = Font(bold=True)
    if wrap:
        cell.alignment = Alignment(wrap_text=True)
    return cell


def _sheet_name(title: str) -> str:
    return "".join(" " if letter in r"[]:*?/\'" else letter for letter in title)[:31] or "1"


def _harmless(value: str | int) -> str | int:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
