"""From the last byte to a lesson that can be watched, and every reason why not."""

import hashlib
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core.courses.models import Course, CourseState, Lesson
from core.db import db
from core.events import AssetReady, AssetStored, OutboxEvent
from core.files import finishing, stores
from core.files.models import Asset, AssetState, Upload, UploadState
from core.files.upload_views import in_words
from core.i18n import force_locale
from core.jobs.runner import work_off
from core.tenancy import across_institutions
from tests.client import Client
from tests.factories import Factory
from tests.files.tus_client import Uploader
from tests.media.conftest import Clips

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
FAST = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
SLOW = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.fixture
def course(make: Factory) -> Course:
    return make.course(leader=make.user())


@pytest.fixture
def lesson(make: Factory, course: Course) -> Lesson:
    return make.lesson(course, kind="video", asset_id=None, duration_ms=0)


@pytest.fixture
def uploader(client: Client, make: Factory, course: Course) -> Uploader:
    teacher = make.user()
    make.teammate(course, teacher)
    return Uploader(client, teacher)


def _after(app: Flask, upload_id: str) -> Upload:
    """The upload once every job has been done."""
    db.session.commit()
    work_off(app)
    with across_institutions("a test"):
        return db.session.get_one(Upload, upload_id, populate_existing=True)


def _asset(upload: Upload) -> Asset:
    assert upload.asset_id is not None, _words(upload)
    return db.session.get_one(Asset, upload.asset_id)


def _bytes(asset: Asset) -> bytes:
    path = stores.store().local_path(asset.key)
    assert path is not None
    return path.read_bytes()


def _lesson(lesson: Lesson) -> Lesson:
    with across_institutions("a test"):
        return db.session.get_one(Lesson, lesson.id, populate_existing=True)


def _words(upload: Upload) -> str:
    with force_locale("zh_Hans_CN"):
        return in_words(upload, db.session.get(Asset, upload.asset_id or 0))


def test_a_video_becomes_the_file_of_its_lesson(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    data = clips.make("fast.mp4", *FAST).read_bytes()
    upload = _after(app, uploader.whole(course, data, lesson))
    assert upload.state == UploadState.DONE
    asset = _asset(upload)
    assert (asset.state, asset.kind, asset.media_type) == (AssetState.READY, "video", "video/mp4")
    assert (asset.sha256, asset.size, asset.name) == (hashlib.sha256(data).hexdigest(), len(data), "第一讲.mp4")
    assert (asset.width, asset.height, asset.uploader_id) == (160, 90, upload.user_id)
    assert _bytes(asset) == data
    after = _lesson(lesson)
    assert after.asset_id == asset.id
    assert after.duration_ms == asset.duration_ms == pytest.approx(2000, abs=100)
    told = [event.name for event in db.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))]
    assert told == [AssetStored.name, AssetReady.name]
    assert list(stores.spool()._folder.glob(f"{upload.id}*")) == []


def test_the_state_is_told_to_the_page(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    upload_id = uploader.whole(course, clips.make("fast.mp4", *FAST).read_bytes(), lesson)
    before = uploader.ask("GET", f"/files/uploads/{upload_id}/state").get_json()
    assert (before["state"], before["asset"]) == ("finishing", None)
    assert "正在检查" in before["sentence"]
    _after(app, upload_id)
    after = uploader.ask("GET", f"/files/uploads/{upload_id}/state").get_json()
    assert (after["state"], after["asset"]["kind"]) == ("done", "video")


def test_an_index_at_the_end_is_brought_to_the_front_and_both_hashes_are_known(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    data = clips.make("slow.mp4", *SLOW).read_bytes()
    asset = _asset(_after(app, uploader.whole(course, data, lesson)))
    playable = _bytes(asset)
    assert playable.index(b"moov") < playable.index(b"mdat")
    assert asset.sha256 == hashlib.sha256(playable).hexdigest()
    assert asset.size == len(playable)
    assert asset.details["original"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_matroska_file_with_ordinary_streams_plays_in_browsers(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    asset = _asset(
        _after(app, uploader.whole(course, clips.make("screen.mkv", *SLOW, "-c:a", "aac").read_bytes(), lesson))
    )
    assert asset.media_type == "video/mp4"
    assert asset.details["original"]["media_type"] == "video/x-matroska"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "文件不是视频：请上传 MP4、MOV、MKV 或 WebM。"),
        (PDF, "文件不是视频：请上传 MP4、MOV、MKV 或 WebM。"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "文件不是视频：请上传 MP4、MOV、MKV 或 WebM。"),
        (b"<script>alert(1)</script>", "文件不是视频：请上传 MP4、MOV、MKV 或 WebM。"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "保存时中断"),
    ],
)
def test_what_is_no_video_is_refused_in_words_and_never_stored(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, data: bytes, words: str
) -> None:
    upload = _after(app, uploader.whole(course, data, lesson))
    assert upload.state == UploadState.FAILED
    assert words in _words(upload)
    assert _lesson(lesson).asset_id is None
    assert db.session.scalars(select(Asset)).all() == []
    assert list(stores.spool()._folder.glob(f"{upload.id}*")) == []


def test_sound_without_a_picture_is_no_video(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    data = clips.make("sound.mp4", "-movflags", "+faststart", video=False).read_bytes()
    assert "没有画面" in _words(_after(app, uploader.whole(course, data, lesson)))


def test_a_picture_format_that_browsers_do_not_know_is_named(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    data = clips.make("old.avi", "-c:v", "mpeg4").read_bytes()
    assert "H.264" in _words(_after(app, uploader.whole(course, data, lesson)))


def test_a_bad_file_does_not_replace_a_good_one(app: Flask, uploader: Uploader, course: Course, make: Factory) -> None:
    lesson = make.lesson(course, kind="video", duration_ms=60_000)
    _after(app, uploader.whole(course, PDF, lesson))
    after = _lesson(lesson)
    assert (after.asset_id, after.duration_ms) == (lesson.asset_id, 60_000)


def test_documents_are_taken_for_document_lessons_only(
    app: Flask, uploader: Uploader, course: Course, make: Factory
) -> None:
    lesson = make.lesson(course, kind="document", asset_id=None)
    upload = _after(app, uploader.whole(course, PDF, lesson, "讲义.pdf"))
    assert _asset(upload).media_type == "application/pdf"
    assert _lesson(lesson).asset_id == upload.asset_id
    refused = _after(app, uploader.whole(course, b"just text", lesson, "讲义.pdf"))
    assert "文件不是文档" in _words(refused)
    assert _lesson(lesson).asset_id == upload.asset_id


def test_without_a_lesson_the_asset_waits_for_one(app: Flask, uploader: Uploader, course: Course) -> None:
    upload = _after(app, uploader.whole(course, PDF))
    assert upload.state == UploadState.DONE
    assert _asset(upload).institution_id == course.institution_id


def test_the_same_file_twice_rests_on_disk_once(app: Flask, uploader: Uploader, course: Course) -> None:
    first, second = (_asset(_after(app, uploader.whole(course, PDF, name=f"{n}.pdf"))) for n in (1, 2))
    assert first.id != second.id
    assert first.key == second.key


def test_finishing_twice_is_harmless(app: Flask, uploader: Uploader, course: Course) -> None:
    upload = _after(app, uploader.whole(course, PDF))
    answer = uploader.send(f"/files/uploads/{upload.id}", len(PDF), b"")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(PDF)))
    again = _after(app, upload.id)
    assert (again.state, again.asset_id) == (UploadState.DONE, upload.asset_id)
    assert len(db.session.scalars(select(Asset)).all()) == 1
    assert uploader.ask("DELETE", f"/files/uploads/{upload.id}").status_code == 204
    assert len(db.session.scalars(select(Asset)).all()) == 1, "what became an asset stays"


def test_a_course_sent_to_review_meanwhile_stands_still_and_the_file_is_kept(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, clips: Clips
) -> None:
    upload_id = uploader.whole(course, clips.make("fast.mp4", *FAST).read_bytes(), lesson)
    with across_institutions("a test"):
        db.session.get_one(Course, course.id).state = CourseState.IN_REVIEW
        db.session.commit()
    upload = _after(app, upload_id)
    assert upload.state == UploadState.FAILED
    assert "审核" in _words(upload)
    assert _asset(upload).state == AssetState.READY
    assert _lesson(lesson).asset_id is None


def test_an_upload_ended_while_it_is_checked_leaves_no_asset(
    app: Flask, uploader: Uploader, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = uploader.whole(course, PDF)
    take = finishing.take

    def end_meanwhile(*arguments: object, **options: object) -> object:
        found = take(*arguments, **options)  # type: ignore[arg-type]
        with across_institutions("a test"):
            db.session.delete(db.session.get_one(Upload, upload_id))
            db.session.commit()
        return found

    monkeypatch.setattr(finishing, "take", end_meanwhile)
    db.session.commit()
    work_off(app)
    assert db.session.scalars(select(Asset)).all() == []


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("lecture-slides-2fps.mov", "done"),
        ("rec-vp9opus-nodur.webm", "done"),
        ("mkv-srt-subs.mkv", "AAC"),
        ("phone-hevc10-editlist-rot90.mp4", "H.264"),
        ("bad-missing-stsd.mp4", "浏览器无法播放"),
        ("bad-truncated-half.mp4", "文件已就绪。 录像不完整"),
    ],
)
def test_real_recordings_end_ready_or_with_a_reason(
    app: Flask, uploader: Uploader, course: Course, lesson: Lesson, samples: Path, name: str, ends: str
) -> None:
    upload = _after(app, uploader.whole(course, (samples / "video" / name).read_bytes(), lesson, name))
    if ends == "done":
        assert _lesson(lesson).duration_ms == _asset(upload).duration_ms > 1000
    else:
        assert ends in _words(upload)
