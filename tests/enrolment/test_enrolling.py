"""Getting into a run and out of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import clock
from core.courses.models import ClassGroup, Course, CourseRun, CourseState
from core.db import db
from core.enrolment import service
from core.enrolment.models import Enrolment, EnrolmentState
from core.errors import Conflict, Invalid, NotFound
from core.events import OutboxEvent
from core.institutions.models import Institution
from core.tenancy import across_institutions, institution_scope
from core.users.models import User
from tests.browser_less import submit
from tests.factories import Factory

Login = Callable[..., FlaskClient]
DAY = timedelta(days=1)


def enrolment_of(user: User, run: CourseRun) -> Enrolment | None:
    db.session.expire_all()
    with across_institutions("a test"):
        return db.session.scalars(
            select(Enrolment).where(Enrolment.user_id == user.id, Enrolment.run_id == run.id)
        ).one_or_none()


def state_of(user: User, run: CourseRun) -> str | None:
    enrolment = enrolment_of(user, run)
    return enrolment.state if enrolment else None


def seats(run: CourseRun) -> tuple[int, int]:
    """Seats taken in the run, and people the course counts."""
    db.session.expire_all()
    with across_institutions("a test"):
        return (
            db.session.scalar(select(CourseRun.seats_taken).where(CourseRun.id == run.id)) or 0,
            db.session.scalar(select(Course.enrolment_count).where(Course.id == run.course_id)) or 0,
        )


@pytest.fixture
def course(make: Factory) -> Course:
    return make.course(title="数控车削编程与加工")


@pytest.fixture
def enrol(login: Login, course: Course) -> Callable[..., Any]:
    """Presses the button of the course page, as a browser without scripts does."""

    def press(user: User, run: CourseRun, **typed: str) -> Any:
        page = f"/courses/{course.slug}"
        return submit(login(user), f"{page}?run={run.id}", typed, to=f"{page}/enrol", follow_redirects=True)

    return press


def test_one_press_enrols_and_leads_to_the_first_lesson(
    make: Factory, course: Course, enrol: Callable[..., Any]
) -> None:
    lesson, run, user = make.lesson(course), make.run(course), make.user()
    answer = enrol(user, run)
    assert "选课成功" in answer.text
    assert f'href="/courses/{course.slug}/lessons/{lesson.id}"' in answer.text
    assert state_of(user, run) == EnrolmentState.ACTIVE
    assert seats(run) == (1, 1)


def test_enrolling_is_announced_once(make: Factory, course: Course, login: Login) -> None:
    run, user = make.run(course), make.user()
    client = login(user)
    for _click in range(2):
        token = client.get("/my").text.partition('csrf-token" content="')[2].partition('"')[0]
        answer = client.post(f"/courses/{course.slug}/enrol", data={"run_id": run.id, "csrf_token": token})
        assert answer.status_code == 302
    assert seats(run) == (1, 1)
    events = db.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "enrolment.enrolled")).all()
    assert [event.payload["user_id"] for event in events] == [user.id]


def test_leaving_frees_the_seat_and_coming_back_keeps_the_row(
    make: Factory, course: Course, login: Login, enrol: Callable[..., Any]
) -> None:
    run, user = make.run(course, capacity=1), make.user()
    enrol(user, run)
    first = enrolment_of(user, run)
    assert first is not None
    page = f"/courses/{course.slug}/leave?run={run.id}"
    answer = submit(login(user), page, to=f"/courses/{course.slug}/leave", follow_redirects=True)
    assert "你学过的内容会保留" in answer.text
    assert state_of(user, run) == EnrolmentState.WITHDRAWN
    assert seats(run) == (0, 0)
    enrol(user, run)
    again = enrolment_of(user, run)
    assert again is not None
    assert (again.id, again.state) == (first.id, EnrolmentState.ACTIVE)
    assert seats(run) == (1, 1)


def test_a_full_run_says_so_and_keeps_nobody(make: Factory, course: Course, app: Flask) -> None:
    run = make.run(course, capacity=1)
    with institution_scope(course.institution_id):
        service.enrol(run, make.user().id)
        db.session.commit()
        stale = db.session.get_one(CourseRun, run.id)
        # Somebody who opened the page while there was a seat: only the UPDATE can tell.
        db.session.expunge(stale)
        stale.seats_taken = 0
        late = make.user()
        with pytest.raises(Conflict, match=r"“2026年秋季”已满：1 个名额都有人了"):
            service.enrol(stale, late.id)
        db.session.commit()
    assert state_of(late, run) is None
    assert seats(run) == (1, 1)


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        ({"enrolment_opens_at": DAY}, "开始选课"),
        ({"enrolment_closes_at": -DAY}, "的选课已于"),
        ({"ends_at": -DAY, "starts_at": -9 * DAY}, "的选课已于"),
        ({"policy": "closed"}, "由课程团队统一加人"),
    ],
)
def test_outside_its_dates_nobody_gets_in(make: Factory, course: Course, dates: dict[str, Any], sentence: str) -> None:
    values = {key: clock.now() + value if isinstance(value, timedelta) else value for key, value in dates.items()}
    run, user = make.run(course, **values), make.user()
    with institution_scope(course.institution_id), pytest.raises(Conflict, match=sentence):
        service.enrol(run, user.id)
    assert state_of(user, run) is None


def test_the_refusal_names_the_date_on_the_persons_own_clock(make: Factory, course: Course, login: Login) -> None:
    opens = clock.now().replace(year=clock.now().year + 1, month=3, day=1, hour=20, minute=30)
    run = make.run(course, enrolment_opens_at=opens)
    shanghai = login(make.user(timezone="Asia/Shanghai")).get(f"/courses/{course.slug}").text
    urumqi = login(make.user(timezone="Asia/Urumqi")).get(f"/courses/{course.slug}").text
    assert f"{opens.year}年3月2日 04:30" in shanghai
    assert f"{opens.year}年3月2日 02:30" in urumqi
    assert run.title in shanghai


def test_a_code_opens_the_door_however_it_was_copied(make: Factory, course: Course, enrol: Callable[..., Any]) -> None:
    run, user = make.run(course, policy="code", code="CNC-2026"), make.user()
    wrong = enrol(user, run, code="CNC-2025")
    assert wrong.status_code == 422
    assert "选课码不对" in wrong.text
    assert 'value="CNC-2025"' in wrong.text
    assert state_of(user, run) is None
    assert enrol(user, run, code="").status_code == 422
    assert enrol(user, run, code=" cnc-2026 ").status_code == 200
    assert state_of(user, run) == EnrolmentState.ACTIVE


def test_asking_to_be_admitted_waits_for_the_team(
    make: Factory, course: Course, enrol: Callable[..., Any], login: Login
) -> None:
    run, user = make.run(course, policy="approval", capacity=1), make.user()
    answer = enrol(user, run, message="机电2401班，李明")
    assert "申请已交给课程团队" in answer.text
    assert state_of(user, run) == EnrolmentState.PENDING
    assert seats(run) == (0, 0)
    assert "课程团队还没有决定" in login(user).get("/my").text
    with institution_scope(course.institution_id):
        service.admit(run, user.id)
        service.admit(run, user.id)
        db.session.commit()
    assert state_of(user, run) == EnrolmentState.ACTIVE
    assert seats(run) == (1, 1)


def test_who_was_refused_reads_why_and_does_not_ask_again(
    make: Factory, course: Course, login: Login, enrol: Callable[..., Any]
) -> None:
    run, user = make.run(course, policy="approval"), make.user()
    enrol(user, run, message="想学")
    with institution_scope(course.institution_id):
        pending = enrolment_of(user, run)
        assert pending is not None
        service.refuse(pending, "本期只收机电专业")
        db.session.commit()
        with pytest.raises(Conflict, match="没有通过你加入"):
            service.enrol(run, user.id)
    page = login(user).get(f"/courses/{course.slug}").text
    assert "本期只收机电专业" in page
    assert "/enrol" not in page


def test_a_run_opened_to_everybody_keeps_nobody_waiting(
    make: Factory, course: Course, enrol: Callable[..., Any]
) -> None:
    run, user = make.run(course, policy="approval"), make.user()
    enrol(user, run)
    with institution_scope(course.institution_id):
        db.session.get_one(CourseRun, run.id).policy = "open"  # type: ignore[assignment]
        db.session.commit()
    enrol(user, run)
    assert state_of(user, run) == EnrolmentState.ACTIVE


def test_nobody_leaves_a_run_in_which_the_team_put_them(make: Factory, course: Course, login: Login) -> None:
    run, user = make.run(course, policy="closed"), make.user()
    enrolment = make.enrolment(run, user)
    with institution_scope(course.institution_id), pytest.raises(Conflict, match="想退出请联系他们"):
        service.withdraw(enrolment)
    assert state_of(user, run) == EnrolmentState.ACTIVE
    assert "/leave" not in login(user).get(f"/courses/{course.slug}").text


def test_people_are_placed_in_classes_of_their_own_run_only(make: Factory, course: Course) -> None:
    here, elsewhere = make.run(course), make.run(course)
    enrolment = make.enrolment(here, make.user())
    with institution_scope(course.institution_id):
        mine, other = ClassGroup(run_id=here.id, name="一班"), ClassGroup(run_id=elsewhere.id, name="二班")
        db.session.add_all([mine, other])
        db.session.commit()
        service.place([enrolment], mine)
        assert enrolment.class_group_id == mine.id
        with pytest.raises(NotFound):
            service.place([enrolment], other)
        service.place([enrolment], None)
        assert enrolment.class_group_id is None


def test_an_archived_course_takes_nobody(make: Factory, course: Course, login: Login) -> None:
    run, learner = make.run(course), make.user()
    make.enrolment(run, learner)
    with institution_scope(course.institution_id):
        db.session.get_one(Course, course.id).state = CourseState.ARCHIVED
        db.session.commit()
        with pytest.raises(Conflict, match="目前不接受选课"):
            service.enrol(run, make.user().id)
    assert "课程已归档" in login(learner).get(f"/courses/{course.slug}").text


@pytest.mark.parametrize("run_id", ["", "0", "-1", "abc", "99999999999999999999", "2147483647"])
def test_made_up_runs_get_a_sentence(make: Factory, course: Course, login: Login, run_id: str) -> None:
    make.run(course)
    page = f"/courses/{course.slug}"
    answer = submit(login(make.user()), page, {"run_id": run_id}, to=f"{page}/enrol")
    assert answer.status_code in {404, 422}


def test_another_courses_run_is_not_found(make: Factory, course: Course, login: Login) -> None:
    make.run(course)
    foreign = make.run(make.course())
    page, user = f"/courses/{course.slug}", make.user()
    answer = submit(login(user), page, {"run_id": str(foreign.id)}, to=f"{page}/enrol")
    assert answer.status_code == 404
    assert state_of(user, foreign) is None


def test_a_visitor_is_asked_to_log_in(make: Factory, course: Course, client: FlaskClient) -> None:
    make.run(course)
    page = client.get(f"/courses/{course.slug}").text
    assert "登录后选课" in page
    assert f"/login?next=/courses/{course.slug}" in page.replace("%2F", "/")


def test_an_empty_code_is_never_the_right_one(make: Factory, course: Course) -> None:
    run = make.run(course, policy="code", code="")
    with institution_scope(course.institution_id), pytest.raises(Invalid):
        service.enrol(run, make.user().id, code="")


def test_the_institution_of_an_enrolment_is_the_courses(make: Factory, course: Course) -> None:
    other: Institution = make.institution()
    user, run = make.member(other), make.run(course)
    with institution_scope(course.institution_id):
        enrolment = service.enrol(run, user.id)
        db.session.commit()
    assert enrolment.institution_id == course.institution_id
