"""The rule, one sentence at a time."""

import math

import pytest

from core.progress.intervals import NOTHING, Intervals
from core.progress.reasons import MalformedClaim, Reason
from core.progress.rule import (
    CLAIM_PIECES,
    LONGEST_MS,
    STATE_PIECES,
    Criterion,
    Decision,
    Rejection,
    Stream,
    complete,
    countable,
    decide,
    open_stream,
    read_claim,
    refuse,
    required_ms,
)
from tests.progress.server_in_memory import Server

HOUR = 3_600_000
T0 = 1_790_000_000_000
ONE_TO_ONE = Criterion(max_speed_percent=100)


def claim(
    stream: Stream,
    *pieces: tuple[int, int],
    at: int,
    criterion: Criterion = ONE_TO_ONE,
    watched: Intervals = NOTHING,
    slack_used: int = 0,
    duration: int = HOUR,
) -> Decision:
    """A heartbeat with these pieces, `at` milliseconds after the stream was opened."""
    return decide(
        criterion,
        stream,
        Intervals(pieces),
        watched=watched,
        duration_ms=duration,
        slack_used_ms=slack_used,
        now_ms=T0 + at,
    )


def opened() -> Stream:
    return open_stream(T0)[0]


class TestTheClock:
    def test_what_could_be_played_is_accepted_whole(self) -> None:
        decision = claim(opened(), (0, 15_000), at=15_000)
        assert decision.accepted == decision.watched == Intervals([(0, 15_000)])
        assert decision.rejected == ()
        assert decision.credited_ms == decision.stream.credited_ms == decision.stream.spent_ms == 15_000
        assert decision.slack_used_ms == 0

    def test_what_could_not_be_played_is_rejected_from_where_the_clock_ends(self) -> None:
        decision = claim(opened(), (0, 60_000), at=15_000)
        assert decision.accepted == Intervals([(0, 30_000)]), "15 s of clock and 15 s of slack"
        assert decision.rejected == (Rejection(Reason.FASTER_THAN_CLOCK, Intervals([(30_000, 60_000)])),)

    def test_speed_multiplies_the_clock_and_not_the_slack(self) -> None:
        decision = claim(opened(), (0, HOUR), at=20_000, criterion=Criterion(max_speed_percent=150))
        assert decision.accepted.measure == 20_000 * 3 // 2 + 15_000

    def test_slack_is_lent_once_to_a_lesson_and_comes_back_when_the_clock_catches_up(self) -> None:
        first = claim(opened(), (0, 25_000), at=15_000)
        assert first.slack_used_ms == 10_000
        elsewhere = claim(opened(), (30_000, HOUR), at=0, slack_used=first.slack_used_ms)
        assert elsewhere.accepted.measure == 5_000
        later = claim(first.stream, at=25_000, slack_used=first.slack_used_ms)
        assert later.slack_used_ms == 0

    def test_watching_again_is_charged_again(self) -> None:
        first = claim(opened(), (0, 60_000), at=60_000)
        again = claim(first.stream, (0, 60_000), at=120_000, watched=first.watched)
        assert again.stream.spent_ms == 120_000
        assert again.watched.measure == 60_000

    def test_a_second_counts_only_once_the_clock_has_run_however_often_it_was_reported_before(self) -> None:
        early = claim(opened(), (0, 45_000), at=15_000)
        assert early.accepted == Intervals([(0, 30_000)])
        again = claim(early.stream, (30_000, 45_000), at=30_000, slack_used=early.slack_used_ms)
        assert again.accepted == Intervals([(30_000, 45_000)])

    def test_a_server_clock_that_steps_back_credits_nothing_and_breaks_nothing(self) -> None:
        first = claim(opened(), (0, 15_000), at=15_000)
        back = claim(first.stream, (15_000, 60_000), at=5_000)
        assert back.credited_ms == 0
        assert back.stream.last_seen_ms == T0 + 15_000
        assert back.accepted.measure == 15_000, "the slack"


class TestSilence:
    def test_ten_minutes_without_a_line_are_made_good(self) -> None:
        assert claim(opened(), (0, 600_000), at=600_000).accepted.measure == 600_000

    def test_a_longer_silence_earns_nothing(self) -> None:
        decision = claim(opened(), (0, HOUR), at=600_001)
        assert decision.credited_ms == 0
        assert decision.accepted.measure == 15_000, "the slack"
        assert [rejection.reason for rejection in decision.rejected] == [Reason.TOO_LATE]

    def test_but_the_heartbeat_that_was_not_yet_due_when_a_watched_film_fell_silent(self) -> None:
        before = claim(opened(), (0, 15_000), at=15_000)
        after = claim(before.stream, (15_000, HOUR), at=15_000 + HOUR, watched=before.watched)
        assert after.credited_ms == 15_000
        assert after.accepted.measure == 15_000 + 15_000, "that heartbeat and the slack"

    def test_and_not_even_that_where_clock_is_still_in_hand(self) -> None:
        before = claim(opened(), (0, 15_000), at=45_000)
        after = claim(before.stream, (15_000, HOUR), at=45_000 + HOUR, watched=before.watched)
        assert after.credited_ms == 0
        assert after.accepted.measure == 30_000 + 15_000, "what was in hand, and the slack"

    def test_clock_unspent_for_more_than_ten_minutes_lapses(self) -> None:
        stream = opened()
        for minute in range(1, 61):
            stream = claim(stream, at=minute * 60_000).stream
        assert stream.in_hand_ms(ONE_TO_ONE) == ONE_TO_ONE.late_limit_ms


class TestOneStreamAtATime:
    def test_the_new_stream_begins_where_the_old_one_ends(self) -> None:
        old, nothing = open_stream(T0)
        new, closed = open_stream(T0 + 40_000, old)
        assert nothing is None
        assert closed is not None
        assert closed.superseded_ms == new.opened_ms == new.last_seen_ms == T0 + 40_000

    def test_also_when_the_servers_clock_has_stepped_back(self) -> None:
        old = claim(opened(), (0, 15_000), at=15_000).stream
        new, closed = open_stream(T0 + 1_000, old)
        assert closed is not None
        assert closed.superseded_ms == new.opened_ms == T0 + 15_000

    def test_the_old_stream_is_paid_its_own_window_and_nothing_after_it(self) -> None:
        _, closed = open_stream(T0 + 40_000, opened())
        assert closed is not None
        late = claim(closed, (0, 100_000), at=100_000)
        assert late.accepted == Intervals([(0, 40_000)])
        assert late.rejected == (Rejection(Reason.OTHER_DEVICE_ACTIVE, Intervals([(40_000, 100_000)])),)
        again = claim(late.stream, (40_000, 100_000), at=110_000)
        assert again.accepted == NOTHING

    def test_for_ten_minutes_after_it_was_closed(self) -> None:
        _, closed = open_stream(T0 + 40_000, opened())
        assert closed is not None
        assert claim(closed, (0, 40_000), at=640_000).accepted.measure == 40_000
        late = claim(closed, (0, 40_000), at=640_001, slack_used=3)
        assert late.rejected == (Rejection(Reason.TOO_LATE, Intervals([(0, 40_000)])),)
        assert (late.stream, late.slack_used_ms, late.accepted) == (closed, 3, NOTHING)


class TestTheEnd:
    def test_what_lies_after_the_end_is_rejected(self) -> None:
        decision = claim(opened(), (30_000, 50_000), at=60_000, duration=40_000)
        assert decision.accepted == Intervals([(30_000, 40_000)])
        assert decision.rejected == (Rejection(Reason.BEYOND_END, Intervals([(41_000, 50_000)])),)

    def test_a_player_that_sees_the_end_a_little_later_hears_no_reproach(self) -> None:
        decision = claim(opened(), (30_000, 40_960), at=60_000, duration=40_000)
        assert decision.accepted == Intervals([(30_000, 40_000)])
        assert decision.rejected == ()

    @pytest.mark.parametrize(
        ("duration", "threshold", "required"),
        [(40_040, 90, 36_036), (40_041, 90, 36_037), (40_040, 100, 39_040), (4_000, 100, 3_800), (1, 90, 1)],
    )
    def test_how_much_is_required(self, duration: int, threshold: int, required: int) -> None:
        criterion = Criterion(threshold_percent=threshold)
        assert required_ms(duration, criterion) == required
        assert complete(Intervals([(0, required)]), duration, criterion)
        assert not complete(Intervals([(0, required - 1)]), duration, criterion)

    def test_a_player_that_ends_before_the_container_says_completes_even_at_100_percent(self) -> None:
        assert complete(Intervals([(0, 39_980)]), 40_040, Criterion(threshold_percent=100))

    def test_a_lesson_of_unknown_length_cannot_be_completed_by_watching(self) -> None:
        assert not complete(Intervals([(0, HOUR)]), 0, Criterion())


class TestSeeking:
    def test_with_seeking_off_what_was_jumped_to_waits_for_the_gap(self) -> None:
        forward_only = Criterion(allow_seeking=False)
        jumped = Intervals([(0, 10_000), (50_000, 100_000)])
        assert countable(jumped, forward_only) == Intervals([(0, 10_000)])
        assert not complete(jumped, 100_000, forward_only)
        assert complete(jumped | Intervals([(10_000, 50_000)]), 100_000, forward_only)
        assert countable(jumped, Criterion()) == jumped

    def test_a_lost_frame_does_not_cut_the_rest_off_and_earns_nothing(self) -> None:
        watched = Intervals([(0, 10_000), (12_000, 20_000)])
        assert countable(watched, Criterion(allow_seeking=False)).measure == 18_000
        wider = Intervals([(0, 10_000), (12_001, 20_000)])
        assert countable(wider, Criterion(allow_seeking=False)).measure == 10_000


class TestClaimsFromTheWire:
    def test_pairs_of_whole_milliseconds(self) -> None:
        assert read_claim([[15_000, 30_000], [0, 15_000]]) == Intervals([(0, 30_000)])
        assert read_claim([]) == NOTHING

    @pytest.mark.parametrize(
        "raw",
        [
            None,
            "0-15000",
            {"start": 0, "end": 1},
            [0, 15_000],
            [[0]],
            [[0, 1, 2]],
            ["01"],
            [["0", "15000"]],
            [[False, True]],
            [[0, 15_000.5]],
            [[0, 15_000.0]],
            [[0, math.nan]],
            [[0, math.inf]],
            [[-math.inf, 0]],
            [[0, 1e308]],
            [[-1, 15_000]],
            [[15_000, 0]],
            [[0, LONGEST_MS + 1]],
            [[0, 10**400]],
            [[0, 15_000], [0, None]],
        ],
    )
    def test_anything_else_is_refused_whole(self, raw: object) -> None:
        with pytest.raises(MalformedClaim) as refused:
            read_claim(raw)
        assert refused.value.reason is Reason.MALFORMED

    def test_too_many_pieces_at_once_are_refused(self) -> None:
        pairs = [[second * 1_000, second * 1_000 + 1] for second in range(CLAIM_PIECES + 1)]
        assert len(read_claim(pairs[:-1])) == CLAIM_PIECES
        with pytest.raises(MalformedClaim) as refused:
            read_claim(pairs)
        assert refused.value.reason is Reason.TOO_FRAGMENTED

    def test_a_lesson_in_shreds_takes_no_more_shreds_but_may_be_mended(self) -> None:
        shreds = Intervals((second * 1_000, second * 1_000 + 500) for second in range(STATE_PIECES))
        shred = claim(opened(), (3_000_000, 3_000_500), at=60_000, watched=shreds)
        assert shred.rejected == (Rejection(Reason.TOO_FRAGMENTED, Intervals([(3_000_000, 3_000_500)])),)
        assert shred.watched == shreds
        mended = claim(opened(), (500, 1_000), at=60_000, watched=shreds)
        assert mended.accepted.measure == 500


class TestKeeping:
    def test_a_whole_claim_can_be_refused_for_a_reason_outside_the_clock(self) -> None:
        stream, seen = opened(), Intervals([(0, 5_000)])
        decision = refuse(stream, Intervals([(0, 15_000)]), Reason.MEDIA_REPLACED, watched=seen, slack_used_ms=7)
        assert decision == Decision(
            stream, 7, seen, NOTHING, (Rejection(Reason.MEDIA_REPLACED, Intervals([(0, 15_000)])),), 0
        )

    def test_criteria_and_rejections_survive_a_json_column(self) -> None:
        criterion = Criterion(threshold_percent=80, allow_seeking=False)
        assert Criterion.from_dict(criterion.as_dict()) == criterion
        assert Criterion.from_dict({"threshold_percent": 80, "forgotten_field": 1}) == Criterion(threshold_percent=80)
        rejection = Rejection(Reason.TOO_LATE, Intervals([(0, 15_000)]))
        assert Rejection.from_pair(rejection.as_pair()) == rejection

    @pytest.mark.parametrize(
        "wrong",
        [
            {"threshold_percent": 0},
            {"threshold_percent": 101},
            {"max_speed_percent": 50},
            {"max_speed_percent": 2.0},
            {"slack_ms": -1},
            {"late_limit_ms": 1},
            {"heartbeat_ms": True},
        ],
    )
    def test_a_criterion_out_of_range_names_its_field(self, wrong: dict[str, int]) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Criterion(**wrong)  # type: ignore[arg-type]

    def test_every_reason_has_a_sentence_for_the_learner(self) -> None:
        assert all(reason.sentence.endswith(".") for reason in Reason)
        assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_the_worked_example_of_the_documentation() -> None:
    """docs/progress.md follows this lesson of ten minutes with a pencil; the numbers here are those of its table."""
    server = Server(durations={"lesson": 600_000})
    stream = server.open()
    for beat in range(16):
        server.advance(15_000)
        server.heartbeat(stream, beat, (beat * 15_000, (beat + 1) * 15_000))
    server.advance(250_000)
    first = server.heartbeat(stream, 16, (240_000, 255_000)).stream
    assert (first.credited_ms, first.budget_ms(server.criterion), first.spent_ms) == (490_000, 980_000, 255_000)
    rest = server.heartbeat(stream, 17, (255_000, 480_000), (590_000, 600_000))
    assert (rest.credited_ms, rest.stream.spent_ms) == (0, 490_000)
    assert str(rest.watched) == "0-480000,590000-600000"
    assert required_ms(600_000, server.criterion) - rest.watched.measure == 50_000
    assert not server.is_complete()
