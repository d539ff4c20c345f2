"""The player's calls: a stream, heartbeats, where one stands; and what is said to those who ask wrongly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.courses.models import CourseState
from core.db import db
from core.progress import service
from core.tenancy import institution_scope
from tests.client import Client
from tests.conftest import CountQueries
from tests.factories import Factory
from tests.progress.player import Player

Login = Callable[..., Client]


@pytest.fixture
def player(make: Factory, login: Login) -> Player:
    return Player(make, login)


def test_opening_a_stream_says_all_a_player_needs(player: Player) -> None:
    answer = player.open()
    assert answer["duration_ms"] == 60_000
    assert answer["required_ms"] == 54_000
    assert answer["watched"] == []
    assert answer["position_ms"] == 0
    assert answer["criterion"] == {
        "threshold_percent": 90,
        "max_speed_percent": 200,
        "allow_seeking": True,
        "heartbeat_ms": 15_000,
    }
    assert answer["media_url"].startswith("/files/")
    assert answer["sentence"] == "还没有观看：需要看满 0:54，全长 1:00"


def test_a_minute_watched_is_a_lesson_completed(player: Player) -> None:
    player.open()
    for start in range(0, 60, 15):
        answer = player.beat((start, start + 15), at=start + 15)
    assert answer["completed"]
    assert answer["active"]
    assert answer["watched"] == [[0, 60_000]]
    assert answer["counted_ms"] == 60_000
    assert answer["sentence"] == "已观看 1:00 / 1:00，本课时已完成"


def test_what_is_missing_is_said_in_words(player: Player) -> None:
    player.open()
    player.beat((0, 30), at=30)
    answer = player.beat((40, 50), at=45)
    assert answer["sentence"] == "已观看 0:40 / 1:00，还差 0:30–0:40、0:50–1:00，补看其中 0:14 即可"


def test_what_is_not_counted_comes_back_with_its_reason(player: Player) -> None:
    player.open()
    answer = player.beat((0, 60), at=0)
    assert answer["accepted"][0][0] == 0
    assert [rejection["reason"] for rejection in answer["rejected"]] == ["faster_than_clock"]
    assert answer["rejected"][0]["sentence"].startswith("上报的观看时长")
    assert not answer["completed"]


def test_another_device_gets_the_place_at_which_this_one_stopped(player: Player) -> None:
    player.open()
    player.beat((0, 12), at=12, position=12.345)
    answer = player.on_another_device().open()
    assert answer["position_ms"] == 12_345
    assert answer["watched"] == [[0, 12_000]]


def test_the_first_device_is_told_when_another_goes_on(player: Player) -> None:
    player.open()
    player.on_another_device().open()
    answer = player.beat((0, 10), at=10)
    assert not answer["active"]
    assert answer["closed"] == "other_device_active"
    assert "另一台设备" in answer["closed_sentence"]


def test_progress_can_be_asked_for_without_disturbing_the_player(player: Player) -> None:
    player.open()
    player.beat((0, 15), at=15)
    answer = player.client.get(player.progress_url)
    assert player.progress()["watched"] == [[0, 15_000]]
    assert player.progress()["media_url"]
    assert answer.headers["X-CSRFToken"]
    assert player.beat((15, 30), at=30)["active"]


@pytest.mark.parametrize(
    "body",
    [
        {"sequence": 0, "intervals": "[[0, NaN]]"},
        '{"sequence": 0, "intervals": [[0, NaN]]}',
        '{"sequence": 0, "intervals": [[0, Infinity]]}',
        '{"sequence": 0, "intervals": [[0, 1e308]]}',
        '{"sequence": 0, "intervals": [[0, 1e999]]}',
        '{"sequence": 0, "intervals": [[-1, 1000]]}',
        '{"sequence": 0, "intervals": [[0, ' + "9" * 400 + "]]}",
        '{"sequence": 0, "intervals": [[0, true]]}',
        '{"sequence": true, "intervals": []}',
        '{"sequence": 0.0, "intervals": []}',
        '{"sequence": 99999999999999999999, "intervals": []}',
        '{"sequence": -1, "intervals": []}',
        '{"sequence": 0, "intervals": [[1000, 0]]}',
        '{"sequence": 0, "intervals": [["0", "1000"]]}',
        '{"sequence": 0, "intervals": {"0": 1000}}',
        '{"sequence": 0}',
        '{"intervals": []}',
        "{}",
        "[]",
        "7",
        "null",
        '{"sequence": 0, "intervals": ' + str([[n, n + 1] for n in range(0, 130, 2)]) + "}",
    ],
)
def test_what_cannot_be_read_is_answered_with_a_problem_and_changes_nothing(player: Player, body: Any) -> None:
    player.open()
    answer = player.post_raw(body)
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["detail"]
    assert player.progress()["watched"] == []
    assert player.beat((0, 5), at=5, sequence=0)["accepted"] == [[0, 5_000]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        (b"\xff\xfe", 400),
        ("9" * 5000, 400),
        ("[" * 8000, 400),
        ('{"sequence": 0, "intervals": [], "position_ms": "' + "x" * 20_000 + '"}', 413),
    ],
)
def test_broken_and_oversized_bodies_are_refused(player: Player, body: str | bytes, status: int) -> None:
    player.open()
    answer = player.post_raw(body)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_a_body_that_is_not_json_is_refused(player: Player) -> None:
    player.open()
    assert player.client.post(player.heartbeat_url, data="sequence=0", headers=player.headers).status_code == 415


def test_a_position_that_is_none_is_ignored_and_the_rest_counts(player: Player) -> None:
    player.open()
    for number, position in enumerate([-5, 10**12, "end", True, None, 1.5]):
        body = {"sequence": number, "intervals": [], "position_ms": position}
        assert player.post_raw(body).status_code == 200
    assert player.progress()["position_ms"] == 0


def test_visitors_are_asked_to_log_in(player: Player, client: Client) -> None:
    player.open()
    assert client.get(player.progress_url).status_code == 401
    assert player.on_another_device(client).try_open().status_code == 401


def test_a_post_without_the_token_of_the_page_is_refused(player: Player) -> None:
    player.open()
    answer = player.client.post(player.heartbeat_url, json={"sequence": 0, "intervals": []})
    assert answer.status_code == 400


def test_another_persons_stream_is_not_found(player: Player, make: Factory, login: Login) -> None:
    player.open()
    thief = player.on_another_device(login(make.user()))
    thief.stream = player.stream
    answer = thief.post_raw({"sequence": 0, "intervals": [[0, 1000]]})
    assert answer.status_code == 404


def test_who_is_not_enrolled_cannot_open_a_stream(player: Player, make: Factory, login: Login) -> None:
    answer = player.on_another_device(login(make.user())).try_open()
    assert answer.status_code == 403
    assert "选课" in answer.get_json()["detail"]


def test_a_draft_is_not_found_by_strangers(player: Player, make: Factory, login: Login) -> None:
    player.course.state = CourseState.DRAFT
    db.session.commit()
    assert player.on_another_device(login(make.user())).try_open().status_code == 404


def test_a_lesson_that_does_not_exist_is_not_found(player: Player) -> None:
    for number in ("999999", "99999999999999999999"):
        assert player.client.get(f"/api/v1/lessons/{number}/progress").status_code == 404


def test_a_run_that_is_over_counts_nothing_and_says_so(player: Player) -> None:
    player.run.ends_at = clock.now() - timedelta(days=1)
    db.session.commit()
    answer = player.try_open()
    assert answer.status_code == 409
    assert "结束" in answer.get_json()["detail"]


def test_a_replaced_file_closes_the_stream(player: Player, make: Factory) -> None:
    player.open()
    player.lesson.asset_id = make.asset(player.course).id
    db.session.commit()
    answer = player.beat((0, 10), at=10)
    assert answer["closed"] == "media_replaced"
    assert answer["accepted"] == []


def test_fetching_the_media_is_noted_by_the_link(player: Player) -> None:
    opened = player.open()
    service.note_fetch(player.stream)
    player.beat((0, 10), at=10)
    with institution_scope(player.course.institution_id):
        assert player.stored.unfetched_ms == 0
    assert player.stream in opened["stream_id"]


def test_a_heartbeat_costs_five_statements(player: Player, count_queries: CountQueries) -> None:
    player.open()
    with count_queries() as statements:
        player.beat((0, 15), at=15)
    assert len(statements) == 5, "\n".join(statements)


def test_opening_costs_no_more_for_a_course_with_many_lessons(
    player: Player, make: Factory, count_queries: CountQueries
) -> None:
    def statements() -> int:
        with count_queries() as seen:
            player.open()
        return len(seen)

    player.open()
    few = statements()
    chapter = make.chapter(player.course)
    for _number in range(20):
        make.lesson(player.course, chapter)
    assert statements() == few <= 13
