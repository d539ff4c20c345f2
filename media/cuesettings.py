"""Cue settings and regions (W3C WebVTT, sections 6.2 and 6.3), read as browsers do and written strictly.

A setting that is not valid has no effect and is handed back by its text, so that a person can be told.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from media.cues import CueSettings, Region

_PERCENTAGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")
_LINE_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SPACES = re.compile(r"[\t\n\f\r ]+")
_ALIGNS = frozenset({"start", "center", "end", "left", "right"})
_LINE_ALIGNS = frozenset({"start", "center", "end"})
_POSITION_ALIGNS = frozenset({"line-left", "center", "line-right"})


def parse_settings(text: str, regions: Sequence[Region]) -> tuple[CueSettings, list[str]]:
    """The settings after a cue's times, and the tokens that had no effect."""
    settings, ignored = CueSettings(), []
    for token in _tokens(text):
        name, value = _pair(token)
        changed = _apply(settings, name, value, regions) if name else None
        if changed is None:
            ignored.append(token)
        else:
            settings = changed
    return settings, ignored


def parse_region(text: str) -> tuple[Region, list[str]]:
    """A region from the lines of its block, and the tokens that had no effect."""
    region, ignored = Region(), []
    for token in _tokens(text):
        name, value = _pair(token)
        changed = _apply_to_region(region, name, value) if name else None
        if changed is None:
            ignored.append(token)
        else:
            region = changed
    return region, ignored


def write_settings(settings: CueSettings) -> str:
    """The settings that are not the defaults, as they follow a cue's times."""
    parts = []
    if settings.vertical:
        parts.append(f"vertical:{settings.vertical}")
    if settings.line is not None:
        align = "" if settings.line_align == "start" else f",{settings.line_align}"
        parts.append(f"line:{settings.line:g}{'' if settings.snap_to_lines else '%'}{align}")
    if settings.position is not None:
        align = "" if settings.position_align == "auto" else f",{settings.position_align}"
        parts.append(f"position:{settings.position:g}%{align}")
    if settings.size != 100:
        parts.append(f"size:{settings.size:g}%")
    if settings.align != "center":
        parts.append(f"align:{settings.align}")
    if settings.region is not None:
        # Last, because a line or a size that comes after it takes the cue out of its region.
        parts.append(f"region:{settings.region}")
    return " ".join(parts)


def _tokens(text: str) -> list[str]:
    return [token for token in _SPACES.split(text) if token]


def _pair(token: str) -> tuple[str, str]:
    name, _, value = token.partition(":")
    return (name, value) if name and value else ("", "")


def _percentage(text: str) -> float | None:
    match = _PERCENTAGE.fullmatch(text)
    return float(match[1]) if match and float(match[1]) <= 100 else None


def _apply(settings: CueSettings, name: str, value: str, regions: Sequence[Region]) -> CueSettings | None:
    if name == "region":
        known = any(region.id == value for region in regions)
        return replace(settings, region=value) if known else None
    if name == "vertical" and value in ("rl", "lr"):
        # There are no vertical regions.
        return replace(settings, vertical=value, region=None)
    if name == "line":
        return _apply_line(settings, value)
    if name == "position":
        return _apply_position(settings, value)
    if name == "size" and (size := _percentage(value)) is not None:
        return replace(settings, size=size, region=settings.region if size == 100 else None)
    if name == "align" and value in _ALIGNS:
        return replace(settings, align=value)
    return None


def _apply_line(settings: CueSettings, value: str) -> CueSettings | None:
    text, comma, align = value.partition(",")
    number: float | None
    if text.endswith("%"):
        number = _percentage(text)
    else:
        number = float(text) if len(text) < 20 and _LINE_NUMBER.fullmatch(text) else None
    if number is None or (comma and align not in _LINE_ALIGNS):
        return None
    changed = replace(settings, line=number, snap_to_lines=not text.endswith("%"), region=None)
    return replace(changed, line_align=align) if comma else changed


def _apply_position(settings: CueSettings, value: str) -> CueSettings | None:
    text, comma, align = value.partition(",")
    number = _percentage(text)
    if number is None or (comma and align not in _POSITION_ALIGNS):
        return None
    changed = replace(settings, position=number)
    return replace(changed, position_align=align) if comma else changed


def _apply_to_region(region: Region, name: str, value: str) -> Region | None:
    if name == "id":
        return replace(region, id=value)
    if name == "width" and (width := _percentage(value)) is not None:
        return replace(region, width=width)
    if name == "lines" and value.isascii() and value.isdigit() and len(value) < 10:
        return replace(region, lines=int(value))
    if name == "scroll" and value == "up":
        return replace(region, scroll=value)
    if name in ("regionanchor", "viewportanchor"):
        x, y = (_percentage(each) for each in (value.partition(",")[::2]))
        if x is not None and y is not None:
            point = (x, y)
            return replace(region, anchor=point) if name == "regionanchor" else replace(region, viewport_anchor=point)
    return None
