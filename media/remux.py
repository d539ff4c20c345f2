"""Copying a recording's streams into a file that browsers start and seek at once; nothing is encoded anew.

An MP4 gets its index to the front, a QuickTime or Matroska file whose streams fit becomes an MP4, and what a
browser recorded without a length gets one, with an index for seeking. Only film and sound are taken along: no
data tracks, covers or metadata, where phones write the place of recording.
"""

from pathlib import Path
from typing import ClassVar

from media.errors import MediaError
from media.ffprobe import Unplayable, guarded_input
from media.probe import DEMUXERS, Probe, probe
from media.sandbox import Limits, run
from media.sniff import sniff_file
from media.storage import StorageFull

_OPTIONS = {
    "mp4": ("-movflags", "+faststart", "-f", "mp4"),
    "webm": ("-cues_to_front", "1", "-f", "webm"),
}
_SPARE = 64 * 1024**2


class RemuxFailed(MediaError):
    """The copy was made and examined, and is not what the source was. Nothing is left at the target."""

    sentences: ClassVar = {
        "remux_failed": "The recording could not be prepared for playing.",
        "remux_shorter": "Preparing the recording lost {lost_ms} milliseconds of it.",
    }


def remux(source: Path, found: Probe, target: Path, *, limits: Limits | None = None) -> Probe:
    """Copy the streams of ``source`` into a new file at ``target``, of the kind ``found.remux_to`` names.

    ffmpeg's exit code says little (a full disk may pass for success), so the result is examined and returned.
    Raises ``RemuxFailed``, ``StorageFull`` or ``ToolError``; then nothing is left at ``target``.
    """
    if found.remux_to is None:
        raise ValueError("these streams gain nothing from copying")
    command = ["ffmpeg", "-nostdin", "-v", "error"]
    command += guarded_input(source, DEMUXERS[found.content_type.media_type])
    for stream in (found.video, found.audio):
        if stream:
            command += ["-map", f"0:{stream.index}"]
    command += ["-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", *_OPTIONS[found.remux_to]]
    limits = limits or Limits(seconds=1800, output=found.size + found.size // 4 + _SPARE)
    try:
        outcome = run([*command, "-y", f"file:{target.absolute()}"], lambda _: None, limits)
        if "No space left" in outcome.complaint or "quota exceeded" in outcome.complaint:
            raise StorageFull
        if not outcome.succeeded:
            raise RemuxFailed("remux_failed")
        return _verified(target, found)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _verified(target: Path, found: Probe) -> Probe:
    try:
        made = probe(target, sniff_file(target))
    except Unplayable:
        raise RemuxFailed("remux_failed")
    lost = found.duration_ms - made.duration_ms
    if lost > 1000 + found.duration_ms // 200:
        raise RemuxFailed("remux_shorter", lost_ms=lost)
    if not made.playable_in_browser or made.warnings:
        raise RemuxFailed("remux_failed")
    return made
