"""Every door of the editor against every kind of person, and what its pages cost."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core.courses.models import TeamMember
from core.db import db
from core.tenancy import institution_scope
from tests.client import Client
from tests.courses.conftest import Crew, make_crew
from tests.factories import Factory

Login = Callable[..., Client]

EVERYBODY_AT_WORK = {"assistant", "instructor", "leader", "administrator"}
EDITORS = {"instructor", "leader", "administrator"}
HEADS = {"leader", "administrator"}

DOORS: dict[str, set[str]] = {
    "GET outline": EVERYBODY_AT_WORK,
    "GET information": EVERYBODY_AT_WORK,
    "POST information": EDITORS,
    "GET team": EVERYBODY_AT_WORK,
    "GET review": EVERYBODY_AT_WORK,
    "POST move": EVERYBODY_AT_WORK,
    "GET runs": EVERYBODY_AT_WORK,
    "GET run": EVERYBODY_AT_WORK,
    "GET learners": EVERYBODY_AT_WORK,
    "GET groups": EVERYBODY_AT_WORK,
    "GET copy_course": EDITORS,
    "POST copy_course": EDITORS,
    "POST set_cover": EDITORS,
    "POST remove_cover": EDITORS,
    "POST add_chapter": EDITORS,
    "GET chapter": EDITORS,
    "POST chapter": EDITORS,
    "GET new_lesson": EDITORS,
    "POST new_lesson": EDITORS,
    "POST move_chapter": EDITORS,
    "POST move_lesson": EDITORS,
    "POST reorder": EDITORS,
    "GET lesson": EDITORS,
    "POST lesson": EDITORS,
    "POST lesson_file": EDITORS,
    "POST put_captions": EDITORS,
    "POST remove_captions": EDITORS,
    "PUT keep_draft": EDITORS,
    "POST discard_draft": EDITORS,
    "POST decide": EDITORS,
    "POST run": HEADS,
    "GET new_run": HEADS,
    "POST new_run": HEADS,
    "POST add_group": HEADS,
    "GET group": HEADS,
    "POST group": HEADS,
    "POST add_member": HEADS,
    "GET member": HEADS,
    "POST member": HEADS,
    "POST move_member": HEADS,
    "POST reviewer": {"administrator"},
    "POST delete_lesson": EDITORS,
    "POST restore_lesson": EDITORS,
    "POST delete_chapter": EDITORS,
    "POST restore_chapter": EDITORS,
    "POST delete_group": HEADS,
    "POST delete_run": HEADS,
    "POST remove_member": HEADS,
}
"""Method and view → who gets in; in an order in which nothing is gone before it is asked for."""


def rules_of(app: Flask) -> dict[str, str]:
    """Method and view → address pattern, for everything that names a course."""
    return {
        f"{method} {rule.endpoint.removeprefix('teach.')}": rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("teach.") and "<course_slug>" in rule.rule
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def addresses(app: Flask, crew: Crew, make: Factory) -> dict[str, str]:
    """The same with the ids of this crew's rows."""
    run = make.run(crew.course)
    with institution_scope(crew.institution.id):
        members = db.session.query(TeamMember).filter_by(course_id=crew.course.id, user_id=crew.assistant.id)
        member_id = members.one().id
    ids = {
        "<course_slug>": crew.course.slug,
        "<int:chapter_id>": crew.chapters[1].id,
        "<int:lesson_id>": crew.lessons[0].id,
        "<int:caption_id>": 1,
        "<int:run_id>": run.id,
        "<int:group_id>": make.class_group(run, name="一班").id,
        "<int:member_id>": member_id,
    }
    found = rules_of(app)
    for name, value in ids.items():
        found = {door: address.replace(name, str(value)) for door, address in found.items()}
    return found


def knock(client: Client, door: str, address: str) -> int:
    """Opens the door as a script would: right token, empty hands."""
    sent: dict[str, Any] = {"json": {}} if door in {"POST reorder", "PUT keep_draft"} else {"data": {}}
    if door.startswith("GET"):
        sent = {}
    return client.open(address, method=door.split()[0], headers=client.csrf(), **sent).status_code


def client_of(login: Login, app: Flask, crew: Crew, role: str) -> Client:
    person = crew.person(role)
    client = login(person) if person is not None else app.test_client()
    assert isinstance(client, Client)
    return client


def test_every_door_is_in_the_table(app: Flask) -> None:
    assert set(rules_of(app)) == set(DOORS)


@pytest.mark.parametrize(
    "role", ["visitor", "foreign_administrator", "member", "assistant", "instructor", "leader", "administrator"]
)
def test_every_door_opens_for_its_people_only(login: Login, app: Flask, crew: Crew, make: Factory, role: str) -> None:
    client, known = client_of(login, app, crew, role), addresses(app, crew, make)
    inside = role in EVERYBODY_AT_WORK
    for door, allowed in DOORS.items():
        status = knock(client, door, known[door])
        if not inside:
            assert status == 404, f"{role} learns of a draft through {door}"
        elif role in allowed:
            assert status in {200, 302, 409, 422}, f"{role}: {door} answers {status}"
        else:
            assert status == 403, f"{role}: {door} answers {status}"


@pytest.mark.parametrize(("role", "status"), [("visitor", 302), ("foreign_administrator", 404), ("member", 403)])
def test_of_a_public_course_outsiders_learn_no_more_than_they_know(
    login: Login, app: Flask, make: Factory, role: str, status: int
) -> None:
    crew = make_crew(make)
    with institution_scope(crew.institution.id):
        crew.course.state = "published"  # type: ignore[assignment] # as the database gives it back
        db.session.commit()
    client = client_of(login, app, crew, role)
    answer = client.get(crew.url)
    assert answer.status_code in {status, 401 if role == "visitor" else status}
    assert client.get("/teach/there-is-no-such-course").status_code == 404


def test_visitors_are_asked_to_log_in_for_their_own_courses(app: Flask) -> None:
    answer = app.test_client().get("/teach")
    assert answer.status_code in {302, 401}


def test_a_form_without_the_sites_token_changes_nothing(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    assert client.post(f"{crew.url}/chapters/{crew.chapters[0].id}/delete").status_code == 400


PAGES = ["", "/information", "/team", "/review", "/runs", "/runs/{run}", "/runs/{run}/groups", "/runs/{run}/learners"]


@pytest.mark.parametrize("path", [*PAGES, "/lessons/{lesson}", "/chapters/{chapter}/lessons", "/copy"])
def test_a_page_costs_at_most_eight_statements_however_long_the_course(
    login: Login, crew: Crew, make: Factory, count_queries: Any, path: str
) -> None:
    run = make.run(crew.course)
    client = login(crew.administrator)
    url = crew.url + path.format(run=run.id, lesson=crew.lessons[0].id, chapter=crew.chapters[0].id)

    def cost() -> int:
        with count_queries() as statements:
            assert client.get(url).status_code == 200
        return len(statements)

    few = cost()
    for number in range(40):
        make.lesson(crew.course, crew.chapters[number % 2], kind="video" if number % 3 else "page", position=number)
    for number in range(20):
        person = make.user()
        make.enrolment(run, person, state="pending" if number % 2 else "active")
        make.class_group(run, name=f"{number} 班", teacher_id=crew.assistant.id)
        make.run(crew.course)
    assert cost() == few
    assert few <= 8


def test_the_list_of_courses_costs_the_same_for_one_and_for_thirty(
    login: Login, crew: Crew, make: Factory, count_queries: Any
) -> None:
    client = login(crew.leader)

    def cost() -> int:
        with count_queries() as statements:
            assert client.get("/teach").status_code == 200
        return len(statements)

    few = cost()
    for _number in range(35):
        make.course(make.institution(), crew.leader)
    assert cost() == few
    assert few <= 8
    assert client.get("/teach?page=2").text.count("/teach/course-") >= 1
