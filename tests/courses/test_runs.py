"""Runs, classes in them, and the people: dates in one's own zone, capacity that never shrinks below the seats taken."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from core.courses.models import ClassGroup, CourseRun
from core.db import db
from core.enrolment.models import Enrolment
from core.tenancy import institution_scope
from tests.browser_less import forms_of, submit
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]

AUTUMN = {
    "title": "2026 年秋季",
    "starts_at": "2026-09-01T08:00",
    "ends_at": "2027-01-15T18:00",
    "enrolment_opens_at": "2026-08-20T00:00",
    "enrolment_closes_at": "2026-09-15T23:59",
    "capacity": "120",
    "policy": "open",
    "code": "",
}


def runs_of(crew: Crew) -> list[CourseRun]:
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        return list(db.session.scalars(select(CourseRun).order_by(CourseRun.id)))


def post(client: Client, url: str, sent: dict[str, Any]) -> Any:
    return client.post(url, data=sent, headers=client.csrf())


def test_a_run_is_opened_in_the_persons_own_time(login: Login, crew: Crew, make: Factory) -> None:
    at_home = make.member(crew.institution, "administrator", timezone="Europe/Berlin")
    for person, hour in ((crew.leader, 0), (at_home, 6)):
        client = login(person)
        answer = submit(client, f"{crew.url}/runs/new", AUTUMN)
        assert answer.status_code == 302
        run = runs_of(crew)[-1]
        assert run.starts_at == datetime(2026, 9, 1, hour, 0, tzinfo=UTC)
        page = client.get(answer.location)
        assert 'value="2026-09-01T08:00"' in page.text
        assert submit(client, answer.location, {"title": "改名"}).status_code == 302
        assert runs_of(crew)[-1].starts_at == run.starts_at
    assert "改名" in login(crew.assistant).get(f"{crew.url}/runs").text


def test_pressing_twice_opens_one_run(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    form = next(form for form in forms_of(client.get(f"{crew.url}/runs/new")) if "starts_at" in form.names)
    answers = [client.post(f"{crew.url}/runs/new", data={**form.values, **AUTUMN}) for _press in range(2)]
    assert len({answer.location for answer in answers}) == 1
    assert len(runs_of(crew)) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "长" * 121}, "title"),
        ({"starts_at": ""}, "starts_at"),
        ({"starts_at": "明天"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59"}, "starts_at"),
        ({"ends_at": "2026-08-01T00:00"}, "ends_at"),
        ({"enrolment_closes_at": "2026-08-19T00:00"}, "enrolment_closes_at"),
        ({"enrolment_opens_at": "2027-02-01T00:00", "enrolment_closes_at": ""}, "enrolment_opens_at"),
        ({"capacity": "-1"}, "capacity"),
        ({"capacity": "1e9"}, "capacity"),
        ({"capacity": "99999999999"}, "capacity"),
        ({"policy": "magic"}, "policy"),
        ({"policy": "code", "code": " "}, "code"),
        ({"code": "x" * 65}, "code"),
        ({"code": "a\x00"}, "code"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused_at_its_field(
    login: Login, crew: Crew, wrong: dict[str, str], field: str
) -> None:
    answer = post(login(crew.leader), f"{crew.url}/runs/new", {**AUTUMN, **wrong})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert runs_of(crew) == []


def test_capacity_never_falls_below_the_seats_taken(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course, capacity=50, seats_taken=30)
    client = login(crew.leader)
    url = f"{crew.url}/runs/{run.id}"
    refused = submit(client, url, {"capacity": "29"})
    assert refused.status_code == 422
    assert "已有 30 人选课" in refused.text
    assert submit(client, url, {"capacity": "30"}).status_code == 302
    assert runs_of(crew)[0].capacity == 30
    assert submit(client, url, {"capacity": ""}).status_code == 302
    assert runs_of(crew)[0].capacity is None


def test_a_stale_run_shows_both_texts(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course)
    one, other = login(crew.leader), login(crew.administrator)
    url = f"{crew.url}/runs/{run.id}"
    opened = next(form for form in forms_of(other.get(url)) if "starts_at" in form.names)
    submit(one, url, {"title": "先改的", "policy": "closed"})
    late = other.post(url, data={**opened.values, "title": "后改的", "policy": "open"})
    assert late.status_code == 409
    assert late.text.count("先改的") >= 1
    assert "后改的" in late.text
    assert runs_of(crew)[0].title == "先改的"


def test_only_a_run_that_nobody_joined_can_be_deleted(login: Login, crew: Crew, make: Factory) -> None:
    joined, empty = make.run(crew.course), make.run(crew.course)
    make.enrolment(joined, crew.member, state="withdrawn")
    make.class_group(empty, name="一班")
    client = login(crew.leader)
    assert post(client, f"{crew.url}/runs/{joined.id}/delete", {}).status_code == 409
    assert post(client, f"{crew.url}/runs/{empty.id}/delete", {}).status_code == 302
    assert [run.id for run in runs_of(crew)] == [joined.id]


def test_an_archived_course_opens_no_new_run(login: Login, crew: Crew, make: Factory) -> None:
    course = make.course(crew.institution, crew.leader, state="archived")
    assert post(login(crew.leader), f"/teach/{course.slug}/runs/new", AUTUMN).status_code == 409


def test_runs_of_another_course_are_not_found(login: Login, crew: Crew, make: Factory) -> None:
    other = make.run(make.course(crew.institution))
    group = make.class_group(other)
    run = make.run(crew.course)
    client = login(crew.leader)
    for path in ("", "/learners", "/groups", f"/groups/{group.id}", "/class"):
        assert client.get(f"{crew.url}/runs/{other.id}{path}").status_code == 404, path
    for path in ("", "/delete", "/groups", "/learners", f"/groups/{group.id}", f"/groups/{group.id}/delete"):
        sent = {**AUTUMN, "name": "x", "action": "admit", "enrolment": "1", "version": "1", "teacher_id": ""}
        assert post(client, f"{crew.url}/runs/{other.id}{path}", sent).status_code == 404, path
    assert client.get(f"{crew.url}/runs/{run.id}/groups/{group.id}").status_code == 404


def test_classes_are_added_renamed_and_deleted_when_empty(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course)
    client = login(crew.leader)
    url = f"{crew.url}/runs/{run.id}/groups"
    submit(client, url, {"name": "机电 1 班", "teacher_id": str(crew.assistant.id)}, to=url)
    with institution_scope(crew.institution.id):
        group = db.session.scalars(select(ClassGroup)).one()
    assert (group.name, group.teacher_id) == ("机电 1 班", crew.assistant.id)
    twice = submit(client, url, {"name": "机电 1 班", "teacher_id": ""}, to=url)
    assert twice.status_code == 422
    assert "已有名为" in twice.text
    stranger = submit(client, url, {"name": "2 班", "teacher_id": str(crew.member.id)}, to=url)
    assert stranger.status_code == 422
    one = f"{url}/{group.id}"
    assert submit(client, one, {"name": "机电 2 班", "teacher_id": ""}).status_code == 302
    make.enrolment(run, crew.member, class_group_id=group.id)
    refused = post(client, f"{one}/delete", {})
    assert refused.status_code == 409
    assert "1 人" in refused.text
    with institution_scope(crew.institution.id):
        db.session.scalars(select(Enrolment)).one().class_group_id = None
        db.session.commit()
    for _press in range(2):
        assert post(client, f"{one}/delete", {}).status_code == 302


def test_people_are_admitted_refused_placed_and_taken_out(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course, policy="approval", capacity=2)
    group = make.class_group(run, name="一班")
    people = [make.member(crew.institution, name=name) for name in ("赵一", "钱二", "孙三")]
    asked = [make.enrolment(run, person, state="pending", message=f"我是{person.name}") for person in people]
    client = login(crew.instructor)
    url = f"{crew.url}/runs/{run.id}/learners"

    def states() -> list[tuple[str, int | None]]:
        db.session.expire_all()
        with institution_scope(crew.institution.id):
            rows = db.session.scalars(select(Enrolment).order_by(Enrolment.id)).all()
        return [(row.state, row.class_group_id) for row in rows]

    page = client.get(url).text
    assert "我是赵一" in page
    chosen = [row.id for row in asked]
    full = post(client, url, {"enrolment": chosen, "action": "admit"})
    assert full.status_code == 409
    assert states() == [("pending", None)] * 3, "all or none"
    assert post(client, url, {"enrolment": chosen[:2], "action": "admit"}).status_code == 302
    assert post(client, url, {"enrolment": chosen[2:], "action": "refuse", "reason": "不是本校学生"}).status_code == 302
    assert post(client, url, {"enrolment": chosen[:2], "action": "place", "group_id": group.id}).status_code == 302
    assert states() == [("active", group.id), ("active", group.id), ("refused", None)]
    assert runs_of(crew)[0].seats_taken == 2
    assert post(client, url, {"enrolment": chosen[1:2], "action": "remove"}).status_code == 302
    assert runs_of(crew)[0].seats_taken == 1
    assert post(client, url, {"enrolment": chosen[:1], "action": "place", "group_id": ""}).status_code == 302
    assert states()[0] == ("active", None)


def test_nonsense_about_people_is_refused(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course)
    mine = make.enrolment(run, crew.member)
    other = make.enrolment(make.run(make.course(crew.institution)), crew.member)
    elsewhere = make.class_group(make.run(crew.course))
    client = login(crew.leader)
    url = f"{crew.url}/runs/{run.id}/learners"
    assert post(client, url, {"action": "remove"}).status_code == 422
    assert post(client, url, {"enrolment": [other.id, "x", 10**30], "action": "remove"}).status_code == 422
    assert post(client, url, {"enrolment": [mine.id], "action": "explode"}).status_code == 422
    placed = post(client, url, {"enrolment": [mine.id], "action": "place", "group_id": elsewhere.id})
    assert placed.status_code == 404


def test_the_list_of_people_is_narrowed_and_paged(login: Login, crew: Crew, make: Factory) -> None:
    run = make.run(crew.course)
    group = make.class_group(run, name="一班")
    for number in range(55):
        person = make.user(name=f"学员{number:02}")
        make.enrolment(run, person, class_group_id=group.id if number < 3 else None)
    make.enrolment(run, make.user(name="等待者"), state="pending")
    client = login(crew.assistant)
    url = f"{crew.url}/runs/{run.id}/learners"
    first = client.get(url).text
    assert "共 56 人" in first
    assert first.index("等待者") < first.index("学员00")
    assert "学员54" not in first
    assert "学员54" in client.get(f"{url}?page=2").text
    assert "共 1 人" in client.get(f"{url}?q=员07").text
    assert "共 3 人" in client.get(f"{url}?group={group.id}").text
    assert "共 1 人" in client.get(f"{url}?state=pending").text
    for odd in ("q=%00", "q=%25", "page=-1", "page=99999999999", "state=x", "group=10000000000000", "page=7"):
        assert client.get(f"{url}?{odd}").status_code == 200
    assert 'name="enrolment"' not in first, "an assistant only looks"
