"""The plain form for browsers without scripts: what it takes, and what it says otherwise."""

from collections.abc import Callable
from io import BytesIO

import pytest
from sqlalchemy import select

from core.courses.models import Course, Lesson
from core.db import db
from core.files import stores, upload_views
from core.files.models import Upload, UploadState
from core.tenancy import across_institutions
from core.users.models import User
from tests.client import Client
from tests.factories import Factory

DATA = b"%PDF-1.7 " + bytes(1000)


@pytest.fixture
def teacher(make: Factory) -> User:
    return make.user()


@pytest.fixture
def lesson(make: Factory, teacher: User) -> Lesson:
    return make.lesson(make.course(leader=teacher), kind="document", asset_id=None)


def _post(
    browser: Client, course: str, lesson: object, data: bytes | None = DATA, **fields: str
) -> tuple[int, str, str]:
    form: dict[str, object] = {"lesson_id": str(lesson), **fields}
    if data is not None:
        form["file"] = (BytesIO(data), "讲义.pdf")
    answer = browser.post(f"/files/uploads/{course}/form", data=form, headers=browser.csrf())
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def _slug(lesson: Lesson) -> str:
    with across_institutions("a test"):
        return db.session.get_one(Course, lesson.course_id).slug


def _uploads() -> list[Upload]:
    with across_institutions("a test"):
        return list(db.session.scalars(select(Upload)))


def test_a_file_goes_the_way_of_all_uploads_and_leads_back(
    login: Callable[..., Client], teacher: User, lesson: Lesson
) -> None:
    status, location, _text = _post(login(teacher), _slug(lesson), lesson.id, next="/teach/x?a=1")
    assert (status, location) == (302, "/teach/x?a=1")
    (upload,) = _uploads()
    assert (upload.state, upload.name, upload.lesson_id) == (UploadState.FINISHING, "讲义.pdf", lesson.id)
    assert stores.spool().path(upload.id).read_bytes() == DATA


def test_it_never_leads_to_another_site(login: Callable[..., Client], teacher: User, lesson: Lesson) -> None:
    _status, location, _text = _post(login(teacher), _slug(lesson), lesson.id, next="https://evil.example/")
    assert location == "/"


def test_what_is_wrong_is_said_and_nothing_is_kept(
    login: Callable[..., Client], make: Factory, teacher: User, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, slug = login(teacher), _slug(lesson)
    before = set(stores.spool()._folder.iterdir())
    for status, words, arguments in (
        (422, "请先选择文件", (slug, lesson.id, None)),
        (422, "空", (slug, lesson.id, b"")),
        (422, "lesson_id", (slug, "abc")),
        (404, "课时", (slug, 999_999)),
        (404, "", ("no-such-course", lesson.id)),
    ):
        answer = _post(browser, *arguments)
        assert answer[0] == status
        assert words in answer[2]
    assert _post(login(make.user()), slug, lesson.id)[0] == 404
    monkeypatch.setattr(upload_views, "FORM_BYTES", 0)
    assert _post(browser, slug, lesson.id, bytes(100_000))[0] == 413
    assert _uploads() == []
    assert set(stores.spool()._folder.iterdir()) == before
