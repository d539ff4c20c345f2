"""The learning page without a browser: who sees what, what stands on it, and how little it asks of the database."""

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from core import clock
from core.courses import captions
from core.courses.models import Course, CourseState, Lesson, Visibility
from core.db import db
from core.errors import Invalid
from core.tenancy import institution_scope
from tests.client import Client
from tests.conftest import CountQueries
from tests.factories import Factory
from tests.progress.player import Player

Login = Callable[..., Client]

VTT = """WEBVTT

00:00.000 --> 00:03.500
<v 顾老师>今天我们看<i>范宽</i>。

00:03.500 --> 01:00.000
山的高度是“压”出来的。
"""


@pytest.fixture
def player(make: Factory, login: Login) -> Player:
    return Player(make, login)


def page(client: Client, course: Course, lesson: Lesson, status: int = 200, query: str = "") -> str:
    answer = client.get(f"/courses/{course.slug}/lessons/{lesson.id}{query}")
    assert answer.status_code == status, answer.text
    return answer.text


def terms(html: str) -> Any:
    """What the page tells its scripts."""
    start = html.index('data-player="') + len('data-player="')
    return json.loads(unescape(html[start : html.index('"', start)]))


def test_a_learner_finds_film_words_and_outline(player: Player, make: Factory) -> None:
    second = make.lesson(player.course, title="郭熙与“三远”")
    html = page(player.client, player.course, player.lesson)
    assert f'<h1 class="learn__title">{player.lesson.title}' in html
    assert "<video controls" in html
    assert "还没有观看：需要看满 0:54，全长 1:00" in html
    assert "看满 90% 即完成本课时，2 倍速以内均计入。" in html
    assert second.title in unescape(html)
    assert f"/lessons/{second.id}" in html
    assert terms(html)["counts"]


def test_the_page_goes_on_where_another_device_stopped(player: Player) -> None:
    player.open()
    player.beat((0, 12), at=12, position=12.5)
    html = page(player.client, player.course, player.lesson)
    assert terms(html)["position_ms"] == 12_500
    assert "#t=12.5" in html
    assert "已观看 0:12 / 1:00，还差 0:12–1:00，补看其中 0:42 即可" in html
    assert "完成 20%" in html


def test_a_moment_in_the_address_comes_first(player: Player) -> None:
    assert terms(page(player.client, player.course, player.lesson, query="?t=41.25"))["position_ms"] == 41_250
    for nonsense in ("nan", "inf", "-1", "1e9", "x"):
        assert terms(page(player.client, player.course, player.lesson, query=f"?t={nonsense}"))["position_ms"] == 0


def test_who_saw_the_end_begins_anew(player: Player) -> None:
    player.open()
    player.beat((0, 59), at=59, position=59)
    html = page(player.client, player.course, player.lesson)
    assert terms(html)["position_ms"] == 0
    assert terms(html)["completed"]
    assert "本课时已完成" in html


def test_seconds_that_were_not_counted_stand_with_their_reason_until_they_are_watched(player: Player) -> None:
    player.open()
    player.beat((0, 50), at=1)
    html = page(player.client, player.course, player.lesson)
    assert "已上报但未计入" in html
    assert "上报的观看时长超过了" in html
    player.beat((0, 30), at=30)
    player.beat((30, 60), at=60)
    assert "已上报但未计入" not in page(player.client, player.course, player.lesson)


def test_without_scripts_the_transcript_is_there_to_read_and_each_line_leads_to_its_moment(player: Player) -> None:
    caption(player, "zh-CN", VTT)
    html = page(player.client, player.course, player.lesson)
    assert "今天我们看范宽。" in html
    assert "<b>顾老师</b>" in html
    assert "?t=3.5" in html
    assert '<track kind="subtitles" srclang="zh-CN" label="中文"' in html


def test_the_transcript_comes_in_the_language_asked_for(player: Player) -> None:
    caption(player, "zh-CN", VTT)
    caption(player, "en", "WEBVTT\n\n00:00.000 --> 00:10.000\nToday we look at Fan Kuan.\n")
    assert "今天我们看" in page(player.client, player.course, player.lesson)
    assert "Today we look" in page(player.client, player.course, player.lesson, query="?captions=en")


def test_subtitles_are_served_to_those_who_see_the_lesson(player: Player, client: Client) -> None:
    caption(player, "zh-CN", VTT)
    address = f"/courses/{player.course.slug}/lessons/{player.lesson.id}/captions/zh-CN.vtt"
    answer = player.client.get(address)
    assert answer.mimetype == "text/vtt"
    assert answer.text.startswith("WEBVTT")
    assert player.client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert player.client.get(address.replace("zh-CN", "fr")).status_code == 404
    assert client.get(address).status_code == 404


def test_an_srt_in_gbk_becomes_webvtt_and_says_so(player: Player) -> None:
    srt = "1\n00:00:01,000 --> 00:00:02,000\n山水画的章法\n\n2\nnonsense\n".encode("gbk")
    problems = caption(player, "zh-CN", srt)
    assert any("GB18030" in problem for problem in problems)
    assert "山水画的章法" in page(player.client, player.course, player.lesson)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n\0\0\0", "没有时间的文字".encode(), b"WEBVTT\n\n"])
def test_a_file_without_captions_is_refused_with_a_sentence(player: Player, data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        caption(player, "zh-CN", data)
    assert refusal.value.field == "file"
    assert str(refusal.value)


@pytest.mark.parametrize("language", ["", "Chinese", "xx-YY-ZZ", "../../etc", "zh-CN-x-very-long-tag"])
def test_a_language_that_is_none_is_refused(player: Player, language: str) -> None:
    with pytest.raises(Invalid) as refusal:
        caption(player, language, VTT)
    assert refusal.value.field == "language"


def test_subtitles_can_be_replaced_and_taken_away(player: Player) -> None:
    caption(player, "zh_cn", VTT)
    caption(player, "zh-CN", VTT.replace("范宽", "郭熙"))
    assert "郭熙" in page(player.client, player.course, player.lesson)
    with institution_scope(player.course.institution_id):
        captions.remove(player.lesson, "zh-CN")
        db.session.commit()
    assert 'class="transcript"' not in page(player.client, player.course, player.lesson)


def test_visitors_see_preview_lessons_uncounted_and_the_way_in_elsewhere(
    player: Player, make: Factory, client: Client
) -> None:
    preview = make.lesson(player.course, kind="video", is_preview=True)
    html = page(client, player.course, preview)
    assert "<video controls" in html
    assert "试看课时" in html
    assert not terms(html)["counts"]
    html = page(client, player.course, player.lesson, status=403)
    assert "选课后才能学习本课时" in html
    assert "<video" not in html
    assert "/files/" not in html
    assert "尚未开放" in html


def test_before_the_run_begins_one_may_watch_and_knows_that_it_is_not_counted(player: Player) -> None:
    player.run.starts_at = clock.now() + timedelta(days=3)
    db.session.commit()
    html = page(player.client, player.course, player.lesson)
    assert "开课，此前观看不计入进度" in html
    assert "<video controls" in html
    assert not terms(html)["counts"]


def test_after_the_run_one_may_watch_and_knows_that_it_is_not_counted(player: Player) -> None:
    player.run.ends_at = clock.now() - timedelta(days=3)
    db.session.commit()
    html = page(player.client, player.course, player.lesson)
    assert "可以继续观看，但不计入进度" in html
    assert "<video controls" in html
    assert not terms(html)["counts"]


def test_the_team_previews_a_draft_and_strangers_find_nothing(player: Player, make: Factory, login: Login) -> None:
    player.course.state = CourseState.DRAFT
    teacher = make.user()
    make.teammate(player.course, teacher)
    html = page(login(teacher), player.course, player.lesson)
    assert "学员的视角预览" in html
    assert not terms(html)["counts"]
    assert "as=student" in page(login(teacher), player.course, player.lesson, query="?as=student")
    page(login(make.user()), player.course, player.lesson, status=404)


def test_a_course_for_members_is_not_found_by_others(player: Player, make: Factory, login: Login) -> None:
    player.course.visibility = Visibility.INSTITUTION
    db.session.commit()
    page(login(make.user()), player.course, player.lesson, status=404)
    page(player.client, player.course, player.lesson)


def test_a_lesson_is_found_only_under_its_own_course(player: Player, make: Factory) -> None:
    other = make.course()
    assert player.client.get(f"/courses/{other.slug}/lessons/{player.lesson.id}").status_code == 404
    assert player.client.get(f"/courses/{player.course.slug}/lessons/999999").status_code == 404
    player.lesson.deleted_at = clock.now()
    db.session.commit()
    page(player.client, player.course, player.lesson, status=404)


def test_a_page_is_read_without_scripts(player: Player, make: Factory) -> None:
    lesson = make.lesson(player.course, body="## 高远\n\n自山下仰**望**山顶。<script>alert(1)</script>")
    html = page(player.client, player.course, lesson)
    assert "<strong>望</strong>" in html
    assert "<script>alert" not in html
    assert "阅读 0:00 / 1:00，满 0:54 即完成" in html


def test_documents_are_offered(player: Player, make: Factory) -> None:
    asset = make.asset(player.course, kind="document", media_type="application/pdf", name="图版讲义.pdf")
    html = page(player.client, player.course, make.lesson(player.course, kind="document", asset_id=asset.id))
    assert "图版讲义.pdf" in html
    assert 'id="document"' in html
    office = make.asset(player.course, kind="document", media_type="application/vnd.ms-excel", name="成绩.xls")
    html = page(player.client, player.course, make.lesson(player.course, kind="document", asset_id=office.id))
    assert 'id="document"' not in html
    assert "请下载后" in html


def test_a_lesson_without_its_file_says_so(player: Player, make: Factory) -> None:
    lesson = make.lesson(player.course, kind="video", asset_id=None, duration_ms=0)
    assert "本课时还没有文件" in page(player.client, player.course, lesson)


def test_a_kind_that_nobody_knows_is_shown_as_such(player: Player, make: Factory) -> None:
    lesson = make.lesson(player.course, kind="hologram")
    assert "hologram" in page(player.client, player.course, lesson)


def test_the_page_takes_few_statements_however_large_the_course(
    player: Player, make: Factory, count_queries: CountQueries
) -> None:
    caption(player, "zh-CN", VTT)
    player.open()
    player.beat((0, 60), at=1)

    address = f"/courses/{player.course.slug}/lessons/{player.lesson.id}"

    def statements() -> list[str]:
        with count_queries() as seen:
            assert "已上报但未计入" in player.client.get(address).text
        return seen

    few = statements()
    for _number in range(5):
        chapter = make.chapter(player.course)
        for _lesson in range(6):
            make.lesson(player.course, chapter)
    many = statements()
    assert len(few) == len(many) <= 8, "\n".join(many)


def caption(player: Player, language: str, text: str | bytes) -> list[str]:
    """Stores subtitles and returns what was found wrong with them."""
    data = text.encode() if isinstance(text, str) else text
    with institution_scope(player.course.institution_id):
        added = captions.put(player.lesson, language, data)
        db.session.commit()
    return added.problems
