"""Attacks on watched time over HTTP: whatever is sent, nobody earns more than the server's clock allows.

The clock is moved by hand; :func:`check` holds the bound after every attack: accepted time, over all lessons of
the person, is at most wall clock × allowed speed + one slack of 15 s per lesson.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import clock
from core.db import db
from core.events import OutboxEvent
from core.progress import service
from core.progress.intervals import Intervals
from core.progress.models import ProgressEntry
from core.tenancy import across_institutions
from tests.client import Client
from tests.factories import Factory
from tests.progress.player import Player

Login = Callable[..., Client]
SLACK = 15
SPEED = 2
TOLERANCE = 3
"""Seconds that really pass while a test runs."""


@pytest.fixture
def thief(make: Factory, login: Login) -> Player:
    """Somebody enrolled in a course with a lecture of an hour, who would rather not watch it."""
    return Player(make, login, seconds=3600)


def earned(thief: Player) -> float:
    """Seconds that were accepted of everything this person claimed, repeats included."""
    with across_institutions("the bound is the person's"):
        accepted = db.session.scalars(
            select(ProgressEntry.accepted).where(ProgressEntry.enrolment_id == thief.enrolment.id)
        )
        return sum(Intervals.parse(text).measure for text in accepted) / 1000


def check(thief: Player, *, wall: float, lessons: int = 1) -> float:
    """Holds the bound, and returns what was earned."""
    won = earned(thief)
    assert won <= (wall + TOLERANCE) * SPEED + SLACK * lessons
    return won


def test_posting_the_end_position_earns_nothing(thief: Player) -> None:
    thief.open()
    answer = thief.beat(at=1, position=3600)
    assert answer["counted_ms"] == 0
    assert not answer["completed"]


def test_claiming_the_whole_film_at_once_earns_the_slack(thief: Player) -> None:
    thief.open()
    answer = thief.beat((0, 3600), at=1)
    assert not answer["completed"]
    assert answer["rejected"][0]["reason"] == "faster_than_clock"
    assert check(thief, wall=1) >= SLACK


def test_there_is_nothing_to_call_that_completes_a_lesson(thief: Player, app: Flask) -> None:
    thief.open()
    lesson = f"/api/v1/lessons/{thief.lesson.id}"
    stream = f"/api/v1/streams/{thief.stream}"
    places = [f"{lesson}/complete", f"{lesson}/progress", f"{lesson}", stream, f"{stream}/complete", thief.course_url]
    for place in places:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = thief.client.open(place, method=method, json={"completed": True}, headers=thief.headers)
            assert answer.status_code in {404, 405}, f"{method} {place} answers {answer.status_code}"
    assert not thief.progress()["completed"]
    with app.app_context():
        assert not [rule.rule for rule in app.url_map.iter_rules() if "complete" in rule.rule and "lesson" in rule.rule]


def test_a_heartbeat_that_says_complete_is_not_believed(thief: Player) -> None:
    thief.open()
    body: dict[str, Any] = {
        "sequence": 0,
        "intervals": [],
        "completed": True,
        "complete": 1,
        "watched": [[0, 3_600_000]],
        "counted_ms": 3_600_000,
        "credited_ms": 10**9,
        "now": "2030-01-01T00:00:00Z",
    }
    assert thief.post_raw(body).status_code == 200
    assert thief.progress()["counted_ms"] == 0


def test_dragging_to_the_end_earns_what_was_shown_there(thief: Player) -> None:
    thief.open()
    thief.beat((0, 5), (3595, 3600), at=10)
    assert check(thief, wall=10) == 10
    assert "0:05–59:55" in thief.progress()["sentence"]


def test_dragging_to_the_end_earns_nothing_where_seeking_is_off(make: Factory, login: Login) -> None:
    thief = Player(make, login, seconds=3600, allow_seeking=False)
    thief.open()
    answer = thief.beat((3500, 3510), at=10)
    assert answer["counted_ms"] == 0
    assert not answer["completed"]


def test_sixteen_times_as_fast_earns_twice_the_clock(thief: Player) -> None:
    thief.open()
    for number in range(10):
        thief.beat((number * 240, number * 240 + 240), at=15 * (number + 1))
    check(thief, wall=150)
    assert thief.progress()["counted_ms"] <= (150 + TOLERANCE) * SPEED * 1000 + SLACK * 1000


def test_ten_tabs_share_one_clock_and_one_slack(thief: Player) -> None:
    tabs = [thief.on_another_device() for _number in range(10)]
    for tab in tabs:
        tab.open()
    for turn in range(1, 5):
        for number, tab in enumerate(tabs):
            tab.beat((number * 300 + turn * 30 - 30, number * 300 + turn * 30), at=15 * turn)
    check(thief, wall=60)


def test_ten_tabs_opened_over_and_over_earn_no_more(thief: Player) -> None:
    for turn in range(1, 13):
        tab = thief.on_another_device()
        tab.open(at=turn * 5 - 5)
        tab.beat((turn * 100, turn * 100 + 90), at=turn * 5)
    check(thief, wall=60)


def test_ten_courses_at_once_share_one_clock(thief: Player, make: Factory) -> None:
    lessons = [make.lesson(thief.course, kind="video", duration_ms=3_600_000) for _number in range(9)]
    players = [thief.on_another_device() for _number in range(9)]
    for lesson, player in zip(lessons, players, strict=True):
        player.open(lesson)
    for turn in range(1, 5):
        for player in players:
            player.beat((turn * 30 - 30, turn * 30), at=15 * turn)
    check(thief, wall=60, lessons=9)


def test_looping_one_minute_earns_one_minute_and_banks_no_time(thief: Player) -> None:
    thief.open()
    for turn in range(1, 21):
        thief.beat((0, 60), at=30 * turn)
    assert thief.progress()["counted_ms"] == 60_000
    thief.beat((60, 3600), at=601)
    check(thief, wall=601)
    assert thief.progress()["counted_ms"] <= 60_000 + SLACK * 1000 + 2 * TOLERANCE * 1000


def test_replayed_heartbeats_are_counted_once(thief: Player) -> None:
    thief.open()
    first = thief.beat((0, 15), at=15, sequence=0)
    for _number in range(5):
        assert thief.beat((0, 15), at=30, sequence=0)["accepted"] == first["accepted"]
    # Another claim under a number that was used is answered as the first one was.
    assert thief.beat((15, 30), at=30, sequence=0)["accepted"] == first["accepted"]
    assert check(thief, wall=30) == 15
    with across_institutions("one person's ledger"):
        assert db.session.scalar(select(func.count()).select_from(ProgressEntry)) == 1


def test_reordered_heartbeats_earn_what_they_do_in_order(thief: Player) -> None:
    thief.open()
    beats = [(number, (number * 15, number * 15 + 15)) for number in range(8)]
    random.Random(7).shuffle(beats)
    for sequence, piece in beats:
        thief.beat(piece, at=120, sequence=sequence)
    assert thief.progress()["watched"] == [[0, 120_000]]
    check(thief, wall=120)


def test_one_heartbeat_after_an_idle_hour_earns_the_slack(thief: Player) -> None:
    thief.open()
    answer = thief.beat((0, 3600), at=3600)
    assert answer["rejected"][0]["reason"] == "too_late"
    assert earned(thief) <= SLACK + TOLERANCE * SPEED


def test_an_hour_of_empty_heartbeats_banks_ten_minutes_at_most(thief: Player) -> None:
    thief.open()
    for minute in range(1, 61):
        thief.beat(at=minute * 60)
    thief.beat((0, 3600), at=3601)
    assert earned(thief) <= 600 * SPEED + SLACK + TOLERANCE * SPEED


def test_the_clients_clock_is_never_asked(thief: Player) -> None:
    thief.open()
    headers = {**thief.headers, "Date": "Fri, 01 Jan 2100 00:00:00 GMT", "X-Timestamp": "9999999999"}
    with clock.shifted(timedelta(seconds=1)):
        thief.client.post(
            thief.heartbeat_url,
            json={"sequence": 0, "intervals": [[0, 3_600_000]], "at": 9_999_999_999_999},
            headers=headers,
        )
    check(thief, wall=1)


def test_beyond_the_end_counts_nothing(thief: Player) -> None:
    thief.open()
    answer = thief.beat((3600, 3610), (2_000_000, 2_000_010), at=30)
    assert answer["accepted"] == []
    assert {rejection["reason"] for rejection in answer["rejected"]} == {"beyond_end"}


def test_slivers_earn_their_own_length(thief: Player) -> None:
    thief.open()
    slivers = [(number, number + 0.01) for number in range(64)]
    answer = thief.beat(*slivers, at=15)
    assert answer["counted_ms"] == 640


def test_a_stream_belongs_to_one_person(thief: Player, make: Factory, login: Login) -> None:
    thief.open()
    friend = make.user()
    make.enrolment(thief.run, friend)
    other = thief.on_another_device(login(friend))
    other.stream = thief.stream
    assert other.post_raw({"sequence": 0, "intervals": [[0, 15_000]]}, at=15).status_code == 404
    assert thief.progress()["counted_ms"] == 0


def test_streams_cannot_be_guessed(thief: Player) -> None:
    names = {thief.open()["stream_id"] for _number in range(3)}
    assert len(names) == 3
    assert all(len(name) >= 20 for name in names)


def test_seconds_of_a_replaced_file_are_not_seconds_of_the_new_one(thief: Player, make: Factory) -> None:
    thief.open()
    thief.beat((0, 30), at=15)
    thief.lesson.asset_id = make.asset(thief.course, duration_ms=3_600_000).id
    db.session.commit()
    answer = thief.beat((30, 60), at=30)
    assert answer["accepted"] == []
    assert answer["rejected"][0]["reason"] == "media_replaced"
    assert thief.progress()["counted_ms"] == 0


def test_heartbeats_without_ever_fetching_the_media_are_flagged(thief: Player) -> None:
    thief.open()
    thief.beat((0, 15), at=15)
    assert thief.stored.unfetched_ms == 15_000


def test_who_fetches_the_media_is_not_flagged(thief: Player) -> None:
    thief.open()
    service.note_fetch(thief.stream)
    thief.beat((0, 15), at=15)
    assert thief.stored.unfetched_ms == 0


def test_no_attack_announces_a_completion(thief: Player) -> None:
    thief.open()
    for turn in range(1, 6):
        thief.beat((0, 3600), at=turn)
    names = db.session.scalars(select(OutboxEvent.name)).all()
    assert "progress.lesson_completed" not in names


def test_a_random_liar_never_beats_the_clock(thief: Player) -> None:
    chance = random.Random(20260101)
    tabs = [thief.on_another_device() for _number in range(3)]
    now = 0.0
    for tab in tabs:
        tab.open(at=now)
    for _turn in range(60):
        now += chance.choice([0, 0.5, 5, 15, 60, 700])
        tab = chance.choice(tabs)
        if chance.random() < 0.2:
            tab.open(at=now)
        start = chance.uniform(0, 3500)
        tab.beat((start, min(3600, start + chance.uniform(0, 900))), at=now, sequence=chance.choice([None, 0, 1]))
    check(thief, wall=now)
