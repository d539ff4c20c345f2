"""WebVTT as Chromium reads it: the same cues from every sample, and the same again from what is written here.

Regions are left out of the comparison: Chromium keeps them behind a flag.
"""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from media.captions import Captions, parse_webvtt, write_webvtt
from tests.media.conftest import sample

CUES_OF = """async (captions) => {
    const video = document.body.appendChild(document.createElement('video'));
    const track = document.createElement('track');
    const loaded = new Promise((resolve) => { track.onload = track.onerror = resolve; });
    track.src = 'data:text/vtt;base64,' + captions;
    video.append(track);
    track.track.mode = 'hidden';
    await loaded;
    const auto = (value) => value === 'auto' ? null : value;
    return [...track.track.cues ?? []].map((cue) => [
        cue.id, Math.round(cue.startTime * 1000), Math.round(cue.endTime * 1000), cue.getCueAsHTML().textContent,
        cue.vertical, auto(cue.line), cue.snapToLines, auto(cue.position), cue.size, cue.align,
    ]);
}"""

# What the samples of vtt.js do not touch.
MORE = """WEBVTT

STYLE
::cue { color: red }

REGION
id:top width:40% lines:4 scroll:up

00:01.000 --> 00:02.000 region:top align:left
<v 李 老师>今天讲 <b>导数</b> &amp; &copy; &unknown; <ruby>汉<rt>hàn</ruby>

00:03.000 --> 00:04.000 line:-1 position:10%,line-left size:50.5%
<00:03.500>now <i>open
next line

00:05.000 --> 00:06.000 line:5. position:10 align:middle vertical:up region:nowhere
nothing of this has an effect

60:00.000 --> 61:00.000
no such minute

00:07.000 --> 00:08.000 vertical:rl line:50%,center
a < b
00:09.000-->00:10.000align:right
no gap above
"""


def ours(captions: Captions) -> list[list[Any]]:
    """In the order of a browser's list: by start, the longer first."""
    return [
        [
            cue.identifier,
            cue.start_ms,
            cue.end_ms,
            cue.plain_text,
            cue.settings.vertical,
            cue.settings.line,
            cue.settings.snap_to_lines,
            cue.settings.position,
            cue.settings.size,
            cue.settings.align,
        ]
        for cue in sorted(captions.cues, key=lambda cue: (cue.start_ms, -cue.end_ms))
    ]


@pytest.mark.browser
def test_chromium_finds_the_same_cues(chromium: Browser, tmp_path: Path) -> None:
    files = sorted(sample("webvtt").rglob("*.vtt"))
    assert len(files) > 50
    more = tmp_path / "more.vtt"
    more.write_text(MORE)
    page = chromium.new_page()
    for path in [*files, more]:
        captions = parse_webvtt(path.read_text())
        written = write_webvtt(captions)
        theirs, theirs_of_written = (
            page.evaluate(CUES_OF, base64.b64encode(text.encode()).decode()) for text in (path.read_text(), written)
        )
        assert theirs == ours(captions), path
        assert theirs_of_written == ours(parse_webvtt(written)), path
    assert len(ours(parse_webvtt(MORE))) == 5
    page.close()
