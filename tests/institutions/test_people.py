"""The people of an institution: found, added, changed, removed, handed their links, taken home as a list."""

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from core.audit import AuditEntry
from core.db import db
from core.institutions.models import Institution, InstitutionRole, Membership
from core.tenancy import across_institutions, institution_scope
from core.users.models import ActivationLink, User
from tests.browser_less import submit
from tests.conftest import CountQueries
from tests.factories import Factory

Login = Callable[..., FlaskClient]


@pytest.fixture
def institution(make: Factory) -> Institution:
    return make.institution(slug="jz", name="江州师范学院")


@pytest.fixture
def boss(make: Factory, institution: Institution) -> User:
    return make.member(institution, "administrator", name="郝建国", password="correct horse battery")


@pytest.fixture
def client(login: Login, boss: User) -> FlaskClient:
    return login(boss)


def role_of(user: User, institution: Institution) -> str | None:
    with institution_scope(institution.id):
        role = db.session.scalar(select(Membership.role).where(Membership.user_id == user.id))
        db.session.commit()
    return role and str(role)


def actions() -> list[str]:
    with across_institutions("a test looks at all of them"):
        found = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        db.session.commit()
    return found


def test_people_are_searched_by_name_number_class_and_role(
    client: FlaskClient, make: Factory, institution: Institution
) -> None:
    wang, li = make.member(institution, name="王小明"), make.member(institution, "instructor", name="李老师")
    with institution_scope(institution.id):
        membership = db.session.scalars(select(Membership).where(Membership.user_id == wang.id)).one()
        membership.external_id, membership.class_name = "20260001", "软件2601班"
        db.session.commit()
    for query, found in [("q=小明", wang), ("q=2026", wang), ("q=软件", wang), ("role=instructor", li)]:
        page = client.get(f"/admin/jz/people?{query}").text
        others = {wang.name, li.name} - {found.name}
        assert found.name in page, query
        assert not any(other in page for other in others), query
    assert "没有符合条件" in client.get("/admin/jz/people?q=%25").text


def test_a_page_of_people_takes_few_statements_however_many_there_are(
    client: FlaskClient, make: Factory, institution: Institution, count_queries: CountQueries
) -> None:
    counts = []
    for _round in range(2):
        for _person in range(30):
            make.member(institution)
        with count_queries() as statements:
            assert client.get("/admin/jz/people").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8, "\n".join(statements)


@pytest.mark.parametrize("path", ["courses", "rules", "profile", "log", "imports", "people/new"])
def test_every_page_takes_few_statements(
    client: FlaskClient, make: Factory, institution: Institution, boss: User, count_queries: CountQueries, path: str
) -> None:
    for _course in range(5):
        make.course(institution, boss)
    with count_queries() as statements:
        assert client.get(f"/admin/jz/{path}").status_code == 200
    assert len(statements) <= 8, "\n".join(statements)


def test_a_person_added_by_hand_activates_with_a_link(app: Flask, client: FlaskClient) -> None:
    entries = {"name": "王小明", "number": "7", "email": "w@b.cn", "role": "student"}
    answer = submit(client, "/admin/jz/people/new", entries)
    assert answer.status_code == 303
    user = db.session.scalars(select(User).where(User.email == "w@b.cn")).one()
    shown = submit(client, answer.location, to=f"/admin/jz/people/{user.id}/link")
    assert shown.status_code == 201
    link = shown.text.split('value="http://127.0.0.1:8000', 1)[1].split('"', 1)[0]
    assert app.test_client().get(link).status_code == 200
    assert "people.added" in actions()


def test_pressed_twice_one_person_is_added(client: FlaskClient) -> None:
    entries = {"name": "王小明", "number": "7", "role": "student", "key": "the-same"}
    for _press in range(2):
        assert submit(client, "/admin/jz/people/new", entries).status_code == 303
    assert len(db.session.scalars(select(User).where(User.username == "7")).all()) == 1


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"name": "", "number": "7"}, "请填写姓名"),
        ({"name": "王", "number": ""}, "至少需要一项"),
        ({"name": "王", "email": "nobody"}, "不是邮箱地址"),
        ({"name": "王" * 81, "number": "7"}, "80"),
        ({"name": "王\0", "number": "7"}, "无法"),
        ({"name": "王", "number": "7", "role": "emperor"}, ""),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    client: FlaskClient, entries: dict[str, str], sentence: str
) -> None:
    answer = submit(client, "/admin/jz/people/new", {"role": "student", **entries})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert entries.get("number", "") in answer.text


def test_the_last_administrator_stays(client: FlaskClient, make: Factory, institution: Institution, boss: User) -> None:
    here = f"/admin/jz/people/{boss.id}"
    assert submit(client, here, {"role": "student"}).status_code == 409
    assert submit(client, f"{here}/remove").status_code == 409
    assert role_of(boss, institution) == InstitutionRole.ADMINISTRATOR
    make.member(institution, "administrator")
    assert submit(client, here, {"role": "instructor"}).status_code == 303
    assert role_of(boss, institution) == InstitutionRole.INSTRUCTOR


def test_who_is_removed_keeps_account_and_enrolments(
    client: FlaskClient, make: Factory, institution: Institution
) -> None:
    student = make.member(institution)
    enrolment = make.enrolment(make.run(make.course(institution)), student)
    assert submit(client, f"/admin/jz/people/{student.id}/remove").status_code == 303
    assert role_of(student, institution) is None
    with institution_scope(institution.id):
        assert db.session.get(type(enrolment), enrolment.id) is not None
    assert db.session.get(User, student.id) is not None
    assert "people.removed" in actions()


def test_a_number_taken_by_another_is_refused(client: FlaskClient, make: Factory, institution: Institution) -> None:
    first, second = make.member(institution), make.member(institution)
    assert submit(client, f"/admin/jz/people/{first.id}", {"number": "7"}).status_code == 303
    answer = submit(client, f"/admin/jz/people/{second.id}", {"number": "7"})
    assert (answer.status_code, "已有人使用编号 7" in answer.text) == (422, True)


def test_accounts_of_others_cannot_be_renamed(client: FlaskClient, make: Factory, institution: Institution) -> None:
    ours = make.member(institution, name="旧名", home_id=institution.id)
    theirs = make.member(institution, name="外人")
    assert submit(client, f"/admin/jz/people/{ours.id}", {"name": "新名"}).status_code == 303
    page = f"/admin/jz/people/{theirs.id}"
    assert 'name="name"' not in client.get(page).text
    submit(client, page, {"role": "student", "name": "改名"})
    names = {user.id: user.name for user in db.session.scalars(select(User))}
    assert (names[ours.id], names[theirs.id]) == ("新名", "外人")


def test_no_link_is_shown_for_accounts_of_others(client: FlaskClient, make: Factory, institution: Institution) -> None:
    theirs = make.member(institution, home_id=make.institution().id)
    answer = client.post(f"/admin/jz/people/{theirs.id}/link", headers=client.csrf())  # type: ignore[attr-defined]
    assert answer.status_code == 409
    assert db.session.scalars(select(ActivationLink)).all() == []


def test_links_for_those_chosen_come_as_a_list(client: FlaskClient, make: Factory, institution: Institution) -> None:
    people = [make.member(institution, name=f"学生{n}", home_id=institution.id) for n in range(3)]
    chosen = {"who": "chosen", "how": "xlsx", "user": [str(people[0].id), str(people[2].id)]}
    answer = submit(client, "/admin/jz/people", chosen, to="/admin/jz/people/links")
    rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert [row[0] for row in rows[1:]] == ["学生0", "学生2"]
    assert all("/activate/" in str(row[-1]) for row in rows[1:])
    assert answer.headers["Cache-Control"] == "no-store"
    nobody = submit(client, "/admin/jz/people", {"who": "chosen", "how": "csv"}, to="/admin/jz/people/links")
    assert nobody.status_code == 422


def test_lists_start_no_formula(client: FlaskClient, make: Factory, institution: Institution) -> None:
    make.member(institution, name='=HYPERLINK("http://evil.example","x")')
    answer = client.get("/admin/jz/people.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    cells = [cell for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    book = load_workbook(io.BytesIO(client.get("/admin/jz/people.xlsx").data))
    assert "f" not in {cell.data_type for row in book.active.iter_rows() for cell in row}  # type: ignore[union-attr]
    assert client.get("/admin/jz/people.pdf").status_code == 404
