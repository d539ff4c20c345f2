"""What a file is, told from its content. Its name and what the browser said of it are never asked.

Own tables rather than a library: the ones on the index either trust extensions, miss what lectures come in,
or cannot tell a playlist from a film, and every answer here is one that a refusal sentence or a player
relies on. Signatures follow the formats' own documents and the WHATWG MIME Sniffing Standard where that
speaks; zip and OLE containers are looked into (``media.containers``), text by its first words
(``media.texts``).
"""

from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from media.audio_frames import frames_type, id3_length
from media.containers import ole_type, zip_type
from media.texts import text_type

HEAD = 64 * 1024
"""Bytes read from the start of a file; containers are looked into beyond that."""


class Kind(StrEnum):
    """What a person would call it. Whether it can be played or shown is for probing to say.

    Markup that may carry script (HTML, SVG) is ``other``, whatever it draws, and so are playlists.
    """

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    CAPTIONS = "captions"
    OTHER = "other"


@dataclass(frozen=True)
class ContentType:
    """An answer of ``sniff``. ``extension`` has no dot and is the one to store and offer the file under."""

    media_type: str
    kind: Kind
    extension: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))


UNKNOWN = ContentType("application/octet-stream", Kind.OTHER, "bin")

_KINDS = {
    "video": "mp4 mov 3gp webm mkv avi ts mpg flv wmv ogv",
    "audio": "m4a mp3 aac flac wav oga aiff amr ac3 wma",
    "image": "jpg png webp gif bmp tiff heic avif psd ico",
    "document": "pdf docx docm pptx pptm ppsx xlsx xlsm doc ppt xls odt odp ods epub rtf txt",
    "captions": "vtt srt",
}
_KIND_OF = {extension: Kind(kind) for kind, names in _KINDS.items() for extension in names.split()}


def _type(media_type: str, extension: str) -> ContentType:
    return ContentType(media_type, _KIND_OF.get(extension, Kind.OTHER), extension)


# Signature at the very start → type.
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"GIF87a", "image/gif", "gif"),
    (b"GIF89a", "image/gif", "gif"),
    (b"BM", "image/bmp", "bmp"),
    (b"II*\x00", "image/tiff", "tiff"),
    (b"MM\x00*", "image/tiff", "tiff"),
    (b"8BPS\x00\x01", "image/vnd.adobe.photoshop", "psd"),
    (b"\x00\x00\x01\x00", "image/x-icon", "ico"),
    (b"fLaC", "audio/flac", "flac"),
    (b"#!AMR", "audio/amr", "amr"),
    (b"\x0b\x77", "audio/ac3", "ac3"),
    (b"MThd", "audio/midi", "mid"),
    (b"FLV\x01", "video/x-flv", "flv"),
    (b"\x00\x00\x01\xba", "video/mpeg", "mpg"),
    (b"\x00\x00\x01\xb3", "video/mpeg", "mpg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf", "wmv"),
    (b".RMF\x00", "application/vnd.rn-realmedia", "rm"),
    (b"{\\rtf", "application/rtf", "rtf"),
    (b"\x7fELF", "application/x-executable", "elf"),
    (b"MZ", "application/x-msdownload", "exe"),
    (b"\x1f\x8b", "application/gzip", "gz"),
    (b"BZh", "application/x-bzip2", "bz2"),
    (b"\xfd7zXZ\x00", "application/x-xz", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "7z"),
    (b"Rar!\x1a\x07", "application/vnd.rar", "rar"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3", "sqlite"),
)

# Two-letter signatures also begin ordinary text; they count only where a zero byte shows a binary file.
_SHORT = frozenset({b"BM", b"MZ", b"\x0b\x77", b"BZh"})

_RIFF = {
    b"AVI ": ("video/x-msvideo", "avi"),
    b"WAVE": ("audio/wav", "wav"),
    b"WEBP": ("image/webp", "webp"),
}

# Major brand (ISO/IEC 14496-12, mp4ra.org) → type; any other brand is MP4.
_BRANDS = {
    b"qt  ": ("video/quicktime", "mov"),
    b"M4A ": ("audio/mp4", "m4a"),
    b"M4B ": ("audio/mp4", "m4a"),
    b"M4P ": ("audio/mp4", "m4a"),
    b"avif": ("image/avif", "avif"),
    b"avis": ("image/avif", "avif"),
    b"heic": ("image/heic", "heic"),
    b"heix": ("image/heic", "heic"),
    b"hevc": ("image/heic", "heic"),
    b"mif1": ("image/heic", "heic"),
    b"msf1": ("image/heic", "heic"),
    b"crx ": ("image/x-canon-cr3", "cr3"),
}
_OLD_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def sniff(stream: BinaryIO) -> ContentType:
    """The type of what a seekable stream holds; ``UNKNOWN`` rather than a guess. Moves the position."""
    stream.seek(0)
    head = stream.read(HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _type(*zip_type(stream))
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _type(*ole_type(stream))
    found = _boxes(head) or _riff(head) or _start(head) or _matroska(head) or _ogg(head) or _pdf(head)
    found = found or _mpeg_ts(head) or _mpeg_audio(stream, head) or text_type(head)
    return _type(*found) if found else UNKNOWN


def sniff_file(path: Path) -> ContentType:
    """``sniff`` of a file on disk."""
    with path.open("rb") as file:
        return sniff(file)


def sniff_bytes(data: bytes) -> ContentType:
    """``sniff`` of bytes in memory."""
    return sniff(BytesIO(data))


def _start(head: bytes) -> tuple[str, str] | None:
    for signature, media_type, extension in _STARTS:
        if head.startswith(signature) and (signature not in _SHORT or b"\0" in head[:512]):
            return media_type, extension
    return None


def _boxes(head: bytes) -> tuple[str, str] | None:
    """MP4 and its family: a box whose size fits and whose name is known."""
    if len(head) < 12:
        return None
    size, name, brand = int.from_bytes(head[:4], "big"), head[4:8], head[8:12]
    if name == b"ftyp" and size >= 12:
        if brand.startswith((b"3gp", b"3g2")):
            return "video/3gpp", "3gp"
        return _BRANDS.get(brand, ("video/mp4", "mp4"))
    if name in _OLD_QUICKTIME and (size >= 8 or size in (0, 1)):
        return "video/quicktime", "mov"
    if name == b"styp" and size >= 12:
        return "video/mp4", "mp4"
    return None


def _riff(head: bytes) -> tuple[str, str] | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "audio/aiff", "aiff"
    return None


def _matroska(head: bytes) -> tuple[str, str] | None:
    """EBML (RFC 8794): the DocType element names the format."""
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    at = head.find(b"\x42\x82", 4, 256)
    if at < 0 or at + 3 > len(head):
        return None
    doctype = head[at + 3 : at + 3 + (head[at + 2] & 0x7F)].rstrip(b"\0")
    return {b"webm": ("video/webm", "webm"), b"matroska": ("video/x-matroska", "mkv")}.get(doctype)


def _ogg(head: bytes) -> tuple[str, str] | None:
    """Ogg (RFC 3533): the first pages name the codecs."""
    if not head.startswith(b"OggS"):
        return None
    return ("video/ogg", "ogv") if b"\x80theora" in head[:4096] else ("audio/ogg", "oga")


def _pdf(head: bytes) -> tuple[str, str] | None:
    """Readers accept the header anywhere in the first 1,024 bytes; markup before it would be a disguise."""
    at = head.find(b"%PDF-", 0, 1024 + 5)
    return ("application/pdf", "pdf") if at >= 0 and b"<" not in head[:at] else None


def _mpeg_ts(head: bytes) -> tuple[str, str] | None:
    """Sync bytes every 188 bytes, or every 192 after a four-byte timestamp (cameras, Blu-ray)."""
    for first, step in ((0, 188), (4, 192)):
        marks = head[first::step][:5]
        if len(head) >= first + 2 * step and len(marks) >= 3 and set(marks) == {0x47}:
            return "video/mp2t", "ts"
    return None


def _mpeg_audio(stream: BinaryIO, head: bytes) -> tuple[str, str] | None:
    """MP3 and AAC, behind an ID3v2 tag or without."""
    if not head.startswith(b"ID3"):
        return frames_type(head, within=512)
    stream.seek(id3_length(head))
    head = stream.read(HEAD)
    if head.startswith(b"fLaC"):
        return "audio/flac", "flac"
    return frames_type(head, within=4096) or ("audio/mpeg", "mp3")
