"""Text: which encoding it is in, and which of the kinds of text that matter here it is."""

import codecs
import re

# Playlists and session descriptions are text that makes a player open other files; they are named so that
# nobody takes them for the film itself.
_FIRST_WORDS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), media_type, extension)
    for pattern, media_type, extension in (
        (r"#EXTM3U", "application/vnd.apple.mpegurl", "m3u8"),
        (r"ffconcat version", "text/x-ffconcat", "ffconcat"),
        (r"(?m)file\s+['\"]?[^\n]+\n(\s*(file|duration|inpoint|outpoint)\s)", "text/x-ffconcat", "ffconcat"),
        (r"\[playlist\]", "audio/x-scpls", "pls"),
        (r"v=0\s+o=", "application/sdp", "sdp"),
        (r"WEBVTT(?=[ \t\n]|$)", "text/vtt", "vtt"),
        (r"(\d+\s*\n\s*)?\d+:\d\d(:\d\d)?[,.]\d{1,3}\s*-->\s*\d", "application/x-subrip", "srt"),
        (r"\[Script Info\]", "text/x-ssa", "ass"),
    )
)
_PROLOGUE = re.compile(r"(\s|<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE\s+[^\[>]*(\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(
    r"<(!doctype\s+html|html|head|body|script|iframe|style|title|div|p|h1|table|a|font|b|br)[\s/>]", re.IGNORECASE
)
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_ROOTS = {
    "svg": ("image/svg+xml", "svg"),
    "MPD": ("application/dash+xml", "mpd"),
    "smil": ("application/smil+xml", "smil"),
}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]")
_CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0e-\x19\x1c-\x1f\x7f]")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def guess_encoding(data: bytes) -> tuple[str, int] | None:
    """The encoding of a text and the length of its byte order mark; ``None`` if these bytes are no text.

    A mark decides. Without one: UTF-8 if it decodes, if all but a few characters do, or if it is pure ASCII;
    UTF-16 if every other byte is mostly zero; else GB18030, which contains GBK and GB2312, if it decodes.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding, len(mark)
    if b"\0" in data:
        return _wide(data)
    if _CONTROL.search(data):
        return None
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", "ignore")) - damaged
    if damaged <= sound // 10:
        return "utf-8", 0
    try:
        codecs.getincrementaldecoder("gb18030")().decode(data)
    except UnicodeDecodeError:
        return ("utf-8", 0) if damaged <= len(text) // 10 else None
    return "gb18030", 0


def _wide(data: bytes) -> tuple[str, int] | None:
    """UTF-16 without a mark, as some editors on Windows write it."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) < len(data) * 0.1:
        return None
    # Zeros on the other side are rare but not absent: 一 is U+4E00.
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 4 > max(even, odd) or _CONTROL_CHARACTER.search(data.decode(encoding, "replace")):
        return None
    return encoding, 0


def text_type(head: bytes) -> tuple[str, str] | None:
    """Media type and extension of a text by its first words; ``None`` if it is no text."""
    guess = guess_encoding(head) if head else None
    if guess is None:
        return None
    encoding, mark = guess
    text = head[mark:].decode(encoding, "ignore").replace("\r\n", "\n").replace("\r", "\n").lstrip()
    for pattern, media_type, extension in _FIRST_WORDS:
        if pattern.match(text):
            return media_type, extension
    return _markup(text) or ("text/plain", "txt")


def _markup(text: str) -> tuple[str, str] | None:
    is_xml = text.startswith("<?xml")
    if _HTML.match(text):
        return "text/html", "html"
    prologue = _PROLOGUE.match(text)
    rest = text[prologue.end() :] if prologue else text
    if _HTML.match(rest):
        return "text/html", "html"
    root = _ROOT.match(rest)
    if root and root[2] in _ROOTS:
        return _ROOTS[root[2]]
    return ("application/xml", "xml") if is_xml else None
