"""What counts can be computed again from the ledger, and so can every decision."""

from core.progress.intervals import NOTHING, Intervals
from core.progress.reasons import Reason
from core.progress.replay import Entry, rejudge, replay
from core.progress.rule import Criterion, Rejection
from tests.progress.honest_client import HonestClient
from tests.progress.server_in_memory import Server

MINUTE = Intervals([(0, 60_000)])
SECOND_MINUTE = Intervals([(60_000, 120_000)])


def test_the_ledger_gives_the_state_back() -> None:
    viewer = HonestClient(Server())
    viewer.play(100)
    viewer.seek(20_000)
    viewer.play(100)
    viewer.pause(5)
    again = replay(viewer.server.entries())
    assert again.watched == viewer.server.seen() == Intervals([(0, 120_000)])
    assert again.accepted_ms == 200_000


def test_seconds_rejected_and_then_watched_are_no_longer_held_against_anybody() -> None:
    too_fast = Entry(1, NOTHING, (Rejection(Reason.FASTER_THAN_CLOCK, MINUTE | SECOND_MINUTE),))
    watched = Entry(2, MINUTE)
    assert replay([too_fast, watched]).rejected == (Rejection(Reason.FASTER_THAN_CLOCK, SECOND_MINUTE),)
    assert replay([too_fast, watched, Entry(3, SECOND_MINUTE)]).rejected == ()


def test_a_ruling_may_grant_what_was_rejected() -> None:
    rejected = Entry(1, NOTHING, (Rejection(Reason.TOO_LATE, MINUTE),))
    granted = replay([rejected, Entry(2, MINUTE, ruling=True)])
    assert granted.watched == MINUTE
    assert granted.rejected == ()
    assert granted.accepted_ms == 0, "a ruling is not watching"


def test_a_ruling_may_withdraw_what_was_accepted_and_it_may_be_watched_again() -> None:
    entries = [
        Entry(1, MINUTE | SECOND_MINUTE),
        Entry(2, rejected=(Rejection(Reason.WITHDRAWN, MINUTE),), ruling=True),
    ]
    withdrawn = replay(entries)
    assert withdrawn.watched == SECOND_MINUTE
    assert withdrawn.rejected == (Rejection(Reason.WITHDRAWN, MINUTE),)
    assert replay([Entry(3, MINUTE), *reversed(entries), *entries]).watched == MINUTE | SECOND_MINUTE


def test_every_decision_can_be_made_again_from_claims_and_arrival_times() -> None:
    server = Server(Criterion(max_speed_percent=100))
    desk, phone = HonestClient(server), HonestClient(server)
    desk.play(200)
    desk.on_line = False
    desk.play(40)
    desk.on_line = True
    phone.play(33)
    desk.pause(1)
    desk.sleep(4_000)
    desk.play(50)
    phone.close()
    server.heartbeat(server.open(), 1, (0, 900_000))
    server.advance(5_000)
    again = rejudge(server.windows(), [beat for beat, _ in server.ledger])
    assert len(again) == len(server.ledger) > 20
    for beat, told in server.ledger:
        assert (again[beat.id].accepted, again[beat.id].rejected) == (told.accepted, told.rejected)
    assert any(decision.rejected for decision in again.values())
