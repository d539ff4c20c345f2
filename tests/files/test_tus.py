"""The protocol: tus 1.0 with creation, expiration, checksum and termination, and who may speak it."""

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core import clock
from core.config import current_settings
from core.courses.models import Course, CourseState, TeamMember, TeamRole
from core.db import db
from core.files import stores
from core.files.models import Upload, UploadState
from core.jobs.models import Job
from core.tenancy import across_institutions
from core.users.models import User
from tests.client import Client
from tests.conftest import CountQueries
from tests.factories import Factory
from tests.files.tus_client import PIECE, Uploader

DATA = b"0123456789" * 30_000


@pytest.fixture
def teacher(make: Factory) -> User:
    return make.user()


@pytest.fixture
def course(make: Factory, teacher: User) -> Course:
    return make.course(leader=teacher)


@pytest.fixture
def uploader(client: Client, teacher: User) -> Uploader:
    return Uploader(client, teacher)


@pytest.fixture
def address(uploader: Uploader, course: Course) -> str:
    """An upload of ``DATA`` that has begun."""
    return str(uploader.create(course, len(DATA)).headers["Location"])


def _row(address: str) -> Upload | None:
    db.session.expire_all()
    with across_institutions("a test"):
        return db.session.get(Upload, address.rsplit("/", 1)[1])


def _refused(answer: Any, status: int, words: str) -> None:
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert words in answer.get_json()["detail"]


def test_options_say_what_the_server_can_do(client: Client) -> None:
    answer = client.options("/files/uploads/any-course")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {"creation", "expiration", "checksum", "termination"}
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")
    assert int(answer.headers["Tus-Max-Size"]) >= 4 * 1024**3


def test_a_file_arrives_in_pieces_and_a_job_takes_over(uploader: Uploader, course: Course, address: str) -> None:
    assert uploader.offset(address) == 0
    first = uploader.send(address, 0, DATA[:100_000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "100000")
    standing = uploader.ask("HEAD", address)
    assert standing.headers["Upload-Offset"] == "100000"
    assert standing.headers["Upload-Length"] == str(len(DATA))
    assert standing.headers["Cache-Control"] == "no-store"
    assert "filename 56ys" in standing.headers["Upload-Metadata"]

    assert uploader.send(address, 100_000, DATA[100_000:]).headers["Upload-Offset"] == str(len(DATA))

    upload = _row(address)
    assert upload is not None
    assert (upload.state, upload.name, upload.course_id) == (UploadState.FINISHING, "第一讲.mp4", course.id)
    assert [job.kind for job in db.session.scalars(select(Job))] == ["files.finish"]
    assert stores.spool().path(upload.id).read_bytes() == DATA


def test_saying_twice_that_it_is_complete_starts_one_job(uploader: Uploader, address: str) -> None:
    uploader.send(address, 0, DATA)
    assert uploader.send(address, len(DATA), b"").status_code == 204
    _refused(uploader.send(address, len(DATA), b"more"), 409, "已上传完成")
    _refused(uploader.send(address, 0, DATA), 409, "已上传完成")
    assert len(list(db.session.scalars(select(Job)))) == 1


def test_a_piece_at_the_wrong_place_is_refused_and_changes_nothing(uploader: Uploader, address: str) -> None:
    uploader.send(address, 0, DATA[:10])
    _refused(uploader.send(address, 5, b"x"), 409, "10")
    _refused(uploader.send(address, "five", b"x"), 400, "Upload-Offset")
    _refused(uploader.send(address, -1, b"x"), 400, "Upload-Offset")
    assert uploader.offset(address) == 10


def test_more_than_was_announced_is_refused_and_none_of_it_kept(uploader: Uploader, address: str) -> None:
    uploader.send(address, 0, DATA[:100])
    _refused(uploader.send(address, 100, DATA), 413, str(len(DATA)))
    assert uploader.offset(address) == 100


def test_the_protocol_is_kept_to(uploader: Uploader, course: Course, address: str) -> None:
    wrong_type = uploader.ask("PATCH", address, {"Content-Type": "text/plain", "Upload-Offset": "0"}, data=b"x")
    _refused(wrong_type, 415, "application/offset+octet-stream")
    for version in ("", "0.2.2"):
        answer = uploader.send(address, 0, b"x", Tus_Resumable=version)
        _refused(answer, 412, "1.0.0")
        assert answer.headers["Tus-Version"] == "1.0.0"
    assert uploader.offset(address) == 0
    headers = {"Upload-Length": "5", "Upload-Metadata": "filename !!!"}
    _refused(uploader.ask("POST", f"/files/uploads/{course.slug}", headers), 400, "Upload-Metadata")


@pytest.mark.parametrize("length", ["", "-1", "4.5", "NaN", "1e9", "9" * 30])
def test_a_length_that_is_no_number_is_refused(uploader: Uploader, course: Course, length: str) -> None:
    _refused(uploader.create(course, length), 400, "Upload-Length")


def test_empty_and_enormous_files_are_refused_before_the_first_byte(uploader: Uploader, course: Course) -> None:
    _refused(uploader.create(course, 0), 422, "空")
    _refused(uploader.create(course, current_settings().max_upload_bytes + 1), 413, "GB")
    with across_institutions("a test"):
        assert db.session.scalars(select(Upload)).all() == []


def test_more_than_four_gigabytes_are_counted_right(
    uploader: Uploader, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = int(4.1 * 1024**3)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Disk", (), {"free": 10**12}))
    address = str(uploader.create(course, length).headers["Location"])
    path = stores.spool().path(address.rsplit("/", 1)[1])
    with path.open("r+b") as file:
        file.truncate(length - 5)  # a sparse file: the bytes before need not be sent

    assert uploader.offset(address) == length - 5
    assert uploader.send(address, length - 5, b"12345").headers["Upload-Offset"] == str(length)
    upload = _row(address)
    assert upload is not None
    assert (upload.length, upload.state) == (length, UploadState.FINISHING)
    stores.spool().discard(upload.id)


def test_a_checksum_decides_about_its_piece(uploader: Uploader, address: str) -> None:
    def checksum(data: bytes, algorithm: str = "sha1") -> str:
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"

    assert uploader.send(address, 0, b"hello", Upload_Checksum=checksum(b"hello")).status_code == 204
    _refused(uploader.send(address, 5, b"hello", Upload_Checksum=checksum(b"other", "sha256")), 460, "损坏")
    _refused(uploader.send(address, 5, b"hello", Upload_Checksum="crc32 AAAA"), 400, "crc32")
    _refused(uploader.send(address, 5, b"hello", Upload_Checksum="sha1 §"), 400, "base64")
    assert uploader.offset(address) == 5


def test_a_terminated_upload_is_gone_with_its_bytes_and_its_job(uploader: Uploader, address: str) -> None:
    uploader.send(address, 0, DATA)
    assert uploader.ask("DELETE", address).status_code == 204
    assert uploader.ask("HEAD", address).status_code == 404
    assert uploader.ask("DELETE", address).status_code == 404
    assert _row(address) is None
    assert list(stores.spool()._folder.glob(f"{address.rsplit('/', 1)[1]}*")) == []
    assert [job.state for job in db.session.scalars(select(Job))] == ["cancelled"]


def test_an_upload_waits_seven_days_from_its_last_byte_on(uploader: Uploader, address: str) -> None:
    with clock.shifted(timedelta(days=6)):
        assert uploader.send(address, 0, b"x").status_code == 204
    with clock.shifted(timedelta(days=12, hours=23)):
        assert uploader.offset(address) == 1
    with clock.shifted(timedelta(days=13, hours=1)):
        _refused(uploader.send(address, 1, b"x"), 410, "过期")


def test_a_full_disk_is_said_and_nothing_is_lost(
    uploader: Uploader, course: Course, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploader.send(address, 0, DATA[:10])
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Disk", (), {"free": 0}))
    _refused(uploader.create(course, 1000), 507, "空间不足")
    assert uploader.offset(address) == 10


def test_a_piece_costs_few_statements_and_never_waits_with_a_transaction(
    uploader: Uploader, address: str, count_queries: CountQueries
) -> None:
    with count_queries() as statements:
        uploader.send(address, 0, DATA[:1000])
    assert len(statements) <= 4, statements


def test_a_browser_sends_its_token_in_a_header(login: Callable[..., Client], course: Course, teacher: User) -> None:
    browser = login(teacher)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    _refused(browser.post(f"/files/uploads/{course.slug}", headers=headers), 400, "重新加载")
    headers |= browser.csrf()
    created = browser.post(f"/files/uploads/{course.slug}", headers=headers)
    assert created.status_code == 201
    piece = {**headers, **PIECE, "Upload-Offset": "0"}
    assert browser.patch(created.headers["Location"], headers=piece, data=b"12345").status_code == 204


def test_who_may_begin_an_upload(client: Client, make: Factory, course: Course) -> None:
    home = make.institution()
    private = make.course(state=CourseState.DRAFT)
    member = make.member(home)
    assert Uploader(client, None).create(course, 5).status_code == 401
    assert Uploader(client, None).create(private, 5).status_code == 404
    assert Uploader(client, member).create(private, 5).status_code == 404, "another institution's teacher or student"
    assert Uploader(client, member).create(course, 5).status_code == 404
    assistant = make.user()
    make.teammate(course, assistant, TeamRole.ASSISTANT)
    assert Uploader(client, assistant).create(course, 5).status_code == 403
    instructor = make.user()
    make.teammate(course, instructor)
    assert Uploader(client, instructor).create(course, 5).status_code == 201


def test_an_upload_is_its_uploaders_alone(client: Client, make: Factory, course: Course, address: str) -> None:
    colleague = make.user()
    make.teammate(course, colleague)
    for other, status in ((None, 401), (make.user(), 404), (colleague, 404)):
        stranger = Uploader(client, other)
        assert stranger.ask("HEAD", address).status_code == status
        assert stranger.send(address, 0, b"x").status_code == status
        assert stranger.ask("DELETE", address).status_code == status
    assert Uploader(client, colleague).ask("GET", f"{address}/state").get_json()["state"] == "receiving"
    assert Uploader(client, make.user()).ask("GET", f"{address}/state").status_code == 404


def test_who_left_the_team_cannot_go_on(
    uploader: Uploader, make: Factory, course: Course, teacher: User, address: str
) -> None:
    with across_institutions("a test"):
        db.session.delete(db.session.scalars(select(TeamMember).where(TeamMember.user_id == teacher.id)).one())
        db.session.commit()
    _refused(uploader.send(address, 0, b"x"), 403, "课程")


def test_a_lesson_must_be_of_this_course_and_take_files(uploader: Uploader, make: Factory, course: Course) -> None:
    video, page, elsewhere = make.lesson(course, kind="video"), make.lesson(course), make.lesson(make.course())
    assert uploader.create(course, 5, video).status_code == 201
    _refused(uploader.create(course, 5, page), 422, "没有文件")
    _refused(uploader.create(course, 5, elsewhere), 404, "课时")
    assert uploader.create(course, 5, lesson_id="x").status_code == 422
    assert uploader.create(course, 5, lesson_id="9" * 15).status_code == 422


def test_a_course_that_stands_still_takes_no_files(uploader: Uploader, make: Factory, teacher: User) -> None:
    reviewed = make.course(leader=teacher, state=CourseState.IN_REVIEW)
    assert uploader.create(reviewed, 5).status_code == 409


@pytest.mark.parametrize("odd", ["x", "0" * 31, "Z" * 32, "%00" * 32, "..%2f..%2fsecret"])
def test_an_id_that_is_none_is_not_found(uploader: Uploader, odd: str) -> None:
    assert uploader.ask("HEAD", f"/files/uploads/{odd}").status_code in {308, 400, 404, 405}
