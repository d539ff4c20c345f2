"""What a file is, told from its content alone."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from media.sniff import UNKNOWN, ContentType, Kind, sniff, sniff_bytes, sniff_file
from tests.media.conftest import Clips, sample

OOXML = "application/vnd.openxmlformats-officedocument."


def extension(data: bytes) -> str:
    return sniff_bytes(data).extension


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("bbb-720p-5s.mp4", "video/mp4", Kind.VIDEO),
        ("bad-truncated-half.mp4", "video/mp4", Kind.VIDEO),
        ("phone-hevc10-editlist-rot90.mp4", "video/quicktime", Kind.VIDEO),
        ("lecture-slides-2fps.mov", "video/quicktime", Kind.VIDEO),
        ("rec-chrome57-nodur.webm", "video/webm", Kind.VIDEO),
        ("mkv-srt-subs.mkv", "video/x-matroska", Kind.VIDEO),
        ("divx-mp3.avi", "video/x-msvideo", Kind.VIDEO),
        ("ts-h264.ts", "video/mp2t", Kind.VIDEO),
        ("audio-with-cover.mp3", "audio/mpeg", Kind.AUDIO),
        ("speech-jfk.flac", "audio/flac", Kind.AUDIO),
        ("bad-zero-byte.mp4", "application/octet-stream", Kind.OTHER),
    ],
)
def test_real_recordings(name: str, media_type: str, kind: Kind) -> None:
    found = sniff_file(sample("video", name))
    assert (found.media_type, found.kind) == (media_type, kind)


def test_real_speech_and_slides() -> None:
    assert extension(sample("speech", "french.aiff").read_bytes()) == "aiff"
    assert extension(sample("speech", "aishell-BAC009S0724W0121.wav").read_bytes()) == "wav"
    decks = sorted(sample("slides").glob("*.pptx"))
    assert len(decks) >= 4
    for deck in decks:
        assert sniff_file(deck) == ContentType(f"{OOXML}presentationml.presentation", Kind.DOCUMENT, "pptx")


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("a.mp3", False),
        ("a.aac", False),
        ("a.m4a", False),
        ("a.flac", False),
        ("a.wav", False),
        ("a.oga", False),
        ("a.aiff", False),
        ("a.mp4", True),
        ("a.mov", True),
        ("a.3gp", True),
        ("a.webm", True),
        ("a.mkv", True),
        ("a.avi", True),
        ("a.flv", True),
        ("a.ts", True),
        ("a.mpg", True),
        ("a.wmv", True),
    ],
)
def test_every_container_under_a_false_name(clips: Clips, name: str, video: bool) -> None:
    arguments = ["-c:v", "mpeg4", "-b:v", "64k"] if name == "a.3gp" else []
    if name.endswith("3gp"):
        arguments += ["-an"]
    if name.endswith("mpg"):
        arguments += ["-r", "25"]
    path = clips.make(name, *arguments, video=video, seconds=1)

    found = sniff_bytes(path.read_bytes())

    assert found.extension == path.suffix[1:]
    assert found.kind == (Kind.VIDEO if video else Kind.AUDIO)


def test_an_mp3_is_one_with_a_tag_without_and_with_noise_before(clips: Clips) -> None:
    tagged = clips.make("tag.mp3", "-metadata", "title=课", video=False).read_bytes()
    bare = clips.make("bare.mp3", "-write_xing", "0", "-id3v2_version", "0", video=False).read_bytes()
    assert tagged.startswith(b"ID3")
    assert not bare.startswith(b"ID3")
    assert extension(tagged) == extension(bare) == extension(b"\x00\xff\x01" * 40 + bare) == "mp3"


@pytest.mark.parametrize(("form", "expected"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
def test_pictures(form: str, expected: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(buffer, form)
    assert sniff_bytes(buffer.getvalue()).extension == expected
    assert sniff_bytes(buffer.getvalue()).kind == Kind.IMAGE


def archive(entries: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return buffer.getvalue()


def office(main: str) -> dict[str, str]:
    part = f'<Types><Override PartName="/main.xml" ContentType="{main}"/></Types>'
    return {"padding.bin": "x" * 70000, "[Content_Types].xml": part}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (office(f"{OOXML}wordprocessingml.document.main+xml"), "docx"),
        (office(f"{OOXML}presentationml.presentation.main+xml"), "pptx"),
        (office(f"{OOXML}spreadsheetml.sheet.main+xml"), "xlsx"),
        (office("application/vnd.ms-word.document.macroEnabled.main+xml"), "docm"),
        ({"mimetype": "application/vnd.oasis.opendocument.presentation"}, "odp"),
        ({"mimetype": "application/epub+zip"}, "epub"),
        ({"mimetype": "text/html"}, "zip"),
        ({"homework/answer.docx": "not really"}, "zip"),
        ({}, "zip"),
    ],
)
def test_archives_are_told_by_what_they_hold(entries: dict[str, str], expected: str) -> None:
    assert extension(archive(entries)) == expected


def test_a_damaged_archive_stays_an_archive() -> None:
    deck = archive(office(f"{OOXML}presentationml.presentation.main+xml"))
    assert extension(deck[: len(deck) // 2]) == "zip"
    assert extension(b"PK\x03\x04" + b"\xff" * 300) == "zip"


def compound_file(*names: str, directory: int = 1) -> io.BytesIO:
    """An OLE file whose directory is sector ``directory`` and goes on in the sector after it."""
    size, free, end, per = 512, 0xFFFFFFFF, 0xFFFFFFFE, 128
    fat_page = directory // per
    fat_sector, difat_sector = directory + 2, directory + 3
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(size, b"\0"))
    struct.pack_into("<H", header, 0x1E, 9)
    struct.pack_into("<I", header, 0x30, directory)
    first = [free] * 109
    difat = [free] * per
    if fat_page < 109:
        first[fat_page] = fat_sector
    else:
        difat[fat_page - 109] = fat_sector
    struct.pack_into("<I", header, 0x44, difat_sector)
    struct.pack_into("<109I", header, 0x4C, *first)
    fat = [free] * per
    fat[directory % per] = directory + 1
    fat[(directory + 1) % per] = end
    file = io.BytesIO(bytes(header))
    entries = ["Root Entry", "a", "b", "c", *names]
    for number, name in enumerate(entries):
        raw = name.encode("utf-16-le")
        file.seek((directory + 1) * size + number * 128)
        file.write(raw.ljust(64, b"\0") + struct.pack("<H", len(raw) + 2) + bytes(62))
    for sector, numbers in ((fat_sector, fat), (difat_sector, difat)):
        file.seek((sector + 1) * size)
        file.write(struct.pack(f"<{per}I", *numbers))
    return file


@pytest.mark.parametrize("directory", [1, 60, 109 * 128 + 5])
def test_old_office_files_are_told_by_their_streams(directory: int) -> None:
    for name, expected in (("WordDocument", "doc"), ("PowerPoint Document", "ppt"), ("Workbook", "xls")):
        assert sniff(compound_file(name, directory=directory)).extension == expected
    encrypted = sniff(compound_file("EncryptedPackage", "WordDocument", directory=directory))
    assert encrypted.media_type == "application/encrypted-office"
    assert sniff(compound_file("something", directory=directory)).media_type == "application/x-ole-storage"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("#EXTM3U\n#EXT-X-VERSION:3\n/etc/passwd\n", "application/vnd.apple.mpegurl"),
        ("ffconcat version 1.0\nfile /etc/passwd\n", "text/x-ffconcat"),
        ("file '/etc/passwd'\nfile '/etc/shadow'\n", "text/x-ffconcat"),
        ("v=0\no=- 0 0 IN IP4 127.0.0.1\n", "application/sdp"),
        ('<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', "application/dash+xml"),
        ('<?xml version="1.0"?><!-- drawn --><svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
        ("<svg onload=alert(1)>", "image/svg+xml"),
        ("<!DOCTYPE html><p>", "text/html"),
        ("  <script>alert(1)</script>", "text/html"),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\n好", "text/vtt"),
        ("1\n00:00:01,000 --> 00:00:02,000\n好", "application/x-subrip"),
        ("今天讲导数。", "text/plain"),
        ("WEBVTTnot", "text/plain"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_is_told_by_its_first_words_in_any_encoding(text: str, media_type: str, encoding: str) -> None:
    assert sniff_bytes(text.encode(encoding)).media_type == media_type


def test_wide_text_without_a_mark_is_still_text() -> None:
    captions = "1\n00:00:01,000 --> 00:00:02,000\n一二三，一起来学一元一次方程。\n"
    for encoding in ("utf-16-le", "utf-16-be"):
        assert sniff_bytes(captions.encode(encoding)).media_type == "application/x-subrip"


def test_nothing_that_opens_other_files_or_carries_script_is_a_film_or_a_picture() -> None:
    for text in ("#EXTM3U\n", "ffconcat version 1.0\n", "<svg ", "<html>", "v=0\r\no=-\r\n"):
        assert sniff_bytes(text.encode()).kind == Kind.OTHER


def test_a_pdf_may_have_junk_before_it_but_no_markup() -> None:
    assert extension(b"%PDF-1.7\n") == "pdf"
    assert extension(b"\n\n\x00junk%PDF-1.4") == "pdf"
    assert extension(b"<html><script>x</script>%PDF-1.4") == "html"


def test_what_is_not_known_is_not_guessed() -> None:
    assert sniff_bytes(b"") == UNKNOWN
    assert sniff_bytes(b"\x00\x01\x02\x03" * 100) == UNKNOWN
    assert extension(b"\x7fELF\x02\x01") == "elf"
    assert extension(b"BMW builds cars. MZ is no program.") == "txt"


@given(st.binary(max_size=3000))
def test_no_bytes_confuse_it(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1a\x45\xdf\xa3", b"ID3", b"\xff\xfb"):
        assert isinstance(sniff_bytes(start + data), ContentType)


def test_a_type_survives_being_written_down() -> None:
    found = sniff_bytes(b"%PDF-1.7")
    assert ContentType(found.media_type, Kind(found.kind.value), found.extension) == found


def test_files_are_read_from_the_disk(tmp_path: Path) -> None:
    (tmp_path / "lecture.mp4").write_bytes(b"%PDF-1.7")
    assert sniff_file(tmp_path / "lecture.mp4").extension == "pdf"
