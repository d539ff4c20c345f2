"""What recordings really hold, over every real one and some that were made to deceive."""

import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from media.errors import MediaError
from media.ffprobe import Unplayable
from media.mp4 import is_faststart
from media.probe import Probe, probe
from media.sandbox import Limits, ToolError
from media.sniff import ContentType, Kind, sniff_file
from media.streams import Obstacle
from tests.media.conftest import Clips, sample


@dataclass(frozen=True)
class Expected:
    milliseconds: int
    codecs: tuple[str | None, str | None]
    size: tuple[int | None, int | None] = (None, None)
    obstacle: Obstacle | None = None
    remux_to: str | None = None
    faststart: bool | None = None
    rotation: int = 0
    frame_rate: float | None = None
    warnings: tuple[str, ...] = ()


H264_AAC = ("h264", "aac")
# Lengths are what ffprobe states for the file (see SOURCES.md beside the samples); where it states none or a
# false one, what ends up in frames when all of it is decoded.
RECORDINGS = {
    "audio-shorter-than-video.mp4": Expected(1200, H264_AAC, (320, 240), None, "mp4", False, 0, 60),
    "audio-with-cover.mp3": Expected(1019, (None, "mp3")),
    "bad-mdat-too-long.mp4": Expected(1024, H264_AAC, (1080, 720), None, None, True, 0, 29.97),
    "bad-missing-stsd.mp4": Expected(
        1024, ("h264", None), (1080, 720), Obstacle.AUDIO_CODEC, None, True, 0, 29.97, ("stream_unreadable",)
    ),
    "bad-truncated-half.mp4": Expected(13600, H264_AAC, (768, 432), None, None, True, 0, 12.5, ("truncated",)),
    "bbb-720p-5s.mp4": Expected(5312, H264_AAC, (1280, 720), None, "mp4", False, 0, 25),
    "cam-cars-12fps.mp4": Expected(30208, H264_AAC, (768, 432), None, None, True, 0, 12.5),
    "divx-mp3.avi": Expected(4087, ("mpeg4", "mp3"), (960, 400), Obstacle.VIDEO_CODEC, frame_rate=23.5),
    "lecture-slides-2fps.mov": Expected(10440, H264_AAC, (640, 480), Obstacle.CONTAINER, "mp4", True, 0, 2.01),
    "long-6min-1080p-lowrate.mp4": Expected(362767, H264_AAC, (1920, 1080), None, "mp4", False, 0, 30),
    "long-6min-videoonly.mp4": Expected(362767, ("h264", None), (1920, 1080), None, "mp4", False, 0, 30),
    "mkv-opus-pancake.mkv": Expected(10381, ("h264", "opus"), (426, 240), Obstacle.CONTAINER, "mp4", frame_rate=30),
    "mkv-srt-subs.mkv": Expected(1234, ("h264", "ac3"), (1080, 720), Obstacle.AUDIO_CODEC, frame_rate=31),
    "phone-hevc10-editlist-rot90.mp4": Expected(
        2548, ("hevc", "aac"), (1080, 1920), Obstacle.VIDEO_CODEC, None, True, 90, 30
    ),
    "phone-portrait-4k60.mp4": Expected(313, H264_AAC, (2160, 3840), None, "mp4", False, 90, 60),
    "rec-chrome57-nodur.webm": Expected(7612, ("vp8", "opus"), (640, 480), None, "webm", frame_rate=24.3),
    "rec-vp9opus-nodur.webm": Expected(4938, ("vp9", "opus"), (1280, 720), None, "webm", frame_rate=15),
    "screen-marimo-3022x1656-120fps.mp4": Expected(24634, ("h264", None), (3022, 1656), None, None, True, 0, 120),
    "screen-napari-1080p.webm": Expected(21600, ("vp9", None), (1920, 1080), frame_rate=30),
    "speech-jfk.flac": Expected(11000, (None, "flac")),
    "talk-nasa-2v2a2s.mp4": Expected(13056, H264_AAC, (480, 270), None, "mp4", False, 0, 29.97),
    "ts-h264.ts": Expected(2513, ("mpeg2video", "mp2"), (1920, 1080), Obstacle.VIDEO_CODEC, frame_rate=23.2),
    "vfr-trim-518x488.mp4": Expected(5589, H264_AAC, (518, 488), None, "mp4", False, 0, 30.1),
}


def look(path: Path) -> Probe:
    return probe(path, sniff_file(path))


def refusal(path: Path, content_type: ContentType | None = None) -> MediaError:
    with pytest.raises(Unplayable) as caught:
        probe(path, content_type or sniff_file(path))
    return caught.value


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_real_recording(name: str) -> None:
    expected = RECORDINGS[name]

    found = look(sample("video", name))

    assert found.duration_ms == pytest.approx(expected.milliseconds, abs=2)
    assert (found.video_codec, found.audio_codec) == expected.codecs
    assert (found.width, found.height, found.rotation) == (*expected.size, expected.rotation)
    assert (found.obstacle, found.remux_to) == (expected.obstacle, expected.remux_to)
    assert found.is_faststart == expected.faststart
    assert tuple(warning.code for warning in found.warnings) == expected.warnings
    assert found.kind == (Kind.VIDEO if expected.codecs[0] else Kind.AUDIO)
    assert found.frame_rate == pytest.approx(expected.frame_rate, abs=0.1)


def test_the_table_names_every_sample() -> None:
    names = {path.name for path in sample("video").iterdir()} - {"SOURCES.md", "bad-zero-byte.mp4"}
    assert names == set(RECORDINGS)


def test_an_empty_file_is_refused() -> None:
    assert refusal(sample("video", "bad-zero-byte.mp4")).code == "file_empty"


def test_a_cut_recording_says_what_is_there_and_what_was_promised() -> None:
    (warning,) = look(sample("video", "bad-truncated-half.mp4")).warnings
    assert warning.params == {"found_ms": 13600, "promised_ms": 30208}


def test_an_index_that_claims_hours_over_seconds_is_not_believed(clips: Clips, tmp_path: Path) -> None:
    boasting = tmp_path / "boasting.mp4"
    data = bytearray(clips.make("short.mp4", "-movflags", "+faststart").read_bytes())
    for box, at_scale in ((b"mvhd", 12), (b"mdhd", 12)):
        at = data.find(box)
        while at >= 0:
            scale = struct.unpack_from(">I", data, at + 4 + at_scale)[0]
            struct.pack_into(">I", data, at + 8 + at_scale, scale * 6422)
            at = data.find(box, at + 4)
    boasting.write_bytes(data)

    found = look(boasting)

    assert found.duration_ms == pytest.approx(2000, abs=120)
    assert [warning.code for warning in found.warnings] == ["truncated"]


def test_a_recording_cut_before_its_index_cannot_be_played(clips: Clips, tmp_path: Path) -> None:
    whole = clips.make("whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: whole.index(b"moov") - 4])
    assert refusal(cut).code == "index_missing"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "application/vnd.apple.mpegurl"),
        ("ffconcat version 1.0\nfile '/etc/passwd'\n", "text/x-ffconcat"),
    ],
)
def test_a_playlist_in_disguise_is_told(tmp_path: Path, text: str, media_type: str) -> None:
    disguised = tmp_path / "lecture.mp4"
    disguised.write_text(text)
    error = refusal(disguised)
    assert (error.code, error.params) == ("playlist", {"media_type": media_type})


def test_even_believed_to_be_a_film_a_playlist_opens_no_other_file(clips: Clips, tmp_path: Path) -> None:
    shutil.copy(clips.make("private.ts", seconds=3), tmp_path / "private.ts")
    for number, text in enumerate(
        (
            "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nprivate.ts\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile 'private.ts'\n",
        )
    ):
        disguised = tmp_path / f"{number}.ts"
        disguised.write_text(text)
        for media_type in ("video/mp2t", "video/webm", "video/x-msvideo", "audio/mpeg"):
            error = refusal(disguised, ContentType(media_type, Kind.VIDEO, "ts"))
            assert error.code in ("unreadable", "no_streams", "no_frames")


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    document = tmp_path / "lecture.mp4"
    document.write_bytes(b"%PDF-1.7")
    error = refusal(document)
    assert (error.code, error.params) == ("not_a_recording", {"media_type": "application/pdf"})


def test_noise_behind_a_good_beginning_is_unreadable(tmp_path: Path) -> None:
    noise = tmp_path / "noise.webm"
    noise.write_bytes(b"\x1a\x45\xdf\xa3\x8b\x42\x82\x84webm" + os.urandom(4000))
    assert sniff_file(noise).media_type == "video/webm"
    assert refusal(noise).code in ("unreadable", "no_streams")


def test_an_index_without_any_frame_is_told(clips: Clips, tmp_path: Path) -> None:
    data = clips.make("front.mp4", "-movflags", "+faststart").read_bytes()
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(data[: data.index(b"mdat") + 4])
    assert refusal(headless).code == "no_frames"


def test_too_many_streams_are_refused(clips: Clips) -> None:
    many = clips.make("many.mp4", *["-map", "1:a"] * 33, seconds=0.2)
    assert refusal(many).params == {"count": 33, "limit": 32}


def test_streams_carry_their_language(clips: Clips) -> None:
    found = look(clips.make("spoken.mp4", "-metadata:s:a:0", "language=chi"))
    assert found.audio is not None
    assert found.audio.language == "chi"
    assert found.bitrate > 1000


@pytest.mark.parametrize(
    ("name", "arguments", "obstacle", "remux_to"),
    [
        ("ten-bit.mp4", ["-pix_fmt", "yuv420p10le", "-movflags", "+faststart"], Obstacle.PIXEL_FORMAT, None),
        ("full-colour.mp4", ["-pix_fmt", "yuv444p", "-movflags", "+faststart"], Obstacle.PIXEL_FORMAT, None),
        ("mp3-inside.mp4", ["-pix_fmt", "yuv420p", "-c:a", "libmp3lame"], None, "mp4"),
        ("vorbis-inside.mkv", ["-c:v", "libvpx", "-c:a", "libvorbis"], Obstacle.CONTAINER, "webm"),
        ("mixed.mkv", ["-pix_fmt", "yuv420p", "-c:a", "libvorbis"], Obstacle.CONTAINER, None),
        ("flash.flv", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"], Obstacle.CONTAINER, "mp4"),
        ("live.ts", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"], Obstacle.CONTAINER, "mp4"),
        ("pieces.mp4", ["-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov"], None, None),
    ],
)
def test_what_browsers_play_and_what_copying_would_help(
    clips: Clips, name: str, arguments: list[str], obstacle: Obstacle | None, remux_to: str | None
) -> None:
    found = look(clips.make(name, *arguments))
    assert (found.obstacle, found.remux_to) == (obstacle, remux_to)
    # Where nothing says so, frames that wait for others to be decoded first end two frames late.
    assert found.duration_ms == pytest.approx(2000, abs=220)


@pytest.mark.parametrize("name", ["s.mp3", "s.m4a", "s.flac", "s.wav", "s.oga", "s.aac"])
def test_sound_alone_is_audio_and_plays(clips: Clips, name: str) -> None:
    found = look(clips.make(name, video=False))
    assert found.kind == Kind.AUDIO
    assert found.playable_in_browser
    assert found.duration_ms == pytest.approx(2000, abs=120)


def test_a_probe_that_takes_too_long_is_stopped(clips: Clips) -> None:
    path = clips.make("slow.mp4")
    with pytest.raises(ToolError) as caught:
        probe(path, sniff_file(path), limits=Limits(seconds=0))
    assert caught.value.code == "tool_gave_up"


def test_a_missing_tool_is_named(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clips.make("slow.mp4")
    monkeypatch.setattr("media.sandbox._ENVIRONMENT", {"PATH": "/nowhere"})
    with pytest.raises(ToolError) as caught:
        probe(path, sniff_file(path))
    assert (caught.value.code, caught.value.params) == ("tool_missing", {"tool": "ffprobe"})


def test_a_name_that_looks_like_an_option_is_only_a_name(clips: Clips, tmp_path: Path) -> None:
    odd = tmp_path / "-i concat:x|y %d.mp4"
    shutil.copy(clips.make("plain.mp4"), odd)
    assert look(odd).duration_ms == pytest.approx(2000, abs=120)


def test_the_index_is_found_without_a_tool(clips: Clips) -> None:
    assert is_faststart(clips.make("back.mp4")) is False
    assert is_faststart(clips.make("front.mp4", "-movflags", "+faststart")) is True
    assert is_faststart(clips.make("s.mp3", video=False)) is None
