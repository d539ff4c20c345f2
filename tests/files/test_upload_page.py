"""Uploads as a teacher meets them, in a real browser: progress, pause, a line that drops, a reload, a refusal."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from core.courses.models import Course, Lesson
from core.db import db
from core.files.models import Upload
from core.jobs.runner import work_off
from core.tenancy import across_institutions
from core.users.models import User
from tests.browser import PHONE, LiveSite, assert_fits, axe_violations, log_in
from tests.files.test_finishing import FAST
from tests.media.conftest import Clips

pytestmark = pytest.mark.browser

NewContext = Callable[..., BrowserContext]
SLOWLY = 300_000
"""Bytes per second: a file of two megabytes then takes long enough to press a button meanwhile."""


class Desk:
    """A teacher with the page of a lesson open."""

    def __init__(self, live: LiveSite, new_context: NewContext, **options: object) -> None:
        self.live = live
        self.teacher: User = live.make.user()
        self.course: Course = live.make.course(leader=self.teacher)
        self.lesson: Lesson = live.make.lesson(self.course, kind="video", asset_id=None, duration_ms=0)
        self.context = new_context(**options)
        log_in(live, self.context, self.teacher)
        self.page: Page = self.context.new_page()
        self.network = self.context.new_cdp_session(self.page)
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self.live.url}/teach/{self.course.slug}/lessons/{self.lesson.id}")

    def choose(self, file: Path) -> Locator:
        self.page.locator("#upload-file").set_input_files(file)
        return self.page.locator(".uploads__row").filter(has_text=file.name).last

    def line(self, bytes_per_second: int = -1, *, offline: bool = False) -> None:
        """What the line is like from now on; -1: as fast as it can."""
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1}
        self.network.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": bytes_per_second})

    def work(self) -> None:
        """As the worker beside a real site does."""
        db.session.commit()
        work_off(self.live.app)

    def uploads(self) -> list[Upload]:
        db.session.expire_all()
        with across_institutions("a test"):
            return db.session.query(Upload).all()


@pytest.fixture
def film(clips: Clips, tmp_path: Path) -> Path:
    """A film of two megabytes: one of two seconds, with padding that players skip."""
    data = clips.make("fast.mp4", *FAST).read_bytes()
    padded = tmp_path / "第一讲 绪论.mp4"
    room = 2_000_000
    padded.write_bytes(data + (room + 8).to_bytes(4, "big") + b"free" + os.urandom(room))
    return padded


def test_a_film_is_chosen_uploaded_checked_and_ready(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context)
    row = desk.choose(film)
    expect(row).to_contain_text("第一讲 绪论.mp4")
    expect(row).to_have_attribute("data-state", "checking")
    expect(row).to_contain_text("正在检查")
    desk.work()
    expect(row).to_have_attribute("data-state", "ready")
    expect(row).to_contain_text("文件已就绪")
    with across_institutions("a test"):
        lesson = db.session.get_one(Lesson, desk.lesson.id, populate_existing=True)
        assert lesson.asset_id is not None
        assert lesson.duration_ms == pytest.approx(2000, abs=100)
    row.get_by_role("link").click()
    expect(desk.page.get_by_text("第一讲 绪论.mp4").first).to_be_visible()


def test_who_writes_while_the_film_uploads_can_save(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context)
    desk.page.locator("textarea[name=body]").fill("看完视频后思考三个问题。")
    row = desk.choose(film)
    expect(row).to_have_attribute("data-state", "checking")
    desk.work()
    expect(row).to_have_attribute("data-state", "ready")
    desk.page.get_by_role("button", name="保存", exact=True).click()
    desk.page.wait_for_load_state()
    with across_institutions("a test"):
        lesson = db.session.get_one(Lesson, desk.lesson.id, populate_existing=True)
    assert (lesson.body, lesson.asset_id is not None) == ("看完视频后思考三个问题。", True)


def test_a_file_that_is_no_video_is_refused_with_the_reason(
    live: LiveSite, new_context: NewContext, tmp_path: Path
) -> None:
    desk = Desk(live, new_context)
    wrong = tmp_path / "讲义.mp4"
    wrong.write_bytes(b"%PDF-1.7 " + bytes(1000))
    row = desk.choose(wrong)
    expect(row).to_have_attribute("data-state", "checking")
    desk.work()
    expect(row).to_have_attribute("data-state", "refused")
    expect(row).to_contain_text("文件不是视频：请上传 MP4、MOV、MKV 或 WebM。")


def test_pause_and_go_on_keep_what_arrived(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context)
    desk.line(SLOWLY)
    row = desk.choose(film)
    expect(row.locator("progress")).not_to_have_attribute("value", "0", timeout=20_000)
    row.get_by_role("button", name="暂停").click()
    expect(row).to_have_attribute("data-state", "paused")
    expect(row).to_contain_text("已暂停")
    desk.line()
    row.get_by_role("button", name="继续").click()
    expect(row).to_have_attribute("data-state", "checking")
    assert len(desk.uploads()) == 1


def test_a_line_that_drops_is_said_and_waited_for(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context)
    desk.line(SLOWLY)
    row = desk.choose(film)
    expect(row.locator("progress")).not_to_have_attribute("value", "0", timeout=20_000)
    desk.line(offline=True)
    expect(row).to_have_attribute("data-state", "line")
    expect(row).to_contain_text("网络已断开")
    desk.line()
    expect(row).to_have_attribute("data-state", "checking", timeout=20_000)
    assert len(desk.uploads()) == 1


def test_after_a_reload_the_same_file_goes_on_where_it_stopped(
    live: LiveSite, new_context: NewContext, film: Path
) -> None:
    desk = Desk(live, new_context)
    desk.line(SLOWLY)
    row = desk.choose(film)
    expect(row.locator("progress")).not_to_have_attribute("value", "0", timeout=20_000)
    desk.open()
    waiting = desk.page.locator(".uploads__row")
    expect(waiting).to_have_attribute("data-state", "interrupted")
    expect(waiting).to_contain_text("请再次选择该文件继续")
    desk.line()
    row = desk.choose(film)
    expect(row).to_have_attribute("data-state", "checking")
    expect(desk.page.locator(".uploads__row")).to_have_count(1)
    assert len(desk.uploads()) == 1, "it went on; nothing was begun anew"


def test_a_log_out_meanwhile_keeps_what_arrived(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context)
    desk.line(SLOWLY)
    row = desk.choose(film)
    expect(row.locator("progress")).not_to_have_attribute("value", "0", timeout=20_000)
    row.get_by_role("button", name="暂停").click()
    desk.context.clear_cookies()
    desk.line()
    row.get_by_role("button", name="继续").click()
    expect(row).to_have_attribute("data-state", "failed")
    log_in(live, desk.context, desk.teacher)
    row.get_by_role("button", name="重试").click()
    expect(row).to_have_attribute("data-state", "checking")
    assert len(desk.uploads()) == 1


def test_a_removed_upload_is_gone_on_the_server_too(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context)
    desk.line(SLOWLY)
    row = desk.choose(film)
    expect(row.locator("progress")).not_to_have_attribute("value", "0", timeout=20_000)
    with desk.page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        row.get_by_role("button", name="移除").click()
    assert answer.value.status == 204
    expect(desk.page.locator(".uploads__row")).to_have_count(0)
    assert desk.uploads() == []


def test_without_scripts_a_plain_form_takes_the_file(live: LiveSite, new_context: NewContext, film: Path) -> None:
    desk = Desk(live, new_context, java_script_enabled=False)
    desk.page.locator("#upload-file").set_input_files(film)
    desk.page.get_by_role("button", name="上传").click()
    expect(desk.page.get_by_text("正在检查").first).to_be_visible()
    desk.work()
    desk.open()
    expect(desk.page.get_by_text("第一讲 绪论.mp4").first).to_be_visible()


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE}])
def test_every_state_fits_and_is_accessible(
    live: LiveSite, new_context: NewContext, film: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    desk = Desk(live, new_context, **options)
    wrong = tmp_path / "不是视频的讲义，名字很长很长很长很长很长很长很长很长很长很长.mp4"
    wrong.write_bytes(b"%PDF-1.7 ")
    refused, ready = desk.choose(wrong), desk.choose(film)
    expect(ready).to_have_attribute("data-state", "checking")
    desk.work()
    expect(ready).to_have_attribute("data-state", "ready")
    expect(refused).to_have_attribute("data-state", "refused")
    desk.line(SLOWLY)
    paused = desk.choose(film)
    expect(paused.locator("progress")).not_to_have_attribute("value", "0", timeout=20_000)
    paused.get_by_role("button", name="暂停").click()
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        desk.page.screenshot(path=f"{folder}/upload-{'360' if options else '1280'}.png", full_page=True)
    assert_fits(desk.page)
    assert axe_violations(desk.page) == []
