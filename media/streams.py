"""The streams of a recording, and which of them today's browsers play.

The rules are those that Chromium, Firefox and Safari share (MDN's media type and format guide; Safari plays
VP9 and Opus in WebM from 17, Opus and Vorbis in Ogg from 18.4). What only some of them play, such as HEVC,
counts as not playable, because a course cannot choose its students' browsers.
"""

from dataclasses import dataclass
from enum import StrEnum

from media.sniff import ContentType


@dataclass(frozen=True)
class Stream:
    """One stream. ``start_ms``, ``end_ms`` and ``packets`` are what was found, not what was promised.

    ``width`` and ``height`` are as seen: after turning by ``rotation`` (clockwise degrees: 0, 90, 180, 270)
    and stretching of non-square pixels. ``codec`` is ffmpeg's name, ``None`` if it knows none.
    """

    index: int
    kind: str
    codec: str | None
    profile: str | None = None
    language: str | None = None
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    pixel_format: str | None = None
    channels: int | None = None
    sample_rate: int | None = None
    is_default: bool = False
    is_cover: bool = False
    packets: int = 0
    start_ms: int = 0
    end_ms: int = 0


class Obstacle(StrEnum):
    """What keeps browsers from playing a file as it is."""

    CONTAINER = "container"
    VIDEO_CODEC = "video_codec"
    PIXEL_FORMAT = "pixel_format"
    AUDIO_CODEC = "audio_codec"


@dataclass(frozen=True)
class Playability:
    """The verdict on a file.

    ``remux_to`` is ``"mp4"`` or ``"webm"`` if the streams, copied as they are, play better from a new file
    of that kind: from a container that browsers know, with the index in front, with a stated length.
    """

    obstacle: Obstacle | None
    remux_to: str | None


@dataclass(frozen=True)
class _Container:
    video: frozenset[str]
    audio: frozenset[str]


def _container(video: str, audio: str) -> _Container:
    return _Container(frozenset(video.split()), frozenset(audio.split()))


_MP4 = _container("h264 vp9 av1", "aac mp3 opus flac")
_WEBM = _container("vp8 vp9 av1", "opus vorbis")
_PLAYED = {
    "video/mp4": _MP4,
    "audio/mp4": _MP4,
    "video/webm": _WEBM,
    "audio/mpeg": _container("", "mp3"),
    "audio/aac": _container("", "aac"),
    "audio/flac": _container("", "flac"),
    "audio/ogg": _container("", "opus vorbis flac"),
    "audio/wav": _container("", "pcm_u8 pcm_s16le pcm_s24le pcm_f32le"),
}
# Without a stated length a browser shows an endless timeline and cannot seek in these.
_NEEDS_LENGTH = frozenset({"video/webm", "audio/aac"})
_EIGHT_BIT_420 = frozenset({"yuv420p", "yuvj420p"})


def judge(
    content_type: ContentType,
    video: Stream | None,
    audio: Stream | None,
    *,
    is_faststart: bool | None,
    states_length: bool,
) -> Playability:
    """Say whether browsers play these two streams from this container, and whether copying them would help."""
    container = _PLAYED.get(content_type.media_type)
    codecs = _obstacle(_Container(_MP4.video | _WEBM.video, _MP4.audio | _WEBM.audio), video, audio)
    obstacle = _obstacle(container, video, audio) if container else codecs or Obstacle.CONTAINER
    if obstacle is not None and codecs is None:
        # Each codec is known to some container; this one is the wrong place for it.
        obstacle = Obstacle.CONTAINER
    seekable = states_length or content_type.media_type not in _NEEDS_LENGTH
    wanted = obstacle is Obstacle.CONTAINER or is_faststart is False or not seekable
    return Playability(obstacle, _copy_to(content_type, video, audio) if wanted else None)


def _obstacle(container: _Container, video: Stream | None, audio: Stream | None) -> Obstacle | None:
    if video and video.codec not in container.video:
        return Obstacle.VIDEO_CODEC
    if video and video.pixel_format not in _EIGHT_BIT_420:
        return Obstacle.PIXEL_FORMAT
    if audio and audio.codec not in container.audio:
        return Obstacle.AUDIO_CODEC
    return None


def _copy_to(content_type: ContentType, video: Stream | None, audio: Stream | None) -> str | None:
    choices = [("mp4", _MP4), ("webm", _WEBM)]
    if content_type.media_type == "video/webm":
        choices.reverse()
    for name, container in choices:
        if _obstacle(container, video, audio) is None:
            return name
    return None


def main_video(streams: list[Stream]) -> Stream | None:
    """The film among the pictures: no cover, more than one frame; the default stream, else the largest."""
    films = [stream for stream in streams if stream.kind == "video" and not stream.is_cover and stream.packets > 1]
    return max(films, key=lambda each: (each.is_default, (each.width or 0) * (each.height or 0)), default=None)


def main_audio(streams: list[Stream]) -> Stream | None:
    """The sound a player starts with: the default stream, else the first."""
    sounds = [stream for stream in streams if stream.kind == "audio" and stream.packets]
    return max(sounds, key=lambda each: (each.is_default, -each.index), default=None)
