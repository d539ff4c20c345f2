"""The class pages as a teacher uses them: view, export, record, ruling, appeal; and who may not."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from core import clock
from core.courses.models import TeamRole
from core.db import db
from core.progress import service
from core.tenancy import institution_scope
from tests.browser_less import submit
from tests.conftest import CountQueries
from tests.factories import Factory

Login = Callable[..., FlaskClient]


class School:
    """A course with two lessons, its teacher, and one learner who watched half a minute of the first."""

    def __init__(self, make: Factory) -> None:
        self.make = make
        self.teacher = make.user(name="陈老师")
        self.course = make.course(leader=self.teacher)
        chapter = make.chapter(self.course)
        self.lesson = make.lesson(self.course, chapter, kind="video", title="第一讲", position=1)
        make.lesson(self.course, chapter, kind="video", title="第二讲", position=2)
        self.run = make.run(self.course)
        self.student = make.user(name="=王一诺")
        self.enrolment = make.enrolment(self.run, self.student)
        with institution_scope(self.course.institution_id):
            stream = service.open_stream(self.lesson, self.enrolment).stream_id
            db.session.commit()
        with clock.shifted(timedelta(seconds=30)):
            service.heartbeat(self.student.id, stream, 0, [[0, 30_000]])
            service.heartbeat(self.student.id, stream, 1, [[50_000, 60_000], [70_000, 80_000]])
            db.session.commit()
        self.view = f"/teach/{self.course.slug}/runs/{self.run.id}/class"
        self.record = f"/teach/{self.course.slug}/learners/{self.enrolment.id}/lessons/{self.lesson.id}"
        self.own = f"/courses/{self.course.slug}/lessons/{self.lesson.id}/record"


@pytest.fixture
def school(make: Factory) -> School:
    return School(make)


def test_the_view_shows_each_learner_and_leads_to_the_record(school: School, login: Login) -> None:
    page = login(school.teacher).get(school.view)
    assert page.status_code == 200
    assert "=王一诺" in page.text
    assert f'href="{school.record}"' in page.text


def test_the_view_takes_eight_statements_for_two_learners_and_for_thirty(
    school: School, make: Factory, login: Login, count_queries: CountQueries
) -> None:
    client, counts = login(school.teacher), []
    for more in (1, 29):
        for _ in range(more):
            make.enrolment(school.run, make.user())
        with count_queries() as statements:
            assert client.get(school.view).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 8, "\n".join(statements)


def test_csv_opens_right_in_excel_and_starts_no_formula(school: School, login: Login) -> None:
    content = login(school.teacher).get(school.view + ".csv").data
    assert content.startswith(b"\xef\xbb\xbf")
    heading, row = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert heading[5:] == ["1. 第一讲", "2. 第二讲"]
    assert row[0] == "'=王一诺"
    assert row[5] != "0"


def test_a_name_is_text_in_the_workbook_too(school: School, login: Login) -> None:
    content = login(school.teacher).get(school.view + ".xlsx").data
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    cell = sheet.cell(2, 1)
    assert (cell.value, cell.data_type) == ("=王一诺", "s")


def test_a_ruling_counts_the_part_and_is_told_to_the_learner(school: School, login: Login) -> None:
    ruling = {"what": "grant", "start": "0:30", "end": "1:00", "note": "机房停电，已核实"}
    answer = submit(login(school.teacher), school.record, ruling)
    assert answer.status_code == 302
    mine = login(school.student).get(school.own).text
    assert "机房停电，已核实" in mine
    assert "陈老师" in mine


@pytest.mark.parametrize(
    "ruling",
    [
        {"note": ""},
        {"start": "abc"},
        {"start": "2:00", "end": "1:00"},
        {"end": ""},
        {"note": "x" * 501},
        {"what": "everything"},
    ],
)
def test_a_ruling_that_cannot_be_read_changes_nothing(school: School, login: Login, ruling: dict[str, str]) -> None:
    good = {"what": "grant", "start": "0:30", "end": "1:00", "note": "已核实"}
    answer = submit(login(school.teacher), school.record, {**good, **ruling})
    assert answer.status_code == 422
    assert "已核实" not in login(school.student).get(school.own).text


def test_an_appeal_is_filed_seen_and_answered(school: School, login: Login) -> None:
    student, teacher = login(school.student), login(school.teacher)
    assert submit(student, school.own, {"text": "最后十秒我看了"}).status_code == 302
    assert "最后十秒我看了" in teacher.get(f"/teach/{school.course.slug}/appeals").text
    granted = {"answer-what": "grant", "answer-start": "0:50", "answer-end": "1:00", "answer-note": "同意"}
    assert submit(teacher, school.record, granted).status_code == 302
    assert "同意" in student.get(school.own).text
    assert "最后十秒我看了" not in teacher.get(f"/teach/{school.course.slug}/appeals").text


def test_a_second_answer_to_the_same_appeal_is_refused(school: School, login: Login) -> None:
    teacher = login(school.teacher)
    submit(login(school.student), school.own, {"text": "请核实"})
    page = teacher.get(school.record)
    appeal_url = page.text.split('action="')[1:]
    target = next(part.split('"')[0] for part in appeal_url if "/appeals/" in part)
    refusal = {"answer-what": "refuse", "answer-note": "记录显示未播放"}
    first = submit(teacher, school.record, refusal, to=target)
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    second = teacher.post(target, data={**refusal, "csrf_token": token})
    assert (first.status_code, second.status_code) == (302, 409)


def test_who_may_not_look(school: School, make: Factory, login: Login) -> None:
    assistant = make.user()
    make.teammate(school.course, assistant, TeamRole.ASSISTANT)
    other_teacher = make.user()
    make.course(leader=other_teacher)
    assert login(assistant).get(school.view).status_code == 200
    assert login(assistant).get(school.record).status_code == 200
    for stranger in (school.student, other_teacher):
        assert login(stranger).get(school.view).status_code in {403, 404}
        assert login(stranger).get(school.record).status_code in {403, 404}
    assert login(other_teacher).get(school.own).status_code == 404


def test_an_assistant_sees_but_does_not_rule(school: School, make: Factory, login: Login) -> None:
    assistant = make.user()
    make.teammate(school.course, assistant, TeamRole.ASSISTANT)
    client = login(assistant)
    token = submit_token(client, school.own.replace("/record", ""))
    answer = client.post(school.record, data={"what": "grant", "whole": "y", "note": "x", "csrf_token": token})
    assert answer.status_code == 403


def test_another_courses_learner_is_not_found_through_mine(school: School, make: Factory, login: Login) -> None:
    teacher = make.user()
    mine = make.course(leader=teacher)
    url = f"/teach/{mine.slug}/learners/{school.enrolment.id}/lessons/{school.lesson.id}"
    assert login(teacher).get(url).status_code == 404


def submit_token(client: FlaskClient, page: str) -> str:
    """A form token as any page of the site carries it."""
    text = client.get(page).text
    return text.split('name="csrf_token" value="')[1].split('"')[0]
