"""Excel workbooks as rows of words. Formulas are not evaluated: what Excel last showed in the cell is taken."""

import io
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core.users.roster_limits import MOST_COLUMNS, MOST_ROWS, Unusable

MOST_EMPTY = 10_000
"""So many empty rows in a row are the end of a sheet, whatever the workbook claims."""


def sheets(data: bytes) -> Iterator[list[tuple[int, list[str]]]]:
    """The rows of each visible sheet, with their numbers. Raises :class:`Unusable`."""
    try:
        with warnings.catch_warnings():
            # Of drawings and validations that a reader of cells has no use for.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible":
                        # What a sheet claims about its size costs memory and may be invented.
                        sheet.reset_dimensions()
                        yield list(_rows(sheet))
            finally:
                book.close()
    except Unusable:
        raise
    except (InvalidFileException, SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        # Whatever a damaged workbook makes the library stumble over; SyntaxError is XML's ParseError.
        raise Unusable("archive_damaged") from error


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    filled = empty = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), start=1):
        if not any(cell is not None for cell in cells):
            empty += 1
            if empty > MOST_EMPTY:
                return
            continue
        empty = 0
        filled += 1
        if filled > MOST_ROWS:
            raise Unusable("file_rows", most=MOST_ROWS)
        if len(cells) > MOST_COLUMNS and cells[MOST_COLUMNS] is not None:
            raise Unusable("file_columns", most=MOST_COLUMNS)
        words = [_words(cell) for cell in cells]
        while words and not words[-1]:
            words.pop()
        if words:
            yield number, words


def _words(cell: Any) -> str:
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()
