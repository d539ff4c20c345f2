"""Handing in a list on the page: the report first, then the people, then their links."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core.db import db
from core.institutions import import_views
from core.institutions.models import Institution
from core.jobs.runner import work_off
from core.users.models import User
from tests.browser_less import submit
from tests.conftest import CountQueries
from tests.factories import Factory

Login = Callable[..., FlaskClient]
PAGE = "/admin/jz/imports"
LIST = "姓名,学号,邮箱,角色\n王小明,1,w@b.cn,\n李老师,2,,教师\n,3,,\n"


@pytest.fixture
def institution(make: Factory) -> Institution:
    return make.institution(slug="jz")


@pytest.fixture
def client(login: Login, make: Factory, institution: Institution) -> FlaskClient:
    return login(make.member(institution, "administrator", password="correct horse battery"))


def hand_in(client: FlaskClient, data: bytes, name: str = "新生.csv") -> TestResponse:
    return submit(client, PAGE, {"file": (io.BytesIO(data), name)}, to=PAGE)


def people() -> int:
    count = db.session.scalar(select(func.count()).select_from(User)) or 0
    db.session.commit()
    return count


def test_from_the_file_to_the_people_and_their_links(app: Flask, client: FlaskClient) -> None:
    before = people()
    answer = hand_in(client, LIST.encode("gbk"))
    assert answer.status_code == 303
    report = answer.location
    assert "正在检查" in client.get(report).text
    work_off(app)
    page = client.get(report).text
    assert "缺少姓名" in page
    assert "导入这 2 人" in page
    assert people() == before

    assert submit(client, report, to=f"{report}/apply").status_code == 303
    assert "正在导入" in client.get(report).text
    work_off(app)
    assert "这份名单已导入" in client.get(report).text
    assert people() == before + 2
    # The button pressed once more on a page left open.
    assert client.post(f"{report}/apply", headers=client.csrf()).status_code == 303  # type: ignore[attr-defined]
    work_off(app)
    assert people() == before + 2

    links = submit(client, report, {"how": "csv"}, to=f"{report}/links")
    assert links.data.decode("utf-8-sig").count("/activate/") == 2
    assert "/activate/" not in client.get(report).text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "文件是空的"),
        ("姓名,学号\n".encode(), "只有表头"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "文件"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 Excel"),
        ("学校,地址\n一中,北路\n".encode(), "表头行"),
    ],
)
def test_a_file_that_is_no_list_is_refused_beside_the_field(client: FlaskClient, data: bytes, sentence: str) -> None:
    answer = hand_in(client, data)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_no_file_at_all(client: FlaskClient) -> None:
    assert submit(client, PAGE, to=PAGE).status_code == 422


def test_a_file_beyond_the_limit_is_not_read(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_views, "MOST_BYTES", 1000)
    assert hand_in(client, LIST.encode() * 2000).status_code == 413


def test_the_content_counts_and_not_the_name(app: Flask, client: FlaskClient) -> None:
    answer = hand_in(client, LIST.encode(), "../../名单.xlsx")
    assert answer.status_code == 303
    work_off(app)
    assert "不能导入" in client.get(answer.location).text


def test_a_report_takes_few_statements_however_long_the_list(
    app: Flask, client: FlaskClient, count_queries: CountQueries
) -> None:
    counts = []
    for count in (5, 200):
        rows = "".join(f"学生{count}-{n},{count}{n:04d}\n" for n in range(count))
        report = hand_in(client, f"姓名,学号\n{rows}".encode()).location
        work_off(app)
        with count_queries() as statements:
            assert client.get(report).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8, "\n".join(statements)


def test_templates_are_offered(client: FlaskClient) -> None:
    assert client.get(f"{PAGE}/template.csv").data.startswith(b"\xef\xbb\xbf")
    assert client.get(f"{PAGE}/template.xlsx").data.startswith(b"PK")
    assert client.get(f"{PAGE}/template.pdf").status_code == 404
