"""Copies that start at once, lose nothing and leave no half-made file."""

from pathlib import Path

import pytest

from media.probe import Probe, probe
from media.remux import RemuxFailed, remux
from media.sandbox import Limits, ToolError
from media.sniff import sniff_file
from tests.media.conftest import Clips, sample


def look(path: Path) -> Probe:
    return probe(path, sniff_file(path))


@pytest.mark.parametrize(
    "name",
    [
        "bbb-720p-5s.mp4",
        "lecture-slides-2fps.mov",
        "long-6min-1080p-lowrate.mp4",
        "mkv-opus-pancake.mkv",
        "phone-portrait-4k60.mp4",
        "rec-chrome57-nodur.webm",
        "rec-vp9opus-nodur.webm",
        "talk-nasa-2v2a2s.mp4",
        "vfr-trim-518x488.mp4",
    ],
)
def test_a_copy_plays_at_once_and_is_the_same_film(name: str, tmp_path: Path) -> None:
    source = sample("video", name)
    before = look(source)
    target = tmp_path / "copy"

    after = remux(source, before, target)

    assert after.playable_in_browser
    assert after.remux_to is None
    assert after.promised_ms == pytest.approx(before.duration_ms, abs=20)
    assert (after.width, after.height, after.rotation) == (before.width, before.height, before.rotation)
    assert (after.video_codec, after.audio_codec) == (before.video_codec, before.audio_codec)
    assert before.video is not None
    assert after.video is not None
    assert after.video.packets == before.video.packets
    assert len(after.streams) == (2 if before.audio else 1)


def test_the_place_where_it_was_recorded_is_not_passed_on(clips: Clips, tmp_path: Path) -> None:
    source = clips.make("home.mp4", "-pix_fmt", "yuv420p", "-metadata", "location=+31.2304+121.4737/")
    assert b"loci" in source.read_bytes()

    remux(source, look(source), tmp_path / "copy")

    assert b"loci" not in (tmp_path / "copy").read_bytes()


def test_a_copy_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    source = sample("video", "bbb-720p-5s.mp4")
    before = look(source)
    with pytest.raises(ToolError):
        remux(source, before, tmp_path / "copy", limits=Limits(output=200_000))
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_lost_its_end_meanwhile_is_noticed(clips: Clips, tmp_path: Path) -> None:
    arguments = ["-c:v", "libvpx", "-c:a", "libvorbis", "-f", "webm", "-live", "1"]
    source = tmp_path / "source.webm"
    data = clips.make("long.webm", *arguments, seconds=10).read_bytes()
    source.write_bytes(data)
    before = look(source)
    assert before.remux_to == "webm"
    source.write_bytes(data[: len(data) // 2])

    with pytest.raises(RemuxFailed) as caught:
        remux(source, before, tmp_path / "copy")

    assert caught.value.code == "remux_shorter"
    assert caught.value.params["lost_ms"] == pytest.approx(5000, abs=1500)
    assert not (tmp_path / "copy").exists()


def test_a_file_that_gains_nothing_is_not_copied(clips: Clips, tmp_path: Path) -> None:
    source = clips.make("ready.mp4", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
    with pytest.raises(ValueError, match="gain nothing"):
        remux(source, look(source), tmp_path / "copy")
