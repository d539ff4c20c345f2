"""Writing a lesson: nothing typed is lost, nobody's text is overwritten unseen, files fit or are refused."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.courses import lessons
from core.courses.models import Caption, Lesson, LessonDraft
from core.db import db
from core.errors import Invalid, NotFound
from core.files.models import Asset, AssetState
from core.tenancy import institution_scope
from tests.browser_less import forms_of, submit
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]


def url_of(crew: Crew) -> str:
    return f"{crew.url}/lessons/{crew.lessons[0].id}"


def reread(crew: Crew, lesson: Lesson | None = None) -> Lesson:
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        return db.session.get_one(Lesson, (lesson or crew.lessons[0]).id)


def keep(client: Client, url: str, **sent: Any) -> Any:
    body = {"title": "课时", "body": "", "base_version": 1, "draft_version": 0, **sent}
    return client.put(f"{url}/draft", json=body, headers=client.csrf() | {"Accept": "application/json"})


def test_saving_a_page_measures_its_reading_time(login: Login, crew: Crew) -> None:
    client = login(crew.instructor)
    submit(client, url_of(crew), {"title": "刀具", "body": "字" * 1000, "is_preview": "y"})
    lesson = reread(crew)
    assert (lesson.title, lesson.duration_ms, lesson.is_preview, lesson.is_required) == ("刀具", 120_000, True, True)
    assert (lesson.version, lesson.updated_by_id) == (2, crew.instructor.id)
    submit(client, url_of(crew), {"body": "", "is_required": None})
    assert (reread(crew).duration_ms, reread(crew).is_required) == (0, False)


def test_without_a_script_a_button_shows_the_preview(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    answer = submit(client, url_of(crew), {"body": "**粗**", "action": "preview"})
    assert "<strong>粗</strong>" in answer.text
    assert reread(crew).body == "正文"


def test_a_draft_waits_for_its_writer_and_for_nobody_else(login: Login, crew: Crew) -> None:
    writer, colleague = login(crew.leader), login(crew.instructor)
    answer = keep(writer, url_of(crew), title="题", body="写到一半")
    assert answer.json["draft_version"] == 1
    assert reread(crew).body == "正文"
    assert "写到一半" in writer.get(url_of(crew)).text
    assert "写到一半" not in colleague.get(url_of(crew)).text
    submit(writer, url_of(crew), {"body": "写完了"})
    assert reread(crew).body == "写完了"
    assert "尚未保存的内容" not in writer.get(url_of(crew)).text


def test_a_draft_can_be_discarded(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    keep(client, url_of(crew), body="算了")
    submit(client, url_of(crew), to=f"{url_of(crew)}/draft/discard")
    assert "算了" not in client.get(url_of(crew)).text


def test_a_draft_older_than_the_lesson_is_shown_beside_it(login: Login, crew: Crew) -> None:
    writer, colleague = login(crew.leader), login(crew.instructor)
    keep(writer, url_of(crew), body="我的草稿")
    submit(colleague, url_of(crew), {"body": "同事保存的"})
    page = writer.get(url_of(crew)).text
    assert page.count("我的草稿") == 2
    assert "同事保存的" in page
    submit(writer, url_of(crew))
    assert reread(crew).body == "我的草稿"


def test_two_windows_of_one_person_do_not_overwrite_each_other(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    assert keep(client, url_of(crew), body="窗口一").json["draft_version"] == 1
    assert keep(client, url_of(crew), body="窗口一，续", draft_version=1).json["draft_version"] == 2
    other = keep(client, url_of(crew), body="窗口二", draft_version=0)
    assert other.status_code == 409
    assert "另一个窗口" in other.json["detail"]
    again = keep(client, url_of(crew), body="窗口一，续", draft_version=1)
    assert again.json["draft_version"] == 2, "a repeated request is answered as the first was"


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": None},
        {"body": 7},
        {"body": "\ud800"},
        {"body": "a\x00"},
        {"body": "长" * 200_001},
        {"title": "长" * 121},
        {"base_version": "1"},
        {"base_version": 10**12},
        {"draft_version": -1},
        {"draft_version": True},
    ],
)
def test_a_draft_that_cannot_be_kept_is_refused_by_field(login: Login, crew: Crew, wrong: dict[str, Any]) -> None:
    client = login(crew.leader)
    answer = keep(client, url_of(crew), **wrong)
    assert answer.status_code == 422
    assert answer.json["field"] == next(iter(wrong))
    with institution_scope(crew.institution.id):
        assert db.session.scalars(select(LessonDraft)).all() == []


def test_a_stale_lesson_shows_both_texts(login: Login, crew: Crew) -> None:
    one, other = login(crew.leader), login(crew.instructor)
    opened = next(form for form in forms_of(other.get(url_of(crew))) if "body" in form.names)
    submit(one, url_of(crew), {"body": "先保存的"})
    late = other.post(url_of(crew), data={**opened.values, "body": "后保存的"})
    assert late.status_code == 409
    assert "王建国" in late.text
    assert late.text.count("先保存的") == 1
    assert late.text.count("后保存的") == 2
    assert reread(crew).body == "先保存的"


def test_a_video_learns_its_length_when_its_file_was_probed(crew: Crew, make: Factory) -> None:
    lesson = make.lesson(crew.course, crew.chapters[0], kind="video", asset_id=None, duration_ms=0)
    asset = make.asset(crew.course, state=AssetState.PROBING, duration_ms=0)
    with institution_scope(crew.institution.id):
        lessons.attach_asset(db.session.get_one(Lesson, lesson.id), asset, crew.leader.id)
        db.session.commit()
        assert reread(crew, lesson).duration_ms == 0
        row = db.session.get_one(Asset, asset.id)
        row.state, row.duration_ms = AssetState.READY, 754_000
        db.session.commit()
    for _delivery in range(2):
        lessons.fill_in_lengths({"asset_id": asset.id})
        db.session.commit()
    assert reread(crew, lesson).duration_ms == 754_000


def test_only_files_of_the_right_kind_and_institution_become_lessons(crew: Crew, make: Factory) -> None:
    video = make.lesson(crew.course, crew.chapters[0], kind="video")
    with institution_scope(crew.institution.id):
        for asset, refusal in (
            (make.asset(crew.course, kind="document"), Invalid),
            (make.asset(make.course()), NotFound),
        ):
            with pytest.raises(refusal):
                lessons.attach_asset(db.session.get_one(Lesson, video.id), asset)


def test_a_file_that_is_there_already_is_chosen_from_the_list(login: Login, crew: Crew, make: Factory) -> None:
    lesson = make.lesson(crew.course, crew.chapters[0], kind="video", asset_id=None, duration_ms=0)
    mine = make.asset(crew.course, uploader_id=crew.leader.id, duration_ms=61_000, name="我的.mp4")
    strangers = make.asset(crew.course)
    client = login(crew.leader)
    url = f"{crew.url}/lessons/{lesson.id}"
    assert client.get(url).text.count("我的.mp4") == 1
    submit(client, url, {"asset_id": str(mine.id)}, to=f"{url}/file")
    assert (reread(crew, lesson).asset_id, reread(crew, lesson).duration_ms) == (mine.id, 61_000)
    for wrong in (strangers.id, 10**20, "x", -1):
        answer = client.post(f"{url}/file", data={"asset_id": wrong}, headers=client.csrf())
        assert answer.status_code == 404
    submit(client, url, {"asset_id": ""}, to=f"{url}/file")
    assert reread(crew, lesson).asset_id is None


def test_captions_come_in_are_replaced_and_taken_away(login: Login, crew: Crew, make: Factory) -> None:
    video = make.lesson(crew.course, crew.chapters[0], kind="video")
    client = login(crew.instructor)
    url = f"{crew.url}/lessons/{video.id}"

    def send(text: str, language: str = "zh-CN") -> Any:
        sent = {"language": language, "captions": (io.BytesIO(text.encode()), "a.srt")}
        return submit(client, url, sent, to=f"{url}/captions")

    for words in ("第一版", "第二版"):
        assert send(f"1\n00:00:01,000 --> 00:00:02,000\n{words}\n").status_code == 302
    with institution_scope(crew.institution.id):
        caption_id, vtt = db.session.execute(select(Caption.id, Caption.vtt)).one()
    assert "第二版" in vtt
    refused = send("这不是字幕")
    assert refused.status_code == 422
    assert "caption-error" in refused.text
    assert send("1\n00:00:01,000 --> 00:00:02,000\nx\n", language="klingon").status_code == 422
    nothing = client.post(f"{url}/captions", data={"language": "zh-CN"}, headers=client.csrf())
    assert nothing.status_code == 422
    for _press in range(2):
        assert client.post(f"{url}/captions/{caption_id}/delete", headers=client.csrf()).status_code == 302
    with institution_scope(crew.institution.id):
        assert db.session.scalars(select(Caption)).all() == []


def test_a_body_larger_than_any_form_is_refused_before_it_is_read(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    answer = client.post(
        f"{crew.url}/cover",
        input_stream=io.BytesIO(),
        environ_overrides={"CONTENT_LENGTH": str(25 * 1024**2)},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
