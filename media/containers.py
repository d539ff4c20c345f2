"""What rests inside a zip archive or an OLE compound file, found without unpacking anything."""

import struct
import zipfile
from typing import BinaryIO

_ZIP = ("application/zip", "zip")
_OLE = ("application/x-ole-storage", "ole")
_MOST_DIRECTORY = 4 * 1024 * 1024
_MOST_CONTENT_TYPES = 1024 * 1024

_OOXML = "application/vnd.openxmlformats-officedocument."
_MACRO = "application/vnd.ms-"
# What [Content_Types].xml says of the main part (ECMA-376, MS-OFFMACRO) → type of the whole.
_MAIN_PARTS = (
    (f"{_OOXML}wordprocessingml.document.main+xml", f"{_OOXML}wordprocessingml.document", "docx"),
    (f"{_OOXML}presentationml.presentation.main+xml", f"{_OOXML}presentationml.presentation", "pptx"),
    (f"{_OOXML}presentationml.slideshow.main+xml", f"{_OOXML}presentationml.slideshow", "ppsx"),
    (f"{_OOXML}spreadsheetml.sheet.main+xml", f"{_OOXML}spreadsheetml.sheet", "xlsx"),
    (f"{_MACRO}word.document.macroEnabled.main+xml", f"{_MACRO}word.document.macroEnabled.12", "docm"),
    (
        f"{_MACRO}powerpoint.presentation.macroEnabled.main+xml",
        f"{_MACRO}powerpoint.presentation.macroEnabled.12",
        "pptm",
    ),
    (f"{_MACRO}excel.sheet.macroEnabled.main+xml", f"{_MACRO}excel.sheet.macroEnabled.12", "xlsm"),
)
# The `mimetype` entry of OpenDocument (ISO/IEC 26300-3) and EPUB (OCF).
_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/epub+zip": "epub",
}
# Names of streams in the directory of a compound file (MS-DOC, MS-PPT, MS-XLS, MS-OFFCRYPTO).
_STREAMS = {
    "WordDocument": ("application/msword", "doc"),
    "PowerPoint Document": ("application/vnd.ms-powerpoint", "ppt"),
    "Workbook": ("application/vnd.ms-excel", "xls"),
    "Book": ("application/vnd.ms-excel", "xls"),
    "EncryptedPackage": ("application/encrypted-office", "ole"),
}


def zip_type(stream: BinaryIO) -> tuple[str, str]:
    """Media type and extension of a zip archive by what it holds."""
    if _directory_size(stream) > _MOST_DIRECTORY:
        return _ZIP
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                declared = _read(archive, "mimetype", 100).decode("ascii", "replace").strip()
                if declared in _MIMETYPES:
                    return declared, _MIMETYPES[declared]
            if "[Content_Types].xml" in names:
                parts = _read(archive, "[Content_Types].xml", _MOST_CONTENT_TYPES).decode("utf-8", "replace")
                for part, media_type, extension in _MAIN_PARTS:
                    if f'"{part}"' in parts:
                        return media_type, extension
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        # Damaged, encrypted or made to confuse: it stays a zip, which promises nothing about its inside.
        return _ZIP
    return _ZIP


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as file:
        return file.read(most)


def _directory_size(stream: BinaryIO) -> int:
    """The length of the central directory, which ``zipfile`` holds in memory, as the end record states it."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 65557))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0


def ole_type(stream: BinaryIO) -> tuple[str, str]:
    """Media type and extension of an OLE compound file (MS-CFB) by the streams in its directory."""
    try:
        names = _ole_names(stream)
    except struct.error:
        return _OLE
    # An encrypted package may keep other streams beside it; that it is encrypted decides.
    for name in sorted(names & _STREAMS.keys(), key=lambda name: name != "EncryptedPackage"):
        return _STREAMS[name]
    return _OLE


def _ole_names(stream: BinaryIO) -> set[str]:
    stream.seek(0)
    header = stream.read(512)
    sector_size = 1 << min(struct.unpack_from("<H", header, 0x1E)[0], 12)
    sector = struct.unpack_from("<I", header, 0x30)[0]
    fat = _OleFat(stream, header, sector_size)
    names: set[str] = set()
    for _ in range(1024):
        if sector >= 0xFFFFFFFA:
            break
        stream.seek((sector + 1) * sector_size)
        data = stream.read(sector_size)
        for at in range(0, len(data) - 127, 128):
            length = min(struct.unpack_from("<H", data, at + 64)[0], 64)
            names.add(data[at : at + max(0, length - 2)].decode("utf-16-le", "replace"))
        sector = fat.next(sector)
    return names


class _OleFat:
    """The chains of sectors; looked up one at a time, so that a large file costs no more than a small one."""

    def __init__(self, stream: BinaryIO, header: bytes, sector_size: int) -> None:
        self._stream = stream
        self._size = sector_size
        self._per_sector = sector_size // 4
        self._first: tuple[int, ...] = struct.unpack_from("<109I", header, 0x4C)
        self._difat: int = struct.unpack_from("<I", header, 0x44)[0]

    def next(self, sector: int) -> int:
        """The sector after ``sector`` in its chain; a marker from 0xFFFFFFFA on ends it."""
        page, index = divmod(sector, self._per_sector)
        location = self._first[page] if page < len(self._first) else self._far(page - len(self._first))
        return self._number(location, index) if location < 0xFFFFFFFA else 0xFFFFFFFE

    def _far(self, page: int) -> int:
        hops, index = divmod(page, self._per_sector - 1)
        sector = self._difat
        for _ in range(min(hops, 4096)):
            if sector >= 0xFFFFFFFA:
                return sector
            sector = self._number(sector, self._per_sector - 1)
        return self._number(sector, index) if sector < 0xFFFFFFFA else sector

    def _number(self, sector: int, index: int) -> int:
        self._stream.seek((sector + 1) * self._size + index * 4)
        number: int = struct.unpack("<I", self._stream.read(4))[0]
        return number
