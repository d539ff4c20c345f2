"""WebVTT held against the test suite of vtt.js, the parser of Firefox.

Every pair of its tests is tried: the ``.vtt``, the cues its ``.json`` expects (which pair belongs together
is read from its ``test.js``), and the tree of each cue's text from ``-proc.json``. Its expectations date
from 2014; where the W3C Recommendation decides otherwise today, the difference is listed here with the
sentence it rests on, and the Recommendation is followed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from media.captions import Cue, parse_webvtt
from media.cuetext import Node, Span, Stamp, parse_cue_text
from tests.conftest import SHARED

ROOT = SHARED / "samples" / "webvtt" / "tests"
PAIR = re.compile(r'jsonEqual\w*\("([^"]+)", "([^"]+)"')


@dataclass(frozen=True)
class Difference:
    """What the Recommendation says, and (identifier, start, end, text) of the cues that follow from it."""

    rule: str
    cues: list[tuple[str, int, int, str]]


# Chromium, asked for the cues of the same files, agrees with each of these.
DIFFERENCES = {
    "cue-times/min-top-digits.vtt": Difference(
        "6.3: a first part of a timestamp that is not two characters long is hours, so seconds are missing", []
    ),
    "cue-times/minimum-spots-over-sixty.vtt": Difference(
        "6.3: a first part above 59 is hours, so seconds are missing", []
    ),
    "integration/id.vtt": Difference(
        "6.1: a line with an arrow whose times cannot be read ends at the next line with an arrow, which begins "
        "a block of its own",
        [
            ("1", 1000, 2000, "This"),
            ("Random", 2000, 3000, "Is"),
            ("12*AS& Over ...", 3000, 4000, "A"),
            ("", 4000, 5000, "Test"),
            ("ja88120 aa", 6000, 7000, "And stuff?"),
        ],
    ),
    "integration/regions.vtt": Difference(
        "6.1: regions are blocks that begin with REGION; “Region:” lines in the header mean nothing any more",
        [
            ("", 0, 20000, "Hi, my name is Fred"),
            ("", 2500, 22500, "Hi, I'm Bill"),
            ("", 5000, 25000, "Would you like to get a coffee?"),
            ("", 7500, 27500, "Sure! I've only had one today."),
            ("", 10000, 30000, "This is my fourth!"),
            ("", 12500, 32500, "OK, let's go."),
        ],
    ),
}


def pairs() -> list[tuple[str, str]]:
    found = [pair for script in sorted(ROOT.rglob("test.js")) for pair in PAIR.findall(script.read_text())]
    return found or [("", "")]


def described(cue: Cue) -> dict[str, Any]:
    settings = asdict(cue.settings)
    return {"id": cue.identifier, "start": cue.start_ms, "end": cue.end_ms, "text": cue.text, **settings}


def expected(raw: dict[str, Any]) -> dict[str, Any]:
    """An expectation in today's words: *middle* is *center*, and a computed position alignment is *auto*."""
    return {
        "id": raw["id"],
        "start": round(raw["startTime"] * 1000),
        "end": round(raw["endTime"] * 1000),
        "text": raw["text"],
        "vertical": raw["vertical"],
        "line": None if raw["line"] == "auto" else raw["line"],
        "snap_to_lines": raw["snapToLines"],
        "line_align": raw["lineAlign"].replace("middle", "center"),
        "position": None if raw["position"] == "auto" else raw["position"],
        "position_align": "auto",
        "size": raw["size"],
        "align": raw["align"].replace("middle", "center"),
        "region": None if raw["region"] in ("", None) else raw["region"],
    }


@pytest.mark.parametrize(("vtt", "expectation"), pairs())
def test_cues_are_what_vtt_js_expects_unless_the_recommendation_says_otherwise(vtt: str, expectation: str) -> None:
    if not vtt:
        pytest.skip(f"{ROOT} is missing: point JINKE_SHARED at the folder of shared samples")
    wanted = [expected(raw) for raw in json.loads((ROOT / expectation).read_text())["cues"]]
    cues = parse_webvtt((ROOT / vtt).read_text()).cues
    if vtt in DIFFERENCES:
        assert [described(cue) for cue in cues] != wanted
        found = [(cue.identifier, cue.start_ms, cue.end_ms, cue.text) for cue in cues]
        assert found == DIFFERENCES[vtt].cues
    else:
        assert [described(cue) for cue in cues] == wanted


def tree(nodes: Sequence[Node]) -> list[Any]:
    """A cue's text in the shape of the DOM: (element, title, classes, children), text, or a time."""
    elements = {"c": "span", "v": "span", "lang": "span"}
    shaped: list[Any] = []
    for node in nodes:
        if isinstance(node, Span):
            title = node.annotation if node.tag == "v" else ""
            name = elements.get(node.tag, node.tag)
            shaped.append((name, title, " ".join(node.classes), tree(node.children)))
        elif isinstance(node, Stamp):
            shaped.append(node.milliseconds)
        elif node:
            shaped.append(node)
    return shaped


def dom(raw: dict[str, Any]) -> list[Any]:
    return [
        (each["localName"], each["title"], each["className"], dom(each)) if each["localName"] else each["data"]
        for each in raw["childNodes"]
    ]


def processed() -> list[Path]:
    return sorted(ROOT.rglob("*-proc.json")) or [Path()]


@pytest.mark.parametrize("path", processed(), ids=lambda path: path.stem)
def test_the_text_of_each_cue_is_the_tree_of_vtt_js(path: Path) -> None:
    if not path.name:
        pytest.skip(f"{ROOT} is missing: point JINKE_SHARED at the folder of shared samples")
    vtt = path.with_name(path.name.replace("-proc.json", ".vtt"))
    found = [tree(parse_cue_text(cue.text)) for cue in parse_webvtt(vtt.read_text()).cues]
    wanted = [dom(box["childNodes"][0]) for box in json.loads(path.read_text())]
    difference = DIFFERENCES.get(vtt.relative_to(ROOT).as_posix())
    assert found == ([[text] for *_, text in difference.cues] if difference else wanted)
