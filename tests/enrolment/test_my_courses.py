"""A person's own page: where to go on, what ends soon, what waits, what is done."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient

from core import clock
from core.courses.models import Course, Lesson
from core.db import db
from core.enrolment.models import Enrolment
from core.enrolment.queries import my_courses
from core.progress.models import LessonProgress
from core.tenancy import institution_scope
from core.users.models import User
from tests.factories import Factory

Login = Callable[..., FlaskClient]
DAY = timedelta(days=1)


def finish(enrolment: Enrolment, *lessons: Lesson, position_ms: int = 0) -> None:
    """Completes the lessons, or with a position leaves them begun."""
    with institution_scope(enrolment.institution_id):
        for lesson in lessons:
            done = None if position_ms else clock.now()
            db.session.add(
                LessonProgress(
                    enrolment_id=enrolment.id,
                    lesson_id=lesson.id,
                    completed_at=done,
                    position_ms=position_ms,
                    duration_ms=lesson.duration_ms,
                )
            )
        db.session.commit()


def course_of(make: Factory, lessons: int, **values: Any) -> tuple[Course, list[Lesson]]:
    course = make.course(**values)
    chapter = make.chapter(course)
    return course, [make.lesson(course, chapter, position=n, title=f"课时{n}") for n in range(lessons)]


def test_progress_counts_required_lessons_that_are_still_there(make: Factory) -> None:
    course, lessons = course_of(make, 4)
    chapter = make.chapter(course)
    optional = make.lesson(course, chapter, is_required=False)
    gone = make.lesson(course, chapter, deleted_at=clock.now())
    buried = make.lesson(course, make.chapter(course, deleted_at=clock.now()))
    enrolment = make.enrolment(make.run(course), make.user())
    finish(enrolment, lessons[0], lessons[1], optional, gone, buried)
    finish(enrolment, lessons[2], position_ms=30_000)
    (mine,) = my_courses(enrolment.user_id)
    assert (mine.done, mine.required, mine.is_finished) == (2, 4, False)


def test_another_persons_progress_is_not_mine(make: Factory) -> None:
    course, lessons = course_of(make, 2)
    run = make.run(course)
    mine, theirs = make.enrolment(run, make.user()), make.enrolment(run, make.user())
    finish(theirs, *lessons)
    assert [entry.done for entry in my_courses(mine.user_id)] == [0]
    assert [entry.is_finished for entry in my_courses(theirs.user_id)] == [True]


def test_courses_of_every_institution_stand_on_one_page(make: Factory, login: Login) -> None:
    user = make.user()
    for title in ("甲校的课", "乙校的课"):
        make.enrolment(make.run(make.course(title=title)), user)
    make.enrolment(make.run(make.course(title="别人的课")), make.user())
    page = login(user).get("/my").text
    assert "甲校的课" in page
    assert "乙校的课" in page
    assert "别人的课" not in page


def test_it_leads_back_to_the_minute(make: Factory, login: Login) -> None:
    course, lessons = course_of(make, 3)
    user = make.user()
    enrolment = make.enrolment(make.run(course), user, last_lesson_id=lessons[1].id, last_active_at=clock.now())
    finish(enrolment, lessons[1], position_ms=52_000)
    page = login(user).get("/my").text
    assert "上次看到 0:52，共 1:00" in page
    assert f'href="/courses/{course.slug}/lessons/{lessons[1].id}"' in page


def test_everything_has_its_place(make: Factory, login: Login) -> None:
    user, now = make.user(), clock.now()
    done, lessons = course_of(make, 1, title="学完的课", credit_hours=Decimal(16))
    finish(make.enrolment(make.run(done), user), *lessons)
    make.enrolment(make.run(make.course(title="等待的课"), policy="approval"), user, state="pending")
    refused = make.run(make.course(title="没通过的课"), policy="approval")
    make.enrolment(refused, user, state="refused", message="名额给了应届生")
    over, _lessons = course_of(make, 2, title="过期的课")
    make.enrolment(make.run(over, starts_at=now - 9 * DAY, ends_at=now - DAY), user)
    soon, _lessons = course_of(make, 2, title="快结课的课")
    make.enrolment(make.run(soon, ends_at=now + 3 * DAY), user)
    left = make.run(make.course(title="退掉的课"))
    make.enrolment(left, user, state="withdrawn")
    page = login(user).get("/my").text
    places = [page.index(words) for words in ("正在学", "快结课的课", "申请", "等待的课", "没通过的课", "已学完")]
    assert places == sorted(places)
    assert "没有通过：名额给了应届生" in page
    assert "“快结课的课”结课" in page
    assert page.index("已结课") < page.index("过期的课")
    assert '<p class="stat__value">16' in page
    assert "退掉的课" not in page


def test_an_empty_page_says_what_to_do(make: Factory, login: Login, client: FlaskClient) -> None:
    page = login(make.user()).get("/my").text
    assert "你还没有选课" in page
    assert "去找课程" in page
    answer = client.get("/my")
    assert answer.status_code in {302, 401}


def test_the_number_of_statements_does_not_grow(make: Factory, login: Login, count_queries: Callable[..., Any]) -> None:
    user: User = make.user()
    browser, sizes = login(user), []
    for more in (1, 10):
        for _number in range(more):
            course, lessons = course_of(make, 2)
            finish(make.enrolment(make.run(course), user, last_lesson_id=lessons[0].id), lessons[0])
        with count_queries() as statements:
            assert browser.get("/my").status_code == 200
        sizes.append(len(statements))
    assert sizes[0] == sizes[1] <= 4
