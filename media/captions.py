"""The door for caption files: bytes in, cues and a list of problems out; clean WebVTT back.

WebVTT is read as browsers read it, SRT as players do, in whatever encoding a person's editor left it.
"""

from typing import ClassVar

from media.cues import Captions, Cue, CueSettings, Problem, Region
from media.errors import MediaError
from media.srt import looks_like_srt, parse_srt
from media.texts import guess_encoding
from media.webvtt import is_webvtt, limited, parse_webvtt, write_webvtt

__all__ = [
    "Captions",
    "CaptionsError",
    "Cue",
    "CueSettings",
    "Problem",
    "Region",
    "parse_srt",
    "parse_webvtt",
    "read_captions",
    "write_webvtt",
]

MOST_BYTES = 5 * 1024 * 1024
"""About forty hours of speech."""


class CaptionsError(MediaError):
    """The file holds no captions that could be read at all."""

    sentences: ClassVar = {
        "captions_empty": "The file is empty (0 bytes).",
        "captions_too_long": "A caption file has at most {limit} bytes; this one has {size}.",
        "captions_not_text": "This is not a text file. Captions are WebVTT (.vtt) or SubRip (.srt).",
        "captions_unknown": "There are no caption times in this file. Captions are WebVTT (.vtt) or SubRip (.srt).",
    }


def read_captions(data: bytes) -> Captions:
    """The captions of a WebVTT or SRT file. Raises ``CaptionsError``; everything milder is in ``problems``.

    A text that has times but not WebVTT's signature, such as a ``.vtt`` whose first line was lost, is read
    as SRT.
    """
    if not data.strip():
        raise CaptionsError("captions_empty")
    if len(data) > MOST_BYTES:
        raise CaptionsError("captions_too_long", limit=MOST_BYTES, size=len(data))
    guess = guess_encoding(data)
    if guess is None and not data.startswith(b"WEBVTT"):
        raise CaptionsError("captions_not_text")
    # Stray control characters do not make a file with the signature binary: browsers read on.
    encoding, mark = guess or ("utf-8", 0)
    text = data[mark:].decode(encoding, "replace")
    problems = _encoding_problems(text, encoding)
    if is_webvtt(text):
        captions = parse_webvtt(text)
    elif looks_like_srt(text):
        captions = parse_srt(text)
        if text.lstrip("\ufeff \t\r\n").upper().startswith("WEBVTT"):
            problems.append(Problem("signature_malformed", 1))
    else:
        raise CaptionsError("captions_unknown")
    merged = limited([*problems, *captions.problems])
    return Captions(captions.format, captions.cues, captions.regions, merged, encoding)


def _encoding_problems(text: str, encoding: str) -> list[Problem]:
    problems = []
    if encoding != "utf-8":
        problems.append(Problem("encoding_converted", 1, encoding=encoding.upper()))
    if damaged := text.count("\ufffd"):
        problems.append(Problem("bytes_damaged", text[: text.index("\ufffd")].count("\n") + 1, count=damaged))
    return problems
