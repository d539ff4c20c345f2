"""WebVTT read by the W3C's parser algorithm (https://www.w3.org/TR/webvtt1/, section 6) and written strictly.

Browsers drop what they cannot read without a word. This reads exactly what they read, and keeps a note of
everything that was dropped, with its line, for the person who wrote it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from media.cues import Captions, Cue, Problem, Region
from media.cuesettings import parse_region, parse_settings, write_settings
from media.cuetext import parse_cue_text, unknown_tags, write_cue_text
from media.cuetimes import TIMESTAMP, timestamp, write_timestamp

_SIGNATURE = re.compile(r"WEBVTT(?=[ \t\n]|$)")
_TIMING = re.compile(rf"[\t\f ]*{TIMESTAMP}[\t\f ]*-->[\t\f ]*{TIMESTAMP}(.*)", re.DOTALL)
_COMMA = re.compile(r"[0-9]:[0-9]{2},[0-9]{3}")
_BLOCK = re.compile(r"(STYLE|REGION)[\t\f ]*")
_NOTE = re.compile(r"NOTE([\t ]|$)")
MOST_PROBLEMS = 200


def is_webvtt(text: str) -> bool:
    """Whether a text has the signature without which browsers read nothing."""
    return _SIGNATURE.match(_normalised(text)) is not None


def parse_webvtt(text: str) -> Captions:
    """The cues of a WebVTT text (decoded, without byte order mark). Without the signature there are none."""
    if not is_webvtt(text):
        return Captions("webvtt", ())
    parser = _Parser(_normalised(text).split("\n"))
    parser.parse()
    return Captions("webvtt", tuple(parser.cues), tuple(parser.regions), limited(parser.problems))


def limited(problems: list[Problem]) -> tuple[Problem, ...]:
    """The problems by line, and no more than a person would read."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    if len(ordered) > MOST_PROBLEMS:
        ordered[MOST_PROBLEMS:] = [Problem("too_many_problems", ordered[MOST_PROBLEMS].line)]
    return tuple(ordered)


def check_cues(cues: Iterable[Cue]) -> list[Problem]:
    """What is wrong with cues that could be read."""
    problems = []
    latest = 0
    for cue in cues:
        if cue.end_ms <= cue.start_ms:
            problems.append(Problem("ends_before_start", cue.line))
        elif not cue.plain_text.strip():
            problems.append(Problem("cue_empty", cue.line))
        if cue.start_ms < latest:
            problems.append(Problem("out_of_order", cue.line))
        latest = max(latest, cue.start_ms)
        problems += [Problem("tag_ignored", cue.line, tag=tag[:20]) for tag in unknown_tags(cue.text)]
    return problems


def write_webvtt(captions: Captions) -> str:
    """Clean WebVTT: in order of time, without cues that would never be seen, every tag closed and escaped."""
    used = {cue.settings.region for cue in captions.cues}
    # Of regions with one name the last counts.
    regions = {region.id: region for region in captions.regions if region.id in used}
    blocks = ["WEBVTT", *(_write_region(region) for region in regions.values())]
    shown = [cue for cue in captions.cues if cue.end_ms > cue.start_ms and cue.plain_text.strip()]
    for cue in sorted(shown, key=lambda cue: (cue.start_ms, cue.end_ms)):
        times = f"{write_timestamp(cue.start_ms)} --> {write_timestamp(cue.end_ms)}"
        settings = write_settings(cue.settings)
        lines = [cue.identifier] if cue.identifier and "-->" not in cue.identifier else []
        lines += [f"{times} {settings}".rstrip(), write_cue_text(parse_cue_text(cue.text))]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _write_region(region: Region) -> str:
    anchor, viewport = region.anchor, region.viewport_anchor
    return (
        f"REGION\nid:{region.id} width:{region.width:g}% lines:{region.lines}"
        f" regionanchor:{anchor[0]:g}%,{anchor[1]:g}% viewportanchor:{viewport[0]:g}%,{viewport[1]:g}%"
        + (f" scroll:{region.scroll}" if region.scroll else "")
    )


def _normalised(text: str) -> str:
    return text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")


class _Parser:
    """One run of the WebVTT parser algorithm; ``at`` is the line to be read next."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.cues: list[Cue] = []
        self.regions: list[Region] = []
        self.problems: list[Problem] = []

    def parse(self) -> None:
        self.at = 1
        if self.at < len(self.lines) and self.lines[self.at]:
            self._block(in_header=True)
        while self.at < len(self.lines):
            if self.lines[self.at]:
                self._block()
            else:
                self.at += 1
        self.problems += check_cues(self.cues)
        if not self.cues:
            self.problems.append(Problem("no_cues", 1))

    def _block(self, *, in_header: bool = False) -> None:
        """Collect a WebVTT block: the steps of the specification, with lines instead of characters."""
        first, count, seen_arrow, kind = self.at, 0, False, ""
        cue: Cue | None = None
        buffer: list[str] = []
        while self.at < len(self.lines) and (line := self.lines[self.at]):
            count += 1
            if "-->" in line:
                # Times stand on the first or second line; an arrow further down begins the next block.
                if in_header or count > 2 or seen_arrow:
                    break
                seen_arrow = True
                cue = self._cue(line, "\n".join(buffer))
                buffer = [] if cue else buffer
            else:
                if count == 2 and not in_header and not seen_arrow:
                    kind = self._block_kind(buffer)
                    buffer = [] if kind else buffer
                buffer.append(line)
            self.at += 1
        if cue is not None:
            self.cues.append(replace(cue, text="\n".join(buffer)))
        elif kind == "REGION":
            self._region(first, buffer)
        elif not (kind or in_header or seen_arrow or _NOTE.match(buffer[0])):
            self._problem("orphan_text", first, text=buffer[0][:60])

    def _block_kind(self, buffer: list[str]) -> str:
        match = _BLOCK.fullmatch(buffer[0])
        if match and self.cues:
            self._problem("late_block", self.at - 1, block=match[1])
            return "LATE"
        return match[1] if match else ""

    def _cue(self, line: str, identifier: str) -> Cue | None:
        match = _TIMING.match(line)
        start, end = (timestamp(match.groups()[at : at + 4]) for at in (0, 4)) if match else (None, None)
        if match is None or start is None or end is None:
            code = "timing_comma" if _COMMA.search(line) else "timing_malformed"
            self._problem(code, self.at, text=line[:60])
            return None
        settings, ignored = parse_settings(match[9], self.regions)
        for setting in ignored:
            name, _, value = setting.partition(":")
            if name == "region" and value:
                self._problem("region_unknown", self.at, region=value[:40])
            else:
                self._problem("setting_ignored", self.at, setting=setting[:40])
        return Cue(start, end, "", settings, identifier, self.at + 1)

    def _region(self, first: int, buffer: list[str]) -> None:
        region, ignored = parse_region("\n".join(buffer))
        self.regions.append(region)
        for setting in ignored:
            self._problem("setting_ignored", first, setting=setting[:40])

    def _problem(self, code: str, at: int, **params: int | str) -> None:
        self.problems.append(Problem(code, at + 1, **params))
