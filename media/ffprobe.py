"""What ffprobe tells of a file: the container's own description, and a count of what is really there."""

import json
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from media.errors import MediaError
from media.sandbox import Limits, run
from media.streams import Stream

MOST_STREAMS = 32
MOST_PIXELS = 8192 * 8192
_MOST_JSON = 4 * 1024**2


class Unplayable(MediaError):
    """The file is no recording that could be played, now or after any conversion."""

    sentences: ClassVar = {
        "file_empty": "The file is empty (0 bytes).",
        "playlist": "This is a playlist ({media_type}), not the recording itself. Upload the recording.",
        "not_a_recording": "This is no video or audio file; its content is {media_type}.",
        "index_missing": "The recording ends before its index, so nothing can be played. It was cut off while being "
        "saved or copied; export or copy it again.",
        "unreadable": "The recording is damaged and cannot be read.",
        "no_streams": "There is neither picture nor sound in this file.",
        "no_frames": "The file describes a recording but holds none of it.",
        "too_many_streams": "The file holds {count} streams; at most {limit} are accepted.",
        "picture_too_large": "The picture is {width} × {height}; that is more than can be handled.",
        "too_long": "The recording is {hours} hours long; at most {limit} are accepted.",
    }


def guarded_input(path: Path, demuxer: str) -> list[str]:
    """The options that make ffmpeg or ffprobe open this one local file with this one demuxer."""
    return [
        *("-max_alloc", str(512 * 1024**2)),
        *("-protocol_whitelist", "file,pipe"),
        *("-format_whitelist", demuxer),
        *("-max_streams", str(MOST_STREAMS * 4)),
        *("-i", f"file:{path.absolute()}"),
    ]


def describe(path: Path, demuxer: str, limits: Limits) -> dict[str, Any]:
    """What the container says of itself, as ffprobe words it. Raises ``Unplayable``."""
    lines: list[str] = []
    length = 0

    def keep(line: str) -> None:
        nonlocal length
        length += len(line)
        if length > _MOST_JSON:
            raise Unplayable("unreadable")
        lines.append(line)

    command = ["ffprobe", "-v", "error", "-threads", "1", "-max_pixels", str(MOST_PIXELS)]
    command += ["-show_format", "-show_streams", "-of", "json", *guarded_input(path, demuxer)]
    outcome = run(command, keep, limits)
    description: dict[str, Any] = json.loads("\n".join(lines) or "{}")
    if not outcome.succeeded or "format" not in description:
        raise Unplayable("unreadable")
    streams = description.get("streams", [])
    if len(streams) > MOST_STREAMS:
        raise Unplayable("too_many_streams", count=len(streams), limit=MOST_STREAMS)
    return description


@dataclass
class PacketCount:
    """Packets of one stream, and the seconds from the first to the end of the last (``inf`` if none)."""

    packets: int = 0
    start: float = float("inf")
    end: float = float("-inf")


def count_packets(path: Path, demuxer: str, limits: Limits) -> dict[int, PacketCount]:
    """What is really there, per stream index."""
    counts: dict[int, PacketCount] = defaultdict(PacketCount)

    def count(line: str) -> None:
        fields = line.split("|")
        # Packets outside an edit list carry D: they are decoded but never shown.
        if len(fields) < 5 or "D" in fields[4]:
            return
        seen = counts[int(fields[0])]
        seen.packets += 1
        stamp = next((field for field in fields[1:3] if field != "N/A"), None)
        if stamp is not None:
            at = float(stamp)
            seen.start = min(seen.start, at)
            seen.end = max(seen.end, at + (0 if fields[3] == "N/A" else float(fields[3])))

    entries = "packet=stream_index,pts_time,dts_time,duration_time,flags"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "compact=p=0:nk=1"]
    # A damaged tail ends the reading with an error; what was counted before it still counts.
    run([*command, *guarded_input(path, demuxer)], count, limits)
    return counts


def read_streams(description: dict[str, Any], counts: dict[int, PacketCount]) -> list[Stream]:
    """The streams as described, with what was counted of each."""
    return [_stream(raw, counts[raw["index"]]) for raw in description.get("streams", [])]


def _stream(raw: dict[str, Any], count: PacketCount) -> Stream:
    codec = raw.get("codec_name")
    disposition = raw.get("disposition", {})
    rotation = _rotation(raw)
    width, height = _seen_size(raw, rotation)
    return Stream(
        index=raw["index"],
        kind=raw.get("codec_type", "unknown"),
        codec=None if codec in (None, "unknown", "none") else codec,
        profile=raw.get("profile"),
        language=raw.get("tags", {}).get("language"),
        width=width,
        height=height,
        rotation=rotation,
        pixel_format=raw.get("pix_fmt"),
        channels=raw.get("channels"),
        sample_rate=int(raw["sample_rate"]) if raw.get("sample_rate") else None,
        is_default=bool(disposition.get("default")),
        is_cover=bool(disposition.get("attached_pic") or disposition.get("still_image")),
        packets=count.packets,
        start_ms=round(count.start * 1000) if count.end >= count.start else 0,
        end_ms=round(count.end * 1000) if count.end >= count.start else 0,
    )


def _rotation(raw: dict[str, Any]) -> int:
    """Clockwise degrees; ffprobe's display matrix counts the other way round."""
    for data in raw.get("side_data_list", []):
        if "rotation" in data:
            return round(-float(data["rotation"]) / 90) * 90 % 360
    return 0


def _seen_size(raw: dict[str, Any], rotation: int) -> tuple[int | None, int | None]:
    width, height = raw.get("width"), raw.get("height")
    if not width or not height:
        return None, None
    if width * height > MOST_PIXELS:
        raise Unplayable("picture_too_large", width=width, height=height)
    across, _, down = raw.get("sample_aspect_ratio", "1:1").partition(":")
    if across.isdigit() and down.isdigit() and int(across) and int(down):
        width = round(width * Fraction(int(across), int(down)))
    return (height, width) if rotation % 180 else (width, height)
