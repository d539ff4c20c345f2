"""From the bytes of a file to tables: CSV in the encodings that Excel writes in China and elsewhere, XLSX, archives.

Nothing here knows what a column means. The content decides what a file is, never its name; names inside an archive are
shown to people and never used as paths. What cannot be read raises :class:`Unusable` with a code of
``core.users.roster_words``.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - an exception's name

from core.users import roster_xlsx
from core.users.roster_limits import (
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_FILES,
    MOST_RATIO,
    MOST_ROWS,
    MOST_UNPACKED,
    Unusable,
)

BROKEN = "\ufffd"
"""Stands in a cell for bytes that are no text in the file's encoding."""

OLE = b"\xd0\xcf\x11\xe0"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
LOOKED_AT = 30

csv.field_size_limit(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words, each with its number as a spreadsheet shows it. ``source``: which file of an archive it is."""

    name: str
    source: str
    rows: list[tuple[int, list[str]]]


def read(data: bytes, name: str) -> list[Table]:
    """Every table of a file. Raises :class:`Unusable`."""
    if not data.strip(b"\0 \t\r\n"):
        raise Unusable("file_empty")
    if len(data) > MOST_BYTES:
        raise Unusable("file_large", most=MOST_BYTES // 1024**2)
    if data.startswith(OLE):
        raise Unusable("file_old_excel")
    if data.startswith(ZIP):
        return _unpacked(data, name)
    return [Table(name, "", list(_csv(data)))]


def read_many(files: list[tuple[str, bytes]]) -> list[Table]:
    """The tables of several files that belong together, as in a folder. Raises :class:`Unusable`."""
    if len(files) > MOST_FILES:
        raise Unusable("archive_files", most=MOST_FILES)
    tables: dict[str, Table] = {}
    for name, data in files:
        if data.strip():
            # Folders inside an archive may hold files of one name.
            source = name[:110] if name[:110] not in tables else f"{name[:110]} ({len(tables) + 1})"
            tables[source] = Table(name, source, list(_csv(data)))
    if not tables:
        raise Unusable("archive_without_tables")
    return list(tables.values())


def _unpacked(data: bytes, name: str) -> list[Table]:
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse_bombs(entries)
            if any(entry.filename == "xl/workbook.xml" for entry in entries):
                _refuse_document_types(archive, entries)
                return [Table(name, "", list(rows)) for rows in roster_xlsx.sheets(data)]
            return read_many([(_last_part(entry), archive.read(entry)) for entry in entries if _is_table(entry)])
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("archive_damaged") from error


def _refuse_bombs(entries: list[ZipInfo]) -> None:
    """By the sizes that the archive claims; the library reads no further than these."""
    if len(entries) > MOST_FILES:
        raise Unusable("archive_files", most=MOST_FILES)
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Unusable("archive_large", most=MOST_UNPACKED // 1024**2)
    for entry in entries:
        if entry.file_size > 1024**2 and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
            raise Unusable("archive_large", most=MOST_UNPACKED // 1024**2)


def _refuse_document_types(archive: ZipFile, entries: list[ZipInfo]) -> None:
    """Office never writes a document type; somebody who wants entities expanded does."""
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            with archive.open(entry) as file:
                if b"<!" in file.read(4096).replace(b"<!--", b""):
                    raise Unusable("archive_damaged")


def _is_table(entry: ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    hidden = "__MACOSX" in parts or _last_part(entry).startswith(".")
    return not hidden and entry.filename.lower().endswith((".csv", ".txt", ".tsv"))


def _last_part(entry: ZipInfo) -> str:
    return PurePosixPath(entry.filename.replace("\\", "/")).name


def _csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = decoded(data)
    head = text[:4096]
    if len(CONTROL.findall(head)) > max(1, len(head) // 50):
        raise Unusable("file_not_a_table")
    said = SEPARATOR.match(text)
    delimiter = said[1] if said else _delimiter(text)
    first = 2 if said else 1
    reader = csv.reader(io.StringIO(text[said.end() :] if said else text, newline=""), delimiter=delimiter)
    filled = 0
    try:
        for number, cells in enumerate(reader, start=first):
            if not any(cell.strip() for cell in cells):
                continue
            filled += 1
            if filled > MOST_ROWS:
                raise Unusable("file_rows", most=MOST_ROWS)
            if len(cells) > MOST_COLUMNS and any(cell.strip() for cell in cells[MOST_COLUMNS:]):
                raise Unusable("file_columns", most=MOST_COLUMNS)
            yield number, [cell.strip() for cell in cells[:MOST_COLUMNS]]
    except csv.Error as error:
        raise Unusable("file_quotes", row=reader.line_num) from error


def _delimiter(text: str) -> str:
    """The one that makes the most columns of the first lines."""
    lines = io.StringIO(text[: 64 * 1024], newline="")
    head = "".join(line for line, _number in zip(lines, range(LOOKED_AT), strict=False))

    def columns(delimiter: str) -> int:
        try:
            return sum(len(row) - 1 for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
        except csv.Error:
            return 0

    return max((",", "\t", ";"), key=columns)


def decoded(data: bytes) -> str:
    """The text of a CSV file, with :data:`BROKEN` where its bytes are none. Raises :class:`Unusable`."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    wide = _wide_encoding(data[:4096])
    if wide:
        return data.decode(wide, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _by_line(data)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of its digits, commas and line ends is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd < max(4, len(head) // 20):
        return None
    return "utf-16-le" if odd > even * 4 else "utf-16-be" if even > odd * 4 else None


def _by_line(data: bytes) -> str:
    """Most lines decide: a UTF-8 file with some damaged rows is still UTF-8, and only those rows are refused.

    No line end can be part of a character in either encoding.
    """
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    for encoding in ("utf-8", "gb18030"):
        if 2 * sum(_decodes(line, encoding) for line in lines) >= len(lines):
            return data.decode(encoding, errors="replace")
    raise Unusable("file_encoding")


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
