"""Byte ranges as RFC 9110 has them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.ranges import Answer, Part, Unsatisfiable, Whole, answer_range, if_range_holds, parse_range

ETAG = '"a1b2"'
MODIFIED = datetime(2026, 3, 1, 8, 0, 0, 250_000, tzinfo=UTC)


def ask(header: str | None, size: int = 10_000) -> Answer:
    return answer_range(size, range_header=header)


# The examples of section 14.1.2, for a representation of 10,000 bytes.
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-499", Part(0, 500, 10_000)),
        ("bytes=500-999", Part(500, 500, 10_000)),
        ("bytes=-500", Part(9500, 500, 10_000)),
        ("bytes=9500-", Part(9500, 500, 10_000)),
        ("bytes=0-0", Part(0, 1, 10_000)),
        ("bytes=0-", Part(0, 10_000, 10_000)),
        ("bytes= 0-999, 4500-5499, -1000", Whole(10_000)),
        ("bytes=500-600,601-999", Part(500, 500, 10_000)),
        ("bytes=500-700,601-999", Part(500, 500, 10_000)),
        ("bytes=0-0,-1", Whole(10_000)),
        ("bytes=,0-499,,", Part(0, 500, 10_000)),
        ("BYTES=0-499", Part(0, 500, 10_000)),
        ("bytes=9999-20000", Part(9999, 1, 10_000)),
        ("bytes=-20000", Part(0, 10_000, 10_000)),
        ("bytes=10000-", Unsatisfiable(10_000)),
        ("bytes=20000-30000", Unsatisfiable(10_000)),
        ("bytes=-0", Unsatisfiable(10_000)),
        ("bytes=20000-,0-9", Part(0, 10, 10_000)),
        ("bytes=0-" + "9" * 4000, Part(0, 10_000, 10_000)),
    ],
)
def test_ranges_of_the_standard(header: str, expected: Answer) -> None:
    assert ask(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=abc",
        "bytes=500-499",
        "bytes=0-499,9-8",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=0x0-0x9",
        "bytes=1.0-2.0",
        "bytes=٠-٩",
        "bytes=0 - 9",
        "items=0-9",
        "seconds=1-2",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_what_cannot_be_read_is_ignored(header: str) -> None:
    assert parse_range(header) is None
    assert ask(header) == Whole(10_000)


def test_no_range_means_everything() -> None:
    assert ask(None) == Whole(10_000)


def test_an_empty_file_has_no_first_byte() -> None:
    assert ask("bytes=0-", size=0) == Unsatisfiable(0)
    # A suffix is satisfiable even of nothing (section 14.1.2), but no Content-Range could say so.
    assert ask("bytes=-5", size=0) == Whole(0)


def test_answers_carry_their_status_and_headers() -> None:
    part, none, whole = ask("bytes=500-999"), ask("bytes=10000-"), ask(None)
    assert (part.status, part.content_range) == (206, "bytes 500-999/10000")
    assert (none.status, none.content_range, none.length) == (416, "bytes */10000", 0)
    assert (whole.status, whole.content_range, whole.start, whole.length) == (200, None, 0, 10_000)


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (None, True),
        ('"a1b2"', True),
        ('"other"', False),
        ('W/"a1b2"', False),
        ("a1b2", False),
        ('"a1b2", "other"', False),
        ("*", False),
        ("", False),
        ("Sun, 01 Mar 2026 08:00:00 GMT", True),
        ("Sun, 01 Mar 2026 08:00:01 GMT", False),
        ("Sun, 01 Mar 2026 07:59:59 GMT", False),
        ("Sunday, 01-Mar-26 08:00:00 GMT", True),
        ("Sun, 99 Mar 2026 08:00:00 GMT", False),
        ("yesterday", False),
    ],
)
def test_a_guarded_range_is_served_only_of_the_same_file(header: str | None, holds: bool) -> None:
    assert if_range_holds(header, etag=ETAG, last_modified=MODIFIED) == holds
    expected = Part(0, 10, 100) if holds else Whole(100)
    assert expected == answer_range(100, range_header="bytes=0-9", if_range=header, etag=ETAG, last_modified=MODIFIED)


def test_a_weak_tag_or_no_validator_never_holds() -> None:
    assert not if_range_holds('W/"a1b2"', etag='W/"a1b2"', last_modified=None)
    assert not if_range_holds('"a1b2"', etag=None, last_modified=None)
    assert not if_range_holds("Sun, 01 Mar 2026 08:00:00 GMT", etag=ETAG, last_modified=None)


def test_last_modified_is_compared_in_any_zone() -> None:
    shanghai = MODIFIED.astimezone(ZoneInfo("Asia/Shanghai"))
    assert if_range_holds("Sun, 01 Mar 2026 08:00:00 GMT", etag=None, last_modified=shanghai)
    later = MODIFIED + timedelta(seconds=1)
    assert not if_range_holds("Sun, 01 Mar 2026 08:00:00 GMT", etag=None, last_modified=later)


SPECS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 60), st.integers(0, 60)).filter(lambda pair: pair[0] <= pair[1]),
        st.tuples(st.integers(0, 60), st.none()),
        st.tuples(st.none(), st.integers(0, 60)),
    ),
    min_size=1,
    max_size=5,
)


def spell(first: int | None, last: int | None) -> str:
    return f"{'' if first is None else first}-{'' if last is None else last}"


def bytes_meant(specs: list[tuple[int | None, int | None]], size: int) -> set[int]:
    """The definition, counted byte by byte."""
    meant: set[int] = set()
    for first, last in specs:
        if first is None:
            assert last is not None
            meant |= {byte for byte in range(size) if byte >= size - last}
        else:
            meant |= {byte for byte in range(size) if byte >= first and (last is None or byte <= last)}
    return meant


@given(specs=SPECS, size=st.integers(1, 50))
def test_a_part_is_exactly_the_bytes_that_were_meant(specs: list[tuple[int | None, int | None]], size: int) -> None:
    header = "bytes=" + ", ".join(spell(*each) for each in specs)
    meant = bytes_meant(specs, size)

    answer = ask(header, size)

    assert parse_range(header) == specs
    if not meant:
        assert answer == Unsatisfiable(size)
    elif max(meant) - min(meant) + 1 == len(meant):
        assert answer == Part(min(meant), len(meant), size)
    else:
        assert answer == Whole(size)


@given(header=st.text(max_size=60), guard=st.text(max_size=40), size=st.integers(0, 1 << 42))
def test_no_header_breaks_it_or_reaches_beyond_the_file(header: str, guard: str, size: int) -> None:
    for value in (header, "bytes=" + header):
        for if_range in (None, guard):
            answer = answer_range(size, range_header=value, if_range=if_range, etag=ETAG, last_modified=MODIFIED)
            assert 0 <= answer.start <= answer.start + answer.length <= size
