"""Finding, making and changing courses over JSON."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from core import clock
from core.courses.models import Course, CourseRun, CourseState, EnrolmentPolicy
from core.db import db
from core.tenancy import institution_scope
from tests.api.conftest import Furnished
from tests.client import Client
from tests.factories import Factory

API = "/api/v1"


def collect(client: Client, address: str | None, **options: Any) -> list[list[str]]:
    """The slugs of every piece of a list, by following ``next``."""
    pieces = []
    while address is not None:
        answer = client.get(address, **options)
        assert answer.status_code == 200, answer.text
        pieces.append([item["slug"] for item in answer.get_json()["items"]])
        assert (answer.get_json()["next"] is None) == ("Link" not in answer.headers)
        address = answer.get_json()["next"]
    return pieces


def test_the_catalogue_comes_in_pieces_that_courses_added_meanwhile_do_not_shift(client: Client, make: Factory) -> None:
    home = make.institution()
    for number in range(5):
        make.course(home, slug=f"c{number}", published_at=clock.now() - timedelta(days=10 - number))
    first = client.get(f"{API}/courses?limit=2&sort=newest")
    assert [item["slug"] for item in first.get_json()["items"]] == ["c4", "c3"]
    assert first.headers["Link"] == f'<{first.get_json()["next"]}>; rel="next"'

    make.course(home, slug="newer")
    assert collect(client, first.get_json()["next"]) == [["c2", "c1"], ["c0"]]


def test_a_course_that_left_the_list_does_not_break_it_off(client: Client, make: Factory) -> None:
    home = make.institution()
    courses = [make.course(home, slug=f"c{n}", published_at=clock.now() - timedelta(days=n + 1)) for n in range(4)]
    first = client.get(f"{API}/courses?limit=2")
    with institution_scope(home.id):
        db.session.get_one(Course, courses[1].id).state = CourseState.ARCHIVED
        db.session.commit()
    assert collect(client, first.get_json()["next"]) == [["c2", "c3"]]


def test_a_cursor_belongs_to_its_list(client: Client, make: Factory) -> None:
    home = make.institution()
    for _number in range(3):
        make.course(home)
    cursor = client.get(f"{API}/courses?limit=1").get_json()["next"].partition("cursor=")[2]
    for address in (f"courses?level=beginner&cursor={cursor}", f"institutions?cursor={cursor}", "courses?cursor=x"):
        answer = client.get(f"{API}/{address}", headers={"Accept-Language": "en"})
        assert answer.status_code == 422
        assert answer.get_json()["errors"]["cursor"][0].startswith("This cursor is not from this list.")


def test_the_same_filters_as_on_the_page(client: Client, make: Factory) -> None:
    home = make.institution(slug="home")
    make.course(home, slug="mill", subject="46", title="数控铣削")
    make.course(home, slug="tea", subject="41", level="advanced")
    assert collect(client, f"{API}/courses?subject=46") == [["mill"]]
    assert collect(client, f"{API}/courses?subject=46&subject=41&institution=home&sort=title") != [[]]
    assert collect(client, f"{API}/courses?q=数控") == [["mill"]]
    assert collect(client, f"{API}/courses?institution=nobody") == [[]]
    wrong = client.get(f"{API}/courses?level=highest&limit=0")
    assert wrong.status_code == 422
    assert set(wrong.get_json()["errors"]) == {"level", "limit"}


def test_a_teacher_makes_a_whole_course(furnished: Furnished, client: Client) -> None:
    headers = furnished.headers("teacher")

    def call(method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        answer = client.open(f"{API}{address}", method=method, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.get_json() if answer.data else None

    made = call("POST", "/courses", {"institution": "home", "title": "  制茶   工艺 ", "slug": "tea"})
    assert (made["title"], made["state"], made["version"]) == ("制茶 工艺", "draft", 1)
    values = {"summary": "一", "subject": "41", "outcomes": "- 会", "credit_hours": 7.5, "version": 1}
    changed = call("PATCH", "/courses/tea", values)
    assert (changed["credit_hours"], changed["version"]) == (7.5, 2)

    one, two = (call("POST", "/courses/tea/chapters", {"title": title}) for title in ("一", "二"))
    lesson = call("POST", f"/courses/tea/chapters/{one['id']}/lessons", {"kind": "page", "title": "鲜叶"})
    saved = call("PATCH", f"/courses/tea/lessons/{lesson['id']}", {"version": 1, "body": "# 叶\n文"})
    assert (saved["version"], saved["title"], saved["duration_ms"] > 0) == (2, "鲜叶", True)

    outline = call("GET", "/courses/tea/outline")
    order = [{"id": two["id"], "lessons": [lesson["id"]]}, {"id": one["id"], "lessons": []}]
    ordered = call("PUT", "/courses/tea/outline", {"version": outline["version"], "chapters": order})
    assert [(chapter["id"], len(chapter["lessons"])) for chapter in ordered["chapters"]] == [
        (two["id"], 1),
        (one["id"], 0),
    ]
    call("DELETE", f"/courses/tea/chapters/{one['id']}")
    assert call("GET", "/courses/tea/outline")["removed"][0]["title"] == "一"
    call("DELETE", f"/courses/tea/lessons/{lesson['id']}")
    assert call("POST", f"/courses/tea/lessons/{lesson['id']}/restore")["chapter_id"] == two["id"]

    life = call("POST", "/courses/tea/moves", {"move": "submit"})
    assert (life["state"], life["moves"][0]["after"]) == ("in_review", "in_review")
    run = call("POST", "/courses/tea/runs", {"title": "秋", "starts_at": "2026-09-01T08:00:00+08:00"})
    assert run["starts_at"] == "2026-09-01T00:00:00+00:00"
    assert call("PATCH", f"/courses/tea/runs/{run['id']}", {"version": 1, "capacity": 30})["capacity"] == 30


def test_who_saved_in_between_is_not_overwritten(furnished: Furnished, client: Client) -> None:
    headers = furnished.headers("teacher")
    address = f"{API}/courses/{furnished.course.slug}"
    version = client.get(address, headers=headers).get_json()["version"]
    assert (
        client.patch(address, json={"version": version, "title": "甲", "credit_hours": 9}, headers=headers).status_code
        == 200
    )

    stale = client.patch(address, json={"version": version, "title": "乙", "credit_hours": 10}, headers=headers)
    assert stale.status_code == 409
    assert stale.get_json()["newer"] == {"title": "甲", "credit_hours": 9}
    again = client.patch(address, json={"version": stale.get_json()["version"], "title": "乙"}, headers=headers)
    assert (again.status_code, again.get_json()["title"], again.get_json()["credit_hours"]) == (200, "乙", 9)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"version"}),
        ({"version": 1, "titel": "x"}, {"titel"}),
        ({"version": "1"}, {"version"}),
        ({"version": True}, {"version"}),
        ({"version": 2**63}, {"version"}),
        ({"version": 1, "title": "x" * 121}, {"title"}),
        ({"version": 1, "title": "   "}, {"title"}),
        ({"version": 1, "title": "a\x00b"}, {"title"}),
        ({"version": 1, "summary": "\ud800"}, {"summary"}),
        ({"version": 1, "title": 7, "level": "highest"}, {"title", "level"}),
        ({"version": 1, "has_certificate": "yes"}, {"has_certificate"}),
        ({"version": 1, "credit_hours": 1e308}, {"credit_hours"}),
        ({"version": 1, "credit_hours": float("nan")}, {"credit_hours"}),
        ({"version": 1, "credit_hours": 1.25}, {"credit_hours"}),
        ({"version": 1, "credit_hours": -1}, {"credit_hours"}),
        ({"version": 1, "subject": None}, {"subject"}),
    ],
)
def test_what_cannot_be_taken_is_named_field_by_field(
    furnished: Furnished, client: Client, body: dict[str, Any], fields: set[str]
) -> None:
    answer = client.patch(f"{API}/courses/full", json=body, headers=furnished.headers("teacher"))
    assert answer.status_code == 422, answer.text
    assert set(answer.get_json()["errors"]) == fields
    assert all(
        isinstance(sentence, str) and sentence for said in answer.get_json()["errors"].values() for sentence in said
    )
    assert all(
        "\u4e00" <= sentence[0] <= "\u9fff" for said in answer.get_json()["errors"].values() for sentence in said
    )


def test_a_wrong_part_of_an_order_is_named_where_it_is(furnished: Furnished, client: Client) -> None:
    body = {"version": 1, "chapters": [{"id": 1, "lessons": [1, "2"]}, 7]}
    answer = client.put(f"{API}/courses/full/outline", json=body, headers=furnished.headers("teacher"))
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]["chapters"]) == {"0", "1"}


def test_joining_leaving_and_admitting(furnished: Furnished, client: Client, make: Factory) -> None:
    student, teacher = furnished.headers("student"), furnished.headers("teacher")
    other = f"{API}/courses/full/runs/{furnished.ids['run_id'][1]}"
    assert client.delete(f"{other}/enrolment", headers=student).get_json()["state"] == "withdrawn"
    assert client.put(f"{other}/enrolment", json={}, headers=student).get_json()["state"] == "active"
    assert len(client.get(f"{API}/me/enrolments", headers=student).get_json()["items"]) == 2

    run = f"{API}/courses/full/runs/{furnished.run.id}"
    listed = client.get(f"{run}/enrolments?limit=1", headers=teacher)
    assert len(listed.get_json()["items"]) == 1
    rest = client.get(listed.get_json()["next"], headers=teacher).get_json()
    assert [item["state"] for item in rest["items"]] == ["pending"]
    asking = rest["items"][0]["id"]
    assert (
        client.post(f"{run}/enrolments/{asking}/refuse", json={"reason": "满"}, headers=teacher).get_json()["state"]
        == "refused"
    )
    assert client.post(f"{run}/enrolments/{asking}/admit", headers=teacher).get_json()["state"] == "active"
    assert client.get(f"{run}/enrolments", headers=student).status_code == 403


def test_the_code_of_a_run_is_asked_for_and_never_told(app: Flask, client: Client, make: Factory) -> None:
    leader, learner = make.user(), make.user()
    course = make.course(leader=leader, slug="coded")
    run = make.run(course, policy=EnrolmentPolicy.CODE, code="春天")
    site = Furnished(app, make.institution(), make.institution(), course, run, people={"learner": learner})
    headers, address = site.headers("learner"), f"{API}/courses/coded/runs/{run.id}/enrolment"
    assert client.put(address, json={}, headers=headers).get_json()["errors"].keys() == {"code"}
    assert client.put(address, json={"code": "秋"}, headers=headers).status_code == 422
    assert "code" not in client.get(f"{API}/courses/coded/runs", headers=headers).get_json()["items"][0]
    assert client.put(address, json={"code": "春天"}, headers=headers).get_json()["state"] == "active"
    with institution_scope(course.institution_id):
        assert db.session.get_one(CourseRun, run.id).seats_taken == 1
