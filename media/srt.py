"""SubRip (SRT): no specification exists, so this reads what players read and what people really have.

Hours may be missing, fractions follow a comma, a dot or a colon, counters may be absent or wrong, empty
lines may stand inside a caption, Chinese input methods put full-width colons and commas between the digits.
Tags of HTML that WebVTT knows are kept, others dropped, and what only looks like a tag stays text.
"""

import re
import unicodedata
from dataclasses import replace

from media.cues import Captions, Cue, CueSettings, Problem
from media.cuetext import escape, parse_cue_text, write_cue_text
from media.webvtt import check_cues, limited

_TIME = r"(?:([0-9]{1,6})\s*:\s*)?([0-9]{1,2})\s*:\s*([0-9]{1,2})(?:\s*[,.:]\s*([0-9]{1,3})[0-9]*)?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-{{1,3}}>\s*{_TIME}(?![0-9])")
_ARROW = re.compile(r"-->")
_TAG = re.compile(r"<(/?)(i|b|u|em|strong|font|span|s|strike|p|div|center)\b[^<>]*>|<br\s*/?>", re.IGNORECASE)
_KEPT = {"i": "i", "em": "i", "b": "b", "strong": "b", "u": "u"}
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_PLACE = re.compile(r"\{\\an?([0-9]{1,2})\}")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\u00a0", "&quot;": '"', "&#39;": "'", "&amp;": "&"}
_TOP = CueSettings(line=0)
_MIDDLE = CueSettings(line=50, snap_to_lines=False, line_align="center")


def looks_like_srt(text: str) -> bool:
    """Whether any line is a pair of times."""
    return any("->" in line and _times(line) for line in text.splitlines())


def parse_srt(text: str) -> Captions:
    """The cues of an SRT text (decoded, without byte order mark), their text turned into WebVTT cue text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").split("\n")
    problems: list[Problem] = []
    heads = [at for at, line in enumerate(lines) if _is_timing(line)]
    _report_orphans(lines, heads[0] if heads else len(lines), problems)
    cues = []
    for at, following in zip(heads, [*heads[1:], None], strict=True):
        stop = len(lines) if following is None else following - _counter_before(lines, following)
        times = _times(lines[at])
        if times is None:
            problems.append(Problem("timing_malformed", at + 1, text=lines[at][:60]))
            continue
        counter = lines[at - 1].strip() if at and _counter_before(lines, at) else ""
        body = [line.strip() for line in lines[at + 1 : stop] if line.strip()]
        cues.append(_cue(times, "\n".join(body), counter, at + 1))
    problems += check_cues(cues)
    if not cues:
        problems.append(Problem("no_cues", 1))
    return Captions("srt", tuple(cues), problems=limited(problems))


def _is_timing(line: str) -> bool:
    return _times(line) is not None or _ARROW.search(line) is not None


def _counter_before(lines: list[str], at: int) -> int:
    """1 if the line above these times counts the captions, else 0."""
    return int(at > 0 and lines[at - 1].strip().isdigit())


def _times(line: str) -> tuple[int, int] | None:
    match = _TIMING.match(unicodedata.normalize("NFKC", line))
    if match is None:
        return None
    start, end = _milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:])
    return None if start is None or end is None else (start, end)


def _milliseconds(parts: tuple[str | None, ...]) -> int | None:
    hours, minutes, seconds = (int(part or 0) for part in parts[:3])
    if minutes > 59 or seconds > 59:
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((parts[3] or "0").ljust(3, "0"))


def _cue(times: tuple[int, int], body: str, counter: str, line: int) -> Cue:
    cue = Cue(*times, _cue_text(body), CueSettings(), counter, line)
    place = _PLACE.search(body)
    if place is None:
        return cue
    # The number pad of SubStation Alpha: 7 8 9 is the top row, 4 5 6 the middle one.
    settings = {"7": _TOP, "8": _TOP, "9": _TOP, "4": _MIDDLE, "5": _MIDDLE, "6": _MIDDLE}.get(place[1])
    return replace(cue, settings=settings) if settings else cue


def _cue_text(body: str) -> str:
    body = _OVERRIDE.sub("", body)
    parts = []
    at = 0
    for tag in _TAG.finditer(body):
        parts.append(_words(body[at : tag.start()]))
        at = tag.end()
        if tag[2] is None:
            parts.append("\n")
        elif kept := _KEPT.get(tag[2].lower()):
            parts.append(f"<{tag[1]}{kept}>")
    parts.append(_words(body[at:]))
    return write_cue_text(parse_cue_text("".join(parts)))


def _words(text: str) -> str:
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    return escape(text)


def _report_orphans(lines: list[str], first: int, problems: list[Problem]) -> None:
    """Text above the first times belongs to no caption."""
    last = first - _counter_before(lines, first) if first < len(lines) else first
    for at, line in enumerate(lines[:last]):
        if line.strip():
            problems.append(Problem("orphan_text", at + 1, text=line.strip()[:60]))
            return
