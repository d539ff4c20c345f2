"""Rules, profile, courses, log and new institutions."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from core.courses.models import CourseState
from core.db import db
from core.institutions.models import Institution, InstitutionRole, Membership
from core.tenancy import institution_scope
from core.users.models import User
from tests.browser_less import submit
from tests.factories import Factory

Login = Callable[..., FlaskClient]
RULES = "/admin/jz/rules"


@pytest.fixture
def institution(make: Factory) -> Institution:
    return make.institution(slug="jz", name="江州师范学院")


@pytest.fixture
def boss(make: Factory, institution: Institution) -> User:
    return make.member(institution, "administrator", name="郝建国", password="correct horse battery")


@pytest.fixture
def client(login: Login, boss: User) -> FlaskClient:
    return login(boss)


def now(institution: Institution) -> Institution:
    found = db.session.get_one(Institution, institution.id, populate_existing=True)
    db.session.commit()
    return found


def test_rules_are_saved_and_logged(client: FlaskClient, institution: Institution) -> None:
    values = {"watch_threshold": "80", "max_speed": "150", "allow_seeking": None}
    assert submit(client, RULES, values).status_code == 303
    found = now(institution)
    assert (found.watch_threshold, found.max_speed, found.allow_seeking) == (80, 150, False)
    assert "郝建国" in client.get("/admin/jz/log").text


@pytest.mark.parametrize(
    "values",
    [
        {"watch_threshold": "49"},
        {"watch_threshold": "101"},
        {"watch_threshold": "lots"},
        {"watch_threshold": "1e308"},
        {"max_speed": "300"},
        {"max_speed": ""},
    ],
)
def test_rules_beyond_reason_are_refused(client: FlaskClient, institution: Institution, values: dict[str, str]) -> None:
    assert submit(client, RULES, values).status_code == 422
    assert now(institution).version == 1


def test_a_stale_form_keeps_the_persons_text_beside_the_newer_one(
    client: FlaskClient, institution: Institution
) -> None:
    assert submit(client, "/admin/jz/profile", {"introduction": "先保存的"}).status_code == 303
    answer = submit(client, "/admin/jz/profile", {"introduction": "后保存的", "version": "1"})
    assert answer.status_code == 409
    assert "先保存的" in answer.text
    assert "后保存的" in answer.text
    assert "郝建国" in answer.text
    assert now(institution).introduction == "先保存的"


def test_the_same_form_twice_is_no_conflict(client: FlaskClient, institution: Institution) -> None:
    for _press in range(2):
        assert submit(client, RULES, {"watch_threshold": "70", "version": "1"}).status_code == 303
    assert now(institution).version == 2


def test_a_logo_is_taken_and_removed(client: FlaskClient, institution: Institution) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(picture, "PNG")
    there = "/admin/jz/logo"
    answer = submit(client, "/admin/jz/profile", {"logo": (io.BytesIO(picture.getvalue()), "logo.png")}, to=there)
    assert answer.status_code == 303
    assert now(institution).logo_id is not None
    assert client.post(there, data={"remove": "1"}, headers=client.csrf()).status_code == 303  # type: ignore[attr-defined]
    assert now(institution).logo_id is None
    nothing = submit(client, "/admin/jz/profile", {"logo": (io.BytesIO(b"no picture"), "logo.png")}, to=there)
    assert nothing.status_code == 422


def test_courses_show_where_they_stand_and_what_waits(
    client: FlaskClient, make: Factory, institution: Institution, boss: User
) -> None:
    make.course(institution, boss, title="等待审核的课", state=CourseState.IN_REVIEW)
    make.course(institution, boss, title="已发布的课")
    make.course(make.institution(), boss, title="别家的课")
    page = client.get("/admin/jz/courses").text
    assert page.index("等待审核的课") < page.index("已发布的课")
    assert "别家的课" not in page
    waiting = client.get("/admin/jz/courses?state=in_review").text
    assert "已发布的课" not in waiting


def test_the_log_tells_who_did_what_to_whom(client: FlaskClient, make: Factory, institution: Institution) -> None:
    student = make.member(institution, name="王小明")
    submit(client, f"/admin/jz/people/{student.id}", {"role": "instructor"})
    page = client.get("/admin/jz/log").text
    assert "更改了王小明的角色" in page


def test_the_operator_makes_an_institution_with_its_first_administrator(
    app: Flask, make: Factory, login: Login
) -> None:
    first = make.user(email="first@b.cn", password="correct horse battery")
    client = login(make.user(is_operator=True))
    values = {"name": "华西职院", "slug": "hx", "administrator": "first@b.cn"}
    assert submit(client, "/admin/new", values).status_code == 303
    made = db.session.scalars(select(Institution).where(Institution.slug == "hx")).one()
    with institution_scope(made.id):
        joined = db.session.scalars(select(Membership)).one()
    assert (joined.user_id, joined.role) == (first.id, InstitutionRole.ADMINISTRATOR)
    assert "华西职院" in client.get("/admin").text


@pytest.mark.parametrize(
    "values",
    [
        {"slug": "jz"},
        {"slug": "new"},
        {"slug": "Not A Slug"},
        {"slug": ""},
        {"name": ""},
        {"name": "名" * 121},
        {"administrator": "nobody@b.cn"},
    ],
)
def test_an_institution_that_cannot_be_is_not_made(
    make: Factory, login: Login, institution: Institution, values: dict[str, str]
) -> None:
    client = login(make.user(is_operator=True))
    answer = submit(client, "/admin/new", {"name": "新机构", "slug": "fresh", **values})
    assert answer.status_code == 422
    assert len(db.session.scalars(select(Institution)).all()) == 1
