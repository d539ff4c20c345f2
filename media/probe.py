"""What a recording really holds: streams, size, length, and whether a browser can play it as it is.

ffprobe reads the file twice: once for what the container says of itself, once packet by packet. Headers
promise what they like (an index of two hours over three seconds of film, no length at all in what browsers
record), so lengths and frame rates are counted from packets and compared with the promise. Nothing is
decoded beyond the first frames.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from media.errors import MediaError
from media.ffprobe import Unplayable, count_packets, describe, read_streams
from media.mp4 import is_faststart
from media.sandbox import Limits
from media.sniff import ContentType, Kind
from media.streams import Obstacle, Playability, Stream, judge, main_audio, main_video

MOST_SECONDS = 24 * 3600

# Demuxer of libavformat for each type that sniffing calls video or audio. A file is opened with the one its
# content asks for and no other, so a playlist in disguise cannot make ffmpeg read files of others.
DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "audio/mp4": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg,mpegvideo",
    "video/x-flv": "flv",
    "video/x-ms-asf": "asf",
    "video/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/aiff": "aiff",
    "audio/amr": "amr",
    "audio/ac3": "ac3",
}
_PLAYLISTS = frozenset({"m3u8", "ffconcat", "pls", "sdp", "mpd", "smil"})
# Containers whose header states a length; elsewhere ffprobe estimates one from the bit rate.
_STATES_LENGTH = frozenset({"mov", "matroska", "avi", "flv", "asf", "flac", "wav", "aiff"})


class ProbeWarning(MediaError):
    """Something a person should know of a recording that can be used all the same. Returned, never raised."""

    sentences: ClassVar = {
        "truncated": "The recording is cut off: {found_ms} of {promised_ms} milliseconds are there.",
        "stream_unreadable": "Stream {index} is in a form nobody knows.",
    }


@dataclass(frozen=True)
class Probe:
    """What was found. ``video`` and ``audio`` are the streams that make the recording.

    ``duration_ms`` is the length a player will show; ``promised_ms`` what the header says, if it says.
    ``width`` and ``height`` are as seen, after turning by ``rotation`` (clockwise degrees: 0, 90, 180, 270)
    and stretching of non-square pixels. ``is_faststart`` is ``None`` where the container knows no such
    thing.
    """

    content_type: ContentType
    size: int
    duration_ms: int
    promised_ms: int | None
    width: int | None
    height: int | None
    rotation: int
    frame_rate: float | None
    bitrate: int
    video: Stream | None
    audio: Stream | None
    streams: tuple[Stream, ...]
    is_faststart: bool | None
    playability: Playability
    warnings: tuple[ProbeWarning, ...] = field(default=(), compare=False)

    @property
    def kind(self) -> Kind:
        """Video if there is a moving picture; a sound with a cover is audio, whatever its container."""
        return Kind.VIDEO if self.video else Kind.AUDIO

    @property
    def video_codec(self) -> str | None:
        return self.video.codec if self.video else None

    @property
    def audio_codec(self) -> str | None:
        return self.audio.codec if self.audio else None

    @property
    def playable_in_browser(self) -> bool:
        """Whether today's Chromium, Firefox and Safari play the file as it is."""
        return self.playability.obstacle is None

    @property
    def obstacle(self) -> Obstacle | None:
        """What keeps browsers from playing it as it is."""
        return self.playability.obstacle

    @property
    def remux_to(self) -> str | None:
        """The container into which the streams should be copied for playing (``media.remux``), if that helps."""
        return self.playability.remux_to


def probe(path: Path, content_type: ContentType, *, limits: Limits | None = None) -> Probe:
    """Examine a recording whose type was sniffed. The path must be one the server chose, never a user's name.

    Raises ``Unplayable``, or ``ToolError`` if ffprobe is missing or exceeded its limits.
    """
    demuxer = _demuxer(path, content_type)
    faststart = is_faststart(path) if demuxer == "mov" else None
    if demuxer == "mov" and faststart is None:
        raise Unplayable("index_missing")
    limits = limits or Limits()
    description = describe(path, demuxer, limits)
    streams = read_streams(description, count_packets(path, demuxer, limits))
    return _conclude(path, content_type, demuxer, description, streams, faststart)


def _demuxer(path: Path, content_type: ContentType) -> str:
    if path.stat().st_size == 0:
        raise Unplayable("file_empty")
    if content_type.extension in _PLAYLISTS:
        raise Unplayable("playlist", media_type=content_type.media_type)
    if content_type.media_type not in DEMUXERS:
        raise Unplayable("not_a_recording", media_type=content_type.media_type)
    return DEMUXERS[content_type.media_type]


def _conclude(
    path: Path,
    content_type: ContentType,
    demuxer: str,
    description: dict[str, Any],
    streams: list[Stream],
    faststart: bool | None,
) -> Probe:
    video, audio = main_video(streams), main_audio(streams)
    if not any(stream.kind in ("video", "audio") for stream in streams):
        raise Unplayable("no_streams")
    found = _length([stream for stream in streams if stream.kind in ("video", "audio") and not stream.is_cover])
    if not (video or audio) or found <= 0:
        raise Unplayable("no_frames")
    promised = _promised(description, demuxer)
    off = 0 if promised is None else promised - found
    duration = found if promised is None or abs(off) > _tolerance(found) else promised
    if duration > MOST_SECONDS * 1000:
        raise Unplayable("too_long", hours=round(duration / 3_600_000), limit=MOST_SECONDS // 3600)
    size = path.stat().st_size
    return Probe(
        content_type=content_type,
        size=size,
        duration_ms=duration,
        promised_ms=promised,
        width=video.width if video else None,
        height=video.height if video else None,
        rotation=video.rotation if video else 0,
        frame_rate=_frame_rate(video),
        bitrate=round(size * 8000 / duration),
        video=video,
        audio=audio,
        streams=tuple(streams),
        is_faststart=faststart,
        playability=judge(content_type, video, audio, is_faststart=faststart, states_length=promised is not None),
        warnings=tuple(_warnings(streams, promised, found)),
    )


def _length(streams: list[Stream]) -> int:
    """Milliseconds from the first packet to the end of the last.

    A stream may begin before zero (sound is primed) and, in a transport stream, long after it.
    """
    filled = [stream for stream in streams if stream.packets]
    if not filled:
        return 0
    return max(stream.end_ms for stream in filled) - max(0, min(stream.start_ms for stream in filled))


def _promised(description: dict[str, Any], demuxer: str) -> int | None:
    """The length in the header; that of picture and sound where subtitles go on longer."""
    stated = description["format"].get("duration")
    if demuxer not in _STATES_LENGTH or not stated:
        return None
    shown, others = [0.0], [0.0]
    for raw in description.get("streams", []):
        lengths = shown if raw.get("codec_type") in ("video", "audio") else others
        lengths.append(float(raw.get("duration", 0)))
    longest = max(shown)
    return round((longest if 0 < longest < max(others) else float(stated)) * 1000)


def _tolerance(found: int) -> int:
    """By how much a header may be off before it is not believed: last frames without a length, edit lists."""
    return 1000 + found // 200


def _frame_rate(video: Stream | None) -> float | None:
    """Frames per second as counted; what headers state is often a time base (1000, 90000) or nothing."""
    if video is None or video.end_ms <= video.start_ms:
        return None
    return round(video.packets * 1000 / (video.end_ms - video.start_ms), 3)


def _warnings(streams: list[Stream], promised: int | None, found: int) -> list[ProbeWarning]:
    warnings = [
        ProbeWarning("stream_unreadable", index=stream.index)
        for stream in streams
        if stream.kind in ("video", "audio") and stream.codec is None
    ]
    if promised is not None and promised - found > _tolerance(found):
        warnings.append(ProbeWarning("truncated", found_ms=found, promised_ms=promised))
    return warnings
