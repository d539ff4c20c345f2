"""Captions as data: cues with times in milliseconds, and what was found wrong with the file they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from media.cuetext import parse_cue_text, plain_text, speaker
from media.errors import MediaError


@dataclass(frozen=True)
class CueSettings:
    """Where and how a cue is shown, in the words and defaults of WebVTT; ``None`` is *auto*.

    ``line`` counts lines if ``snap_to_lines``, else it is a percentage, as ``position`` and ``size`` always
    are.
    """

    vertical: str = ""
    line: float | None = None
    snap_to_lines: bool = True
    line_align: str = "start"
    position: float | None = None
    position_align: str = "auto"
    size: float = 100
    align: str = "center"
    region: str | None = None


@dataclass(frozen=True)
class Region:
    """A part of the picture that cues scroll in; anchors are percentages from the left and the top."""

    id: str = ""
    width: float = 100
    lines: int = 3
    anchor: tuple[float, float] = (0, 100)
    viewport_anchor: tuple[float, float] = (0, 100)
    scroll: str = ""


@dataclass(frozen=True)
class Cue:
    """One caption. ``text`` is WebVTT cue text with its tags and entities; ``line`` is where its times stand."""

    start_ms: int
    end_ms: int
    text: str
    settings: CueSettings = field(default_factory=CueSettings)
    identifier: str = ""
    line: int = field(default=0, compare=False)

    @property
    def plain_text(self) -> str:
        """The words alone, for a transcript or a search."""
        return plain_text(parse_cue_text(self.text))

    @property
    def speaker(self) -> str | None:
        """Who says it, if the cue names a voice."""
        return speaker(parse_cue_text(self.text))


class Problem(MediaError):
    """Something in a caption file that is not as it should be, and what became of it. Returned, never raised.

    ``line`` counts from 1 in the file as the person sees it in an editor.
    """

    sentences: ClassVar[Mapping[str, str]] = {
        "encoding_converted": "The file is in {encoding}; it was converted to UTF-8.",
        "bytes_damaged": "{count} characters could not be read and are shown as “\ufffd”.",
        "signature_malformed": "The first line must be “WEBVTT” and nothing before it; the file was read as SRT.",
        "timing_malformed": "These times cannot be read, so the caption is left out: {text}",
        "timing_comma": "WebVTT writes times with a dot (00:00:01.000), so this caption is left out: {text}",
        "orphan_text": "This text has no times, so it is left out: {text}",
        "late_block": "{block} must come before the first caption, so it is left out.",
        "setting_ignored": "The setting {setting} is not valid and has no effect.",
        "region_unknown": "There is no region {region}; the caption is shown in its usual place.",
        "tag_ignored": "The tag <{tag}> is not known and has no effect.",
        "cue_empty": "This caption has no text and is left out.",
        "ends_before_start": "This caption ends before it begins, so it is never shown and is left out.",
        "out_of_order": "This caption begins before the one above it; they were put in order.",
        "no_cues": "There is no caption in this file.",
        "too_many_problems": "There are more problems than are listed here.",
    }

    def __init__(self, code: str, line: int, **params: int | str) -> None:
        super().__init__(code, **params)
        self.line = line


@dataclass(frozen=True)
class Captions:
    """A caption file that was read. ``format`` is ``"webvtt"`` or ``"srt"``; cues are in the file's order."""

    format: str
    cues: tuple[Cue, ...]
    regions: tuple[Region, ...] = ()
    problems: tuple[Problem, ...] = ()
    encoding: str = "utf-8"
