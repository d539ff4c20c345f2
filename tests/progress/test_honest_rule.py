"""Honest watching keeps at least 99 % of its credit, whatever the line, the lid and the phone do."""

import random
from collections.abc import Callable

import pytest

from core.progress.rule import Criterion
from tests.progress.honest_client import HonestClient
from tests.progress.server_in_memory import LESSON_MS, Server

ENOUGH = 0.99
AS_FAST_AS_ALLOWED = [(100, 1.0), (200, 1.0), (200, 2.0)]
"""Allowed speed in percent, and the speed watched at. Where both are the same, the clock leaves nothing over."""

Story = Callable[[HonestClient], None]


def in_one_go(viewer: HonestClient) -> None:
    viewer.play(3_000)


def page_closed_and_opened_again(viewer: HonestClient) -> None:
    for _ in range(20):
        viewer.play(100)
        viewer.close()
        viewer.server.advance(40_000_000)


def page_lost_without_a_last_word(viewer: HonestClient) -> None:
    for _ in range(10):
        viewer.play(281)
        viewer.close(flush=False)
        viewer.server.advance(90_000_000)
    viewer.play(1)
    viewer.pause()


def phone_locked_every_few_minutes(viewer: HonestClient) -> None:
    for _ in range(15):
        viewer.play(187)
        viewer.lock_phone(1_800)


def network_away_for_nine_minutes(viewer: HonestClient) -> None:
    for _ in range(3):
        viewer.play(300)
        viewer.on_line = False
        viewer.play(540)
        viewer.on_line = True
        viewer.play(60)


def network_that_loses_every_answer_for_a_while(viewer: HonestClient) -> None:
    for _ in range(5):
        viewer.play(200)
        viewer.answers_lost = True
        viewer.play(300)
        viewer.answers_lost = False
        viewer.play(40)


def laptop_asleep_three_times_for_an_hour(viewer: HonestClient) -> None:
    for _ in range(3):
        viewer.play(674)  # one second before a heartbeat is due: the most there is to lose
        viewer.sleep(3_600)
    viewer.play(700)


def film_paused_for_an_hour(viewer: HonestClient) -> None:
    for _ in range(5):
        viewer.play(449)
        viewer.pause(3_600)
    viewer.play(500)


def seeking_back_and_watching_again(viewer: HonestClient) -> None:
    for minute in range(1, 40):
        viewer.play(70)
        viewer.seek(minute * 60_000)


def server_restarted(viewer: HonestClient) -> None:
    for _ in range(4):
        viewer.play(500)
        viewer.server.down = True
        viewer.play(95)
        viewer.server.down = False
        viewer.play(20)


def everything_in_a_week(viewer: HonestClient) -> None:
    chance = random.Random(7)
    for _ in range(40):
        viewer.play(chance.uniform(5, 240))
        what = chance.randrange(6)
        if what == 0:
            viewer.sleep(chance.uniform(60, 20_000))
        elif what == 1:
            viewer.close(flush=chance.random() < 0.5)
            viewer.server.advance(chance.randint(1_000, 90_000_000))
        elif what == 2:
            viewer.pause(chance.uniform(1, 4_000))
        elif what == 3:
            viewer.on_line = False
            viewer.play(chance.uniform(5, 400))
            viewer.on_line = True
        elif what == 4:
            viewer.server.down = True
            viewer.play(chance.uniform(5, 120))
            viewer.server.down = False
        else:
            viewer.seek(chance.randint(0, round(viewer.position)))


@pytest.mark.parametrize(("allowed", "speed"), AS_FAST_AS_ALLOWED)
@pytest.mark.parametrize(
    "story",
    [
        in_one_go,
        page_closed_and_opened_again,
        page_lost_without_a_last_word,
        phone_locked_every_few_minutes,
        network_away_for_nine_minutes,
        network_that_loses_every_answer_for_a_while,
        laptop_asleep_three_times_for_an_hour,
        film_paused_for_an_hour,
        seeking_back_and_watching_again,
        server_restarted,
        everything_in_a_week,
    ],
)
def test_an_honest_person_keeps_their_credit(story: Story, allowed: int, speed: float) -> None:
    viewer = HonestClient(Server(Criterion(max_speed_percent=allowed)), speed=speed)
    story(viewer)
    viewer.pause(30)
    assert viewer.played.measure > 0.4 * LESSON_MS
    assert viewer.kept() >= ENOUGH
    assert viewer.server.seen() <= viewer.played


@pytest.mark.parametrize(("allowed", "speed"), AS_FAST_AS_ALLOWED)
def test_two_devices_handed_over(allowed: int, speed: float) -> None:
    server = Server(Criterion(max_speed_percent=allowed))
    desk, phone = HonestClient(server, speed=speed), HonestClient(server, speed=speed)
    for _ in range(6):
        desk.play(101)
        desk.close()
        phone.seek(round(desk.position))
        phone.play(99)
        phone.close()
        desk.seek(round(phone.position))
    server.advance(5_000)
    played = desk.played | phone.played
    assert (server.seen() & played).measure >= ENOUGH * played.measure


def test_the_old_device_still_delivers_what_it_showed_before_the_new_one_took_over() -> None:
    server = Server(Criterion(max_speed_percent=100))
    desk, phone = HonestClient(server), HonestClient(server)
    desk.play(300)
    desk.on_line = False
    desk.play(120)
    desk.pause()
    phone.seek(round(desk.position))
    phone.play(60)
    desk.on_line = True
    desk.pause()
    assert desk.kept() >= ENOUGH


def test_sixty_people_behind_one_address_do_not_touch_each_other() -> None:
    server = Server()
    class_room = [HonestClient(server, person=f"student{number}") for number in range(60)]
    for _ in range(4):
        for viewer in class_room:
            if viewer.stream is None:
                viewer.stream = server.open(viewer.person, viewer.lesson)
        server.advance(15_000)
        for viewer in class_room:
            viewer.since, viewer.position = viewer.position, viewer.position + 15_000
            viewer.pause()
    assert all(viewer.kept() == 1 for viewer in class_room)


def test_a_lesson_watched_to_the_end_is_complete() -> None:
    viewer = HonestClient(Server(Criterion(threshold_percent=100, max_speed_percent=100)))
    viewer.play(2_600)
    viewer.pause()
    viewer.server.advance(5_000)
    assert not viewer.server.is_complete()
    viewer.play(100)
    viewer.pause()
    viewer.server.advance(5_000)
    assert viewer.server.is_complete()
