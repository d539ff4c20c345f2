"""Sets of media time: exact, order-free, and written the same way they are read."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.progress.intervals import NOTHING, Intervals

pieces = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))
sets = st.lists(pieces, max_size=8).map(Intervals)


def points(intervals: Intervals) -> set[int]:
    return {moment for start, end in intervals for moment in range(start, end)}


def test_neighbours_join_and_overlaps_count_once() -> None:
    watched = Intervals([(15_000, 30_000), (0, 15_000), (10_000, 20_000)])
    assert watched.pieces == ((0, 30_000),)
    assert watched.measure == 30_000


def test_a_gap_of_one_millisecond_stays_a_gap() -> None:
    assert Intervals([(0, 10), (11, 20)]).pieces == ((0, 10), (11, 20))


def test_it_is_written_compactly_and_read_back() -> None:
    watched = Intervals([(0, 6_000), (8_000, 12_000)])
    assert str(watched) == "0-6000,8000-12000"
    assert Intervals.parse("0-6000,8000-12000") == watched
    assert Intervals.parse("") == NOTHING


@pytest.mark.parametrize(
    "text", ["5", "a-b", "5-", "-5", "1-2,", ",", "1.5-2", " 1-2", "1_0-20", "９-１２", "5-3", "1-2-3", "+1-2"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Intervals.parse(text)


@pytest.mark.parametrize("piece", [(-1, 5), (5, 3), (0.0, 5), (True, 5), ("0", 5), (0, float("nan")), (0, None)])
def test_only_whole_numbers_in_order_make_an_interval(piece: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        Intervals([piece])


def test_what_is_missing_is_told_without_slivers() -> None:
    watched = Intervals([(0, 10_000), (10_040, 20_000), (25_000, 39_980)])
    assert watched.missing(40_000).pieces == ((10_000, 10_040), (20_000, 25_000), (39_980, 40_000))
    assert watched.missing(40_000, at_least_ms=1_000).pieces == ((20_000, 25_000),)
    assert NOTHING.missing(0) == NOTHING


def test_the_part_connected_to_the_start() -> None:
    watched = Intervals([(500, 4_000), (5_000, 9_000), (20_000, 30_000)])
    assert watched.connected(1_000).pieces == ((500, 4_000), (5_000, 9_000))
    assert watched.connected(499) == NOTHING


@given(sets, sets)
def test_operations_are_those_of_sets_of_milliseconds(a: Intervals, b: Intervals) -> None:
    assert points(a | b) == points(a) | points(b)
    assert points(a & b) == points(a) & points(b)
    assert points(a - b) == points(a) - points(b)
    assert (a <= b) == (points(a) <= points(b))
    assert a.measure == len(points(a))


@given(st.lists(pieces, max_size=8), st.randoms(use_true_random=False))
def test_equal_sets_are_equal_objects_however_they_came(some: list[tuple[int, int]], shuffle: Random) -> None:
    again = [*some, *some]
    shuffle.shuffle(again)
    assert Intervals(again) == Intervals(some)
    assert hash(Intervals(again)) == hash(Intervals(some))
    assert str(Intervals(again)) == str(Intervals(some))


@given(sets)
def test_reading_undoes_writing(a: Intervals) -> None:
    assert Intervals.parse(str(a)) == a


@given(sets)
def test_pieces_neither_overlap_nor_touch(a: Intervals) -> None:
    ends = [-1, *(moment for piece in a for moment in piece)]
    assert all(earlier < later for earlier, later in pairwise(ends))


@given(sets, st.integers(-3, 70))
def test_missing_and_watched_make_up_the_whole(a: Intervals, duration: int) -> None:
    inside = a.within(0, max(0, duration))
    assert points(a.missing(duration)) == set(range(duration)) - points(a)
    assert inside.measure + a.missing(duration).measure == max(0, duration)


@given(sets, st.integers(-3, 70))
def test_the_first_milliseconds_are_the_earliest(a: Intervals, length: int) -> None:
    assert sorted(points(a))[: max(0, length)] == sorted(points(a.first(length)))


@given(sets, st.integers(0, 10))
def test_connected_is_a_prefix_and_earns_no_gap(a: Intervals, gap: int) -> None:
    part = a.connected(gap)
    assert part.pieces == a.pieces[: len(part)]
    assert a.connected(0).pieces == tuple(piece for piece in a.pieces[:1] if piece[0] == 0)
