"""At the same moment: eight presses of one button, four people with one address in mind, two leaders at each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core.courses.models import Course, TeamMember, TeamRole
from core.db import db
from core.tenancy import across_institutions
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]
Request = Callable[[], TestResponse]


def at_once(*requests: Request) -> list[TestResponse]:
    """Sends the requests from threads of their own, all at one moment."""
    db.session.commit()
    barrier = Barrier(len(requests))

    def send(request: Request) -> TestResponse:
        barrier.wait(10)
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def count(table: type[Course | TeamMember], *conditions: object) -> int:
    with across_institutions("counting for a test"):
        found = db.session.scalar(select(func.count(table.id)).where(*conditions))  # type: ignore[arg-type]
    db.session.rollback()
    return found or 0


def press(client: Client, url: str, **data: object) -> Request:
    headers = client.csrf()

    def send() -> TestResponse:
        with client.application.app_context():
            return client.post(url, data=data, headers=headers)

    return send


def test_eight_presses_of_one_button_make_one_course(login: Login, make: Factory) -> None:
    institution = make.institution()
    teacher = make.member(institution, "instructor")
    sent = {"title": "机械制图", "institution_id": institution.id, "slug": "", "key": "one-key"}
    answers = at_once(*(press(login(teacher), "/teach/new", **sent) for _press in range(8)))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.location for answer in answers}) == 1
    assert count(Course) == 1


def test_one_address_goes_to_one_of_those_who_want_it(login: Login, make: Factory) -> None:
    institutions = [make.institution() for _n in range(4)]
    people = [(institution, make.member(institution, "instructor")) for institution in institutions]
    answers = at_once(
        *(
            press(login(person), "/teach/new", title="制图", institution_id=institution.id, slug="drawing")
            for institution, person in people
        )
    )
    assert sorted(answer.status_code for answer in answers) == [302, 422, 422, 422]
    assert count(Course, Course.slug == "drawing") == 1


def test_two_leaders_removing_each_other_leave_one(login: Login, crew: Crew, make: Factory) -> None:
    second = make.member(crew.institution)
    other = make.teammate(crew.course, second, TeamRole.LEADER)
    with across_institutions("finding a row for a test"):
        first = db.session.scalars(select(TeamMember).where(TeamMember.user_id == crew.leader.id)).one()
    addresses = [f"{crew.url}/team/{member.id}/delete" for member in (other, first)]
    answers = at_once(press(login(crew.leader), addresses[0]), press(login(second), addresses[1]))
    assert {answer.status_code for answer in answers} <= {302, 404, 409, 403}
    assert count(TeamMember, TeamMember.role == TeamRole.LEADER) == 1


def test_lessons_added_at_once_all_find_a_place(login: Login, crew: Crew) -> None:
    url = f"{crew.url}/chapters/{crew.chapters[0].id}/lessons"
    answers = at_once(*(press(login(crew.leader), url, title=f"并发{n}", kind="page", key=f"k{n}") for n in range(6)))
    assert {answer.status_code for answer in answers} == {302}
    assert count(Course, Course.lesson_count == 10) == 1
