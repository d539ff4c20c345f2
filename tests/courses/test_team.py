"""A team across institutions: people come, change, go; a leader always stays; the reviewer stands apart."""

from collections.abc import Callable
from typing import cast

from flask import Flask
from sqlalchemy import select

from core.courses.models import ClassGroup, Course, TeamMember, TeamRole
from core.db import db
from core.tenancy import institution_scope
from tests.browser_less import submit
from tests.client import Client
from tests.courses.conftest import Crew, make_crew
from tests.enrolment.test_guessing import limited as limited
from tests.factories import Factory, logged_in

Login = Callable[..., Client]


def team_of(crew: Crew) -> list[tuple[int, str]]:
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        rows = db.session.scalars(select(TeamMember).order_by(TeamMember.position, TeamMember.id)).all()
    return [(row.user_id, row.role) for row in rows]


def member_of(crew: Crew, user_id: int) -> TeamMember:
    with institution_scope(crew.institution.id):
        return db.session.scalars(select(TeamMember).where(TeamMember.user_id == user_id)).one()


def test_somebody_of_another_institution_joins_by_e_mail_or_user_name(login: Login, crew: Crew, make: Factory) -> None:
    client = login(crew.leader)
    mail, name = make.user(email="anna@example.de"), make.user(username="anna", email=None)
    for person, known_as in ((mail, " Anna@Example.de "), (name, "ANNA")):
        answer = submit(client, f"{crew.url}/team", {"login": known_as, "role": "assistant"}, to=f"{crew.url}/team")
        assert answer.status_code == 302
        assert team_of(crew)[-1] == (person.id, TeamRole.ASSISTANT)
        assert login(person).get(crew.url).status_code == 200


def test_nobody_is_added_twice_and_a_second_time_changes_the_role(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    sent = {"login": crew.instructor.email, "role": "leader"}
    for _press in range(2):
        assert client.post(f"{crew.url}/team", data=sent, headers=client.csrf()).status_code == 302
    assert team_of(crew).count((crew.instructor.id, TeamRole.LEADER)) == 1
    assert len(team_of(crew)) == 3


def test_who_has_no_account_cannot_join(login: Login, crew: Crew, make: Factory) -> None:
    gone = make.user(active=False)
    client = login(crew.leader)
    for known_as in ("nobody@example.cn", "nobody", gone.email, "not an address@", "", "x" * 300, "a\x00"):
        sent = {"login": known_as, "role": "assistant"}
        answer = client.post(f"{crew.url}/team", data=sent, headers=client.csrf())
        assert answer.status_code == 422, known_as
        assert "login-error" in answer.text
    wrong_role = {"login": crew.member.email, "role": "emperor"}
    assert client.post(f"{crew.url}/team", data=wrong_role, headers=client.csrf()).status_code == 422
    assert len(team_of(crew)) == 3


def test_the_last_leader_can_neither_leave_nor_step_down(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    url = f"{crew.url}/team/{member_of(crew, crew.leader.id).id}"
    assert client.post(f"{url}/delete", headers=client.csrf()).status_code == 409
    refused = submit(client, url, {"role": "assistant", "introduction": "教授"})
    assert refused.status_code == 409
    assert "唯一的负责人" in refused.text
    assert team_of(crew)[0] == (crew.leader.id, TeamRole.LEADER)
    submit(client, f"{crew.url}/team/{member_of(crew, crew.instructor.id).id}", {"role": "leader"})
    assert client.post(f"{url}/delete", headers=client.csrf()).status_code == 302
    assert client.get(crew.url).status_code == 404
    assert team_of(crew)[0] == (crew.instructor.id, TeamRole.LEADER)


def test_the_order_and_the_introduction_are_the_course_pages(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    last = member_of(crew, crew.assistant.id)
    for _step in range(2):
        answer = client.post(f"{crew.url}/team/{last.id}/move", data={"direction": "up"}, headers=client.csrf())
        assert answer.status_code == 302
    assert [user_id for user_id, _role in team_of(crew)] == [crew.assistant.id, crew.leader.id, crew.instructor.id]
    submit(client, f"{crew.url}/team/{last.id}", {"introduction": "答疑", "is_listed": None})
    db.session.expire_all()
    changed = member_of(crew, crew.assistant.id)
    assert (changed.introduction, changed.is_listed) == ("答疑", False)


def test_who_leaves_the_team_teaches_none_of_its_classes(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course)
    group = make.class_group(run, name="一班", teacher_id=crew.instructor.id)
    client = login(crew.leader)
    member_id = member_of(crew, crew.instructor.id).id
    for _press in range(2):
        assert client.post(f"{crew.url}/team/{member_id}/delete", headers=client.csrf()).status_code == 302
    with institution_scope(crew.institution.id):
        assert db.session.get_one(ClassGroup, group.id, populate_existing=True).teacher_id is None


def test_members_of_another_courses_team_are_not_found(login: Login, crew: Crew, make: Factory) -> None:
    other = make.teammate(make.course(crew.institution), make.user())
    client = login(crew.leader)
    assert client.get(f"{crew.url}/team/{other.id}").status_code == 404
    assert client.post(f"{crew.url}/team/{other.id}/move", headers=client.csrf()).status_code == 404
    client.post(f"{crew.url}/team/{other.id}/delete", headers=client.csrf())
    with institution_scope(crew.institution.id):
        assert db.session.get(TeamMember, other.id, populate_existing=True) is not None


def test_author_and_reviewer_are_different_people(login: Login, crew: Crew, make: Factory) -> None:
    expert = make.user(name="专家")
    admin, leader = login(crew.administrator), login(crew.leader)

    def name(known_as: str | None) -> int:
        sent = {"reviewer": known_as}
        return admin.post(f"{crew.url}/reviewer", data=sent, headers=admin.csrf()).status_code

    assert name(crew.assistant.email) == 422
    assert name("nobody@example.cn") == 422
    assert name(expert.email) == 302
    page = leader.get(f"{crew.url}/team").text
    assert "专家" in page
    sent = {"login": expert.email, "role": "instructor"}
    refused = leader.post(f"{crew.url}/team", data=sent, headers=leader.csrf())
    assert refused.status_code == 422
    assert "不能同时是作者" in refused.text
    assert name("") == 302
    with institution_scope(crew.institution.id):
        assert db.session.get_one(Course, crew.course.id, populate_existing=True).reviewer_id is None


def test_only_administrators_name_the_reviewer(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    sent = {"reviewer": crew.member.email}
    assert client.post(f"{crew.url}/reviewer", data=sent, headers=client.csrf()).status_code == 403
    assert f"{crew.url}/reviewer" not in client.get(f"{crew.url}/team").text


def test_the_rights_are_told_from_the_table_that_decides(login: Login, crew: Crew) -> None:
    page = login(crew.assistant).get(f"{crew.url}/team").text
    rights = page.partition('id="rights"')[2]
    assert rights.count('aria-label="是"') == 9 + 6 + 2
    assert "添加成员" not in page


def test_the_team_page_does_not_become_a_list_of_accounts(limited: Flask) -> None:
    crew = make_crew(Factory())
    client = cast(Client, logged_in(limited, crew.leader))
    sent = {"login": "guess@example.cn", "role": "assistant"}
    answers = [client.post(f"{crew.url}/team", data=sent, headers=client.csrf()).status_code for _guess in range(61)]
    assert (set(answers[:60]), answers[60]) == ({422}, 429)
