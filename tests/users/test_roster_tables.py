"""Files as Excel, WPS and other people's programs write them, and files that somebody sends to do harm."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from core.users import roster_tables
from core.users.roster_limits import Unusable
from core.users.roster_tables import BROKEN

LIST = "姓名,学号,邮箱\n王小明,20260001,wang@example.cn\n欧阳娜娜,20260002,\n"


def cells(data: bytes, name: str = "list.csv") -> list[list[str]]:
    (table,) = roster_tables.read(data, name)
    return [row for _number, row in table.rows]


def refusal(data: bytes) -> str:
    with pytest.raises(Unusable) as error:
        roster_tables.read(data, "list.csv")
    return error.value.code


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_reads_the_same_in_every_encoding(encoding: str, delimiter: str, end: str) -> None:
    text = LIST.replace(",", delimiter).replace("\n", end)
    assert cells(text.encode(encoding)) == [line.split(",") for line in LIST.splitlines()]


def test_a_line_that_tells_excel_the_separator_is_no_row() -> None:
    (table,) = roster_tables.read(("sep=;\n" + LIST.replace(",", ";")).encode(), "list.csv")
    assert table.rows[0] == (2, ["姓名", "学号", "邮箱"])


def test_rows_keep_the_numbers_that_a_spreadsheet_shows() -> None:
    (table,) = roster_tables.read("姓名,学号\n\n王小明,1\n".encode(), "list.csv")
    assert [number for number, _cells in table.rows] == [1, 3]
    (table,) = roster_tables.read(workbook(["姓名", "学号"], [], ["王小明", 1]), "list.xlsx")
    assert table.rows == [(1, ["姓名", "学号"]), (3, ["王小明", "1"])]


def test_damaged_bytes_spoil_their_row_and_no_other() -> None:
    data = LIST.encode().replace("王".encode(), b"\xe7\x8e")
    assert BROKEN in cells(data)[1][0]
    assert cells(data)[2][0] == "欧阳娜娜"


def test_numbers_dates_and_formulas_of_a_workbook_become_words() -> None:
    rows = cells(workbook(["姓名", "学号", "备注"], ["王小明", 20260001.0, '=HYPERLINK("http://evil.example","x")']))
    # Nobody has calculated the formula, so there is nothing to show, and nothing is calculated here.
    assert rows[1] == ["王小明", "20260001"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"\n \t\r\n", "file_empty"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "file_old_excel"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 20, "file_not_a_table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "file_not_a_table"),
        (b"a" * (20 * 1024**2 + 1), "file_large"),
        (b"PK\x03\x04 and then nothing of the kind", "archive_damaged"),
        (",".join(f"c{n}" for n in range(500)).encode(), "file_columns"),
        (b"a,b\n" + b"1,2\n" * 50_001, "file_rows"),
        (b'name,no\n"' + b"x" * (2 * 1024**2), "file_quotes"),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(data: bytes, code: str) -> None:
    # Bytes above 127 that fit no encoding are told apart from pictures only by chance; both are refused.
    assert refusal(data) in {code, "file_encoding" if code == "file_not_a_table" else code}


def test_a_workbook_of_500_columns_is_refused() -> None:
    assert refusal(workbook([f"c{n}" for n in range(500)])) == "file_columns"


def test_a_bomb_is_not_unpacked() -> None:
    assert (
        refusal(archive({"xl/workbook.xml": b"<w/>", "xl/sharedStrings.xml": b"\0" * 90 * 1024**2})) == "archive_large"
    )


def test_a_file_that_claims_a_gigabyte_is_not_read() -> None:
    data = bytearray(archive({"Student.csv": b"Name,SIS ID\nA,1\n"}))
    # The size in the central directory, which is what readers believe.
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 1024**3)
    assert refusal(bytes(data)) == "archive_large"


def test_entities_of_a_workbook_are_not_expanded() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa">]><a>&a;</a>'
    assert refusal(archive({"xl/workbook.xml": bomb})) == "archive_damaged"


def test_a_workbook_that_claims_a_million_columns_costs_nothing() -> None:
    data = workbook(["姓名", "学号"], ["王小明", "1"])
    rebuilt = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(rebuilt, "w") as target:
        for entry in source.infolist():
            text = source.read(entry)
            target.writestr(entry.filename, text.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    assert len(cells(rebuilt.getvalue())) == 2


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"notes.md": b"nothing"}, "archive_without_tables"),
        ({f"{n}.csv": b"a,b\n" for n in range(201)}, "archive_files"),
        ({}, "archive_without_tables"),
    ],
)
def test_archives_without_lists_are_refused(files: dict[str, bytes], code: str) -> None:
    assert refusal(archive(files)) == code


def test_names_inside_an_archive_are_names_and_not_paths() -> None:
    files = {"../../etc/Student.csv": b"Name,SIS ID\nA,1\n", "sub/Student.csv": b"Name,SIS ID\nB,2\n"}
    tables = roster_tables.read(archive(files), "x.zip")
    assert len({table.source for table in tables}) == 2
    assert not any("/" in table.source for table in tables)


def damaged(change: Callable[[bytes], bytes]) -> bytes:
    return change(workbook(["姓名", "学号"], ["王小明", "1"]))


@pytest.mark.parametrize(
    "change", [lambda data: data[: len(data) // 2], lambda data: data[:300] + b"\0" * 300 + data[600:]]
)
def test_a_damaged_workbook_is_refused(change: Callable[[bytes], bytes]) -> None:
    assert refusal(damaged(change)) == "archive_damaged"
