"""Caption files as teachers really have them, and the clean WebVTT that browsers get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.captions import (
    Captions,
    CaptionsError,
    Cue,
    CueSettings,
    Region,
    parse_srt,
    parse_webvtt,
    read_captions,
    write_webvtt,
)
from media.cuetext import parse_cue_text, plain_text

SRT = "1\n00:00:01,000 --> 00:00:02,500\n今天讲导数。\n\n2\n00:00:03,000 --> 00:00:04,000\n明天讲积分。\n"


def vtt(*blocks: str) -> Captions:
    return parse_webvtt("\n\n".join(("WEBVTT", *blocks)) + "\n")


def srt(text: str) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in parse_srt(text).cues]


def problems(captions: Captions) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in captions.problems]


# --- WebVTT beyond the samples


def test_notes_styles_and_regions_are_no_cues() -> None:
    captions = vtt(
        "NOTE made by hand",
        "NOTE\nover two\nlines",
        "STYLE\n::cue { color: red }",
        "REGION\nid:top width:40% lines:4\nregionanchor:0%,0% viewportanchor:10%,10% scroll:up",
        "00:01.000 --> 00:02.000 region:top align:left\nHello",
    )
    assert captions.regions == (Region("top", 40, 4, (0, 0), (10, 10), "up"),)
    assert captions.cues == (Cue(1000, 2000, "Hello", CueSettings(align="left", region="top")),)
    assert captions.problems == ()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("line:-1", CueSettings(line=-1)),
        ("line:5.5,end", CueSettings(line=5.5, line_align="end")),
        ("line:40%,center", CueSettings(line=40, snap_to_lines=False, line_align="center")),
        ("position:10%,line-left", CueSettings(position=10, position_align="line-left")),
        ("vertical:rl size:50.5% align:right", CueSettings(vertical="rl", size=50.5, align="right")),
        ("align:left align:right", CueSettings(align="right")),
        ("region:r line:0", CueSettings(line=0)),
        ("region:r size:100%", CueSettings(region="r")),
        ("region:r vertical:lr", CueSettings(vertical="lr")),
    ],
)
def test_settings_have_the_effect_they_have_in_a_browser(settings: str, expected: CueSettings) -> None:
    captions = vtt("REGION\nid:r", f"00:01.000 --> 00:02.000 {settings}\nx")
    assert captions.cues[0].settings == expected
    assert captions.problems == ()


@pytest.mark.parametrize(
    "setting",
    [
        "line:5.",
        "line:.5",
        "line:1-1",
        "line:1,middle",
        "line:101%",
        "line:1" + "0" * 400,
        "position:10",
        "position:10%,start",
        "size:-1%",
        "align:middle",
        "align:",
        "vertical:up",
        "colour:red",
        "line:٥",
    ],
)
def test_a_setting_without_effect_is_told(setting: str) -> None:
    captions = vtt(f"00:01.000 --> 00:02.000 {setting}\nx")
    assert captions.cues[0].settings == CueSettings()
    assert problems(captions) == [("setting_ignored", 3)]


def test_every_loss_is_told_with_its_line() -> None:
    text = """WEBVTT

00:01,000 --> 00:02,000
comma

00:03.000 -> 00:04.000
short arrow

00:05.000 --> 00:6.000
one digit

00:09.000 --> 00:08.000
backwards

00:10.000 --> 00:11.000

00:07.000 --> 00:08.000 region:nowhere
too late <font color=red>red</font>

STYLE
::cue { color: red }
"""
    captions = parse_webvtt(text)
    assert problems(captions) == [
        ("timing_comma", 3),
        ("orphan_text", 6),
        ("timing_malformed", 9),
        ("ends_before_start", 12),
        ("cue_empty", 15),
        ("region_unknown", 17),
        ("out_of_order", 17),
        ("tag_ignored", 17),
        ("late_block", 20),
    ]
    assert captions.problems[0].params == {"text": "00:01,000 --> 00:02,000"}
    assert "left out" in str(captions.problems[0])


def test_no_more_problems_are_listed_than_a_person_reads() -> None:
    captions = vtt(*["nonsense"] * 1000)
    assert len(captions.problems) == 201
    assert captions.problems[-1].code == "too_many_problems"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(newline: str, mark: str) -> None:
    text = mark + newline.join(("WEBVTT - title", "", "id", "00:01.000 --> 00:02.000", "a", "b", ""))
    captions = read_captions(text.encode())
    assert captions.cues == (Cue(1000, 2000, "a\nb", identifier="id"),)
    assert captions.problems == ()


def test_a_zero_byte_is_a_replacement_character() -> None:
    captions = read_captions(b"WEBVTT\n\n00:01.000 --> 00:02.000\na\0b\n")
    assert captions.cues[0].text == "a\ufffdb"


@pytest.mark.parametrize(
    ("text", "plain", "speaker"),
    [
        ("<v Mary>Hello <i>you</i>", "Hello you", "Mary"),
        ("<v.loud  李  老师 >好</v>", "好", "李 老师"),
        ("a &lt; b &amp; c&nbsp;d &copy; &#20013;", "a < b & c\u00a0d © 中", None),
        ("<00:01.500>now<ruby>汉<rt>hàn</rt></ruby>", "now汉hàn", None),
        ("a < b", "a ", None),
        ("<c.red.big><b>both</c></b>", "both", None),
    ],
)
def test_the_words_and_the_voice_of_a_cue(text: str, plain: str, speaker: str | None) -> None:
    cue = Cue(0, 1, text)
    assert (cue.plain_text, cue.speaker) == (plain, speaker)


def test_tags_nested_without_end_do_not_break_it() -> None:
    deep = "<b>" * 100_000 + "x"
    assert Cue(0, 1, deep).plain_text == "x"


# --- SRT


def test_an_ordinary_file() -> None:
    captions = parse_srt(SRT)
    assert [cue.text for cue in captions.cues] == ["今天讲导数。", "明天讲积分。"]
    assert [cue.identifier for cue in captions.cues] == ["1", "2"]
    assert captions.problems == ()


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("00:00:01,000 --> 00:00:02,000", 1000, 2000),
        ("00:00:01.000 --> 00:00:02.000", 1000, 2000),
        ("00:01,000 --> 00:02,000", 1000, 2000),
        ("0:0:1,5 --> 0:0:2,05", 1500, 2050),
        ("00:00:01 --> 00:00:02", 1000, 2000),
        ("00:00:01,000-->00:00:02,000", 1000, 2000),
        ("00:00:01,000 -> 00:00:02,000", 1000, 2000),
        ("00：00：01，000 －－＞ 00：00：02，000", 1000, 2000),
        ("00:00:01,000 --> 00:00:02,000  X1:10 X2:20 Y1:1 Y2:2", 1000, 2000),
        ("100:00:01,000 --> 100:00:02,000", 360_001_000, 360_002_000),
    ],
)
def test_times_as_people_and_programs_write_them(times: str, start: int, end: int) -> None:
    assert srt(f"1\n{times}\nx\n") == [(start, end, "x")]


def test_missing_counters_empty_lines_and_missing_gaps() -> None:
    text = (
        "\n\n00:01,000 --> 00:02,000\nfirst\n\nstill first\n"
        "7\n00:03,000 --> 00:04,000\n42\n\n\n"
        "00:05,000 --> 00:06,000\nthird"
    )
    assert srt(text) == [(1000, 2000, "first\nstill first"), (3000, 4000, "42"), (5000, 6000, "third")]


def test_tags_are_kept_dropped_or_shown() -> None:
    text = (
        "1\n00:01,000 --> 00:02,000\n"
        '{\\an8}<FONT color="red">red</FONT> <I>slanted</I> <b>open<br>if a < b && b > c, <x> &amp; AT&T\n'
    )
    (cue,) = parse_srt(text).cues
    assert cue.plain_text == "red slanted open\nif a < b && b > c, <x> & AT&T"
    assert cue.text.startswith("red <i>slanted</i> <b>open\n")
    assert cue.text.endswith("</b>")
    assert cue.settings == CueSettings(line=0)


def test_an_arrow_in_the_text_ends_no_caption_of_the_written_file() -> None:
    captions = parse_srt("1\n00:01,000 --> 00:02,000\nleft -&gt; right\n")
    assert parse_webvtt(write_webvtt(captions)).cues[0].plain_text == "left -> right"


def test_srt_losses_are_told() -> None:
    captions = parse_srt(
        "Translated by me\n\n1\n00:00:01,000 --> 00:00:02,000\nok\n\n2\n00:00:03,000 --> oops\nlost\n\n"
        "3\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n4\n00:61:00,000 --> 00:62:00,000\nlost\n"
    )
    assert problems(captions) == [
        ("orphan_text", 1),
        ("timing_malformed", 8),
        ("ends_before_start", 12),
        ("timing_malformed", 16),
    ]
    assert [cue.plain_text for cue in captions.cues] == ["ok", "backwards"]


# --- Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
def test_chinese_arrives_whatever_the_editor_saved(encoding: str) -> None:
    captions = read_captions(SRT.encode(encoding))
    assert [cue.plain_text for cue in captions.cues] == ["今天讲导数。", "明天讲积分。"]
    expected = [] if encoding.startswith("utf-8") else [("encoding_converted", 1)]
    assert problems(captions) == expected


def test_a_few_damaged_bytes_are_told_and_the_rest_is_read() -> None:
    data = SRT.encode().replace("积分".encode(), b"\xe7\xa7\xe5\x88\x86")
    captions = read_captions(data)
    assert captions.cues[0].plain_text == "今天讲导数。"
    assert problems(captions) == [("bytes_damaged", 7)]


def test_a_lost_first_line_is_told_and_the_rest_is_read() -> None:
    captions = read_captions(b"webvtt\n\n00:01.000 --> 00:02.000\nhello\n")
    assert captions.format == "srt"
    assert [cue.plain_text for cue in captions.cues] == ["hello"]
    assert ("signature_malformed", 1) in problems(captions)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "captions_empty"),
        (b" \r\n\n", "captions_empty"),
        (b"%PDF-1.7 \x00\x01\x02", "captions_not_text"),
        ("今天讲导数。".encode(), "captions_unknown"),
        (b"x" * (5 * 1024 * 1024 + 1), "captions_too_long"),
    ],
)
def test_what_holds_no_captions_is_named(data: bytes, code: str) -> None:
    with pytest.raises(CaptionsError) as caught:
        read_captions(data)
    assert caught.value.code == code


def test_a_file_without_any_cue_says_so() -> None:
    assert problems(read_captions(b"WEBVTT\n")) == [("no_cues", 1)]


def test_a_long_file_is_read_in_a_blink() -> None:
    text = "WEBVTT\n\n" + "\n".join(
        f"00:{n // 60 % 60:02}:{n % 60:02}.000 --> 01:00:00.000\n<b>x\n" for n in range(9000)
    )
    assert len(read_captions(text.encode()).cues) == 9000


# --- Writing


def test_what_is_written_is_clean() -> None:
    captions = Captions(
        "srt",
        (
            Cue(3000, 4000, "<i>open & <x>closed", identifier="b --> c"),
            Cue(1000, 2000, "first\n\n\nwith &#10; empty &#10;&#10;lines --&gt;", CueSettings(line=0), "1"),
            Cue(5000, 5000, "never shown"),
            Cue(6000, 7000, "  <b> </b>"),
        ),
    )
    assert write_webvtt(captions) == (
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000 line:0\n"
        "first\nwith \n empty \nlines --&gt;\n\n"
        "00:00:03.000 --> 00:00:04.000\n<i>open &amp; closed</i>\n"
    )


SETTINGS = st.builds(
    CueSettings,
    vertical=st.sampled_from(["", "rl", "lr"]),
    line=st.none() | st.integers(-20, 20).map(float),
    line_align=st.sampled_from(["start", "center", "end"]),
    position=st.none() | st.integers(0, 100).map(float),
    position_align=st.sampled_from(["auto", "line-left", "center", "line-right"]),
    size=st.integers(0, 100).map(float),
    align=st.sampled_from(["start", "center", "end", "left", "right"]),
)
PIECES = st.lists(
    st.sampled_from(["<b>", "</b>", "<v A B>", "<c.x>", "</c>", "<ruby>", "<rt>", "&amp;", "&", "<", ">"])
    | st.text(max_size=6)
)
CUES = st.lists(
    st.builds(
        Cue,
        start_ms=st.integers(0, 10**9),
        end_ms=st.integers(0, 10**9),
        text=PIECES.map("".join),
        settings=SETTINGS,
        identifier=st.text(alphabet="a1 ->", max_size=6),
    ),
    max_size=5,
)


@given(CUES)
def test_what_was_written_reads_the_same_and_without_a_problem(cues: list[Cue]) -> None:
    written = write_webvtt(Captions("webvtt", tuple(cues)))

    again = parse_webvtt(written)

    shown = sorted(
        (cue for cue in cues if cue.end_ms > cue.start_ms and cue.plain_text.strip()),
        key=lambda cue: (cue.start_ms, cue.end_ms),
    )
    assert {problem.code for problem in again.problems} <= {"no_cues"}
    assert [(cue.start_ms, cue.end_ms) for cue in again.cues] == [(cue.start_ms, cue.end_ms) for cue in shown]
    assert [cue.plain_text.split() for cue in again.cues] == [
        cue.plain_text.replace("\0", "\ufffd").split() for cue in shown
    ]
    assert write_webvtt(again) == written


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    for start in (b"", b"WEBVTT\n\n", b"WEBVTT\n\n00:01.000 --> 00:02.000 ", b"1\n00:00:01,000 --> 00:00:02,000\n"):
        try:
            captions = read_captions(start + data)
        except CaptionsError:
            continue
        write_webvtt(captions)


@given(st.text())
def test_any_text_can_be_a_cue(text: str) -> None:
    assert isinstance(plain_text(parse_cue_text(text)), str)
