"""Lectures made on the spot: slides, a quiet tone in place of a voice, subtitles that say what a teacher would."""

import tempfile
from pathlib import Path

import ffmpeg

from core.demo.drawing import draw_slide

FRAMES_PER_SECOND = 5
"""Still slides need no more; a keyframe every two seconds keeps seeking exact."""


def make_lecture(slides: list[list[str]], *, seconds: int, pitch: int, ink: str, paper: str, target: Path) -> None:
    """Writes an MP4 (H.264, AAC, index first) of about ``seconds`` to ``target``; each slide shows equally long.

    ``pitch`` in hertz tells the lectures apart by ear. Raises ``ffmpeg.Error`` with what ffmpeg said.
    """
    with tempfile.TemporaryDirectory() as folder:
        for index, (heading, body) in enumerate(slides):
            picture = draw_slide(heading, body, ink=ink, paper=paper, number=index + 1, count=len(slides))
            picture.save(Path(folder) / f"{index:03}.png")
        pictures = ffmpeg.input(
            f"{folder}/%03d.png", framerate=f"{len(slides)}/{seconds}", protocol_whitelist="file,pipe"
        ).filter("fps", FRAMES_PER_SECOND)
        tone = ffmpeg.input(f"sine=frequency={pitch}:sample_rate=48000", f="lavfi", t=seconds)
        sound = tone.filter("volume", 0.04).filter("tremolo", f=0.5, d=0.6)
        output = ffmpeg.output(
            pictures,
            sound,
            str(target),
            t=seconds,
            vcodec="libx264",
            preset="veryfast",
            tune="stillimage",
            pix_fmt="yuv420p",
            g=FRAMES_PER_SECOND * 2,
            acodec="aac",
            audio_bitrate="64k",
            movflags="+faststart",
        )
        output.global_args("-nostdin", "-loglevel", "error").run(overwrite_output=True, capture_stderr=True)


def subtitles(slides: list[list[str]], *, seconds: int) -> str:
    """WebVTT for a lecture: each line of a slide in its turn."""
    lines: list[str] = ["WEBVTT", ""]
    share = seconds / len(slides)
    for index, (heading, body) in enumerate(slides):
        spoken = [heading, *body.split("\n")]
        for number, sentence in enumerate(spoken):
            start = index * share + number * share / len(spoken)
            lines += [f"{_stamp(start)} --> {_stamp(start + share / len(spoken))}", sentence, ""]
    return "\n".join(lines)


def _stamp(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
