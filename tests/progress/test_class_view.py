"""The class view against brute force, and its price."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert

from core import clock
from core.courses.models import Course, CourseRun, Lesson
from core.db import db, table_of
from core.enrolment.models import Enrolment
from core.progress.class_view import EVERYBODY, ClassView, Filter, Show, Sort, class_view
from core.progress.models import LessonProgress
from core.tenancy import institution_scope
from tests.conftest import CountQueries
from tests.factories import Factory


class Class:
    """A run with lessons of ten minutes."""

    def __init__(self, make: Factory, lessons: int = 3) -> None:
        self.make = make
        self.course: Course = make.course()
        chapter = make.chapter(self.course)
        self.lessons: list[Lesson] = [
            make.lesson(self.course, chapter, position=n, duration_ms=600_000) for n in range(lessons)
        ]
        self.run: CourseRun = make.run(self.course)

    def learner(self, name: str, *percents: int, last_active_days: int | None = 0, **values: object) -> Enrolment:
        moment = None if last_active_days is None else clock.now() - timedelta(days=last_active_days)
        enrolment = self.make.enrolment(self.run, self.make.user(name=name), last_active_at=moment, **values)
        rows = [
            {
                "institution_id": self.course.institution_id,
                "enrolment_id": enrolment.id,
                "lesson_id": lesson.id,
                "watched_ms": percent * 6_000,
                "duration_ms": 600_000,
                "completed_at": clock.now() if percent >= 90 else None,
                "updated_at": clock.now(),
            }
            for lesson, percent in zip(self.lessons, percents, strict=False)
        ]
        if rows:
            enrolment.last_lesson_id = self.lessons[len(rows) - 1].id
            with institution_scope(self.course.institution_id):
                db.session.execute(insert(table_of(LessonProgress)), rows)
                db.session.commit()
        return enrolment

    def view(self, **wanted: object) -> ClassView:
        with institution_scope(self.course.institution_id):
            return class_view(self.run.id, self.course.id, Filter(**wanted))  # type: ignore[arg-type]


@pytest.fixture
def school_class(make: Factory) -> Class:
    return Class(make)


def test_every_cell_says_how_far_a_person_is_with_a_lesson(school_class: Class) -> None:
    school_class.learner("甲", 95, 42, 0)
    (row,) = school_class.view().learners
    assert [row.percents[lesson.id] for lesson in school_class.lessons] == [100, 42, 0]
    assert row.done == 1


def test_figures_are_of_the_whole_class_whatever_is_shown(school_class: Class) -> None:
    school_class.learner("完成", 100, 100, 100)
    school_class.learner("停住", 100, 30, last_active_days=9)
    school_class.learner("在学", 50)
    school_class.learner("没来", last_active_days=None)
    view = school_class.view(show=Show.STUCK)
    assert (view.size, view.finished, view.stuck, view.unstarted) == (4, 1, 1, 1)
    assert [learner.name for learner in view.learners] == ["停住"]
    assert view.learners[0].stuck_at == school_class.lessons[1].id
    assert [(column.started, column.completed) for column in view.columns] == [(3, 2), (2, 1), (1, 1)]


@pytest.mark.parametrize(("sort", "names"), [(Sort.PROGRESS, ["丙", "乙", "甲"]), (Sort.ACTIVE, ["甲", "乙", "丙"])])
def test_sorted_by_need_or_by_presence(school_class: Class, sort: Sort, names: list[str]) -> None:
    school_class.learner("甲", 95, 95, last_active_days=0)
    school_class.learner("乙", 95, last_active_days=2)
    school_class.learner("丙", last_active_days=None)
    assert [learner.name for learner in school_class.view(sort=sort).learners] == names


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%"])
def test_search_takes_wildcards_literally(school_class: Class, text: str) -> None:
    school_class.learner("王一诺")
    assert school_class.view(text=text).learners == []
    assert len(school_class.view(text="一诺").learners) == 1


def test_everybody_on_one_page_is_counted_as_page_by_page(school_class: Class) -> None:
    for percents in ((95, 42, 0), (100, 95), (10,), ()):
        school_class.learner("学生", *percents)
    whole, first = school_class.view(per_page=EVERYBODY), school_class.view(per_page=1)
    assert whole.columns == first.columns
    assert [(column.started, column.completed) for column in whole.columns] == [(3, 2), (2, 1), (1, 0)]
    found = school_class.view(per_page=EVERYBODY, show=Show.UNSTARTED)
    assert found.columns == whole.columns, "the counts are the class's, not those of the people shown"


def test_a_lecture_of_a_whole_day_has_its_percent(school_class: Class) -> None:
    learner = school_class.learner("甲", 0)
    table = table_of(LessonProgress)
    day = {"duration_ms": 86_400_000, "watched_ms": 64_800_000}
    with institution_scope(school_class.course.institution_id):
        db.session.connection().execute(table.update().where(table.c.enrolment_id == learner.id).values(day))
        db.session.commit()
    assert list(school_class.view().learners[0].percents.values()) == [75]


def test_one_group_at_a_time(school_class: Class, make: Factory) -> None:
    group = make.class_group(school_class.run, name="一班")
    school_class.learner("甲", 50, class_group_id=group.id)
    school_class.learner("乙", 50)
    view = school_class.view(group_id=group.id)
    assert (view.size, view.columns[0].started) == (1, 1)


def test_withdrawn_people_and_other_runs_are_left_out(school_class: Class, make: Factory) -> None:
    school_class.learner("甲", 50, state="withdrawn")
    make.enrolment(make.run(school_class.course), make.user())
    assert school_class.view().size == 0


def test_two_statements_for_one_learner_and_for_fifty(
    app: Flask, school_class: Class, count_queries: CountQueries
) -> None:
    counts = []
    for learners in (1, 49):
        for number in range(learners):
            school_class.learner(f"学生{number}", 95, 40)
        with count_queries() as statements:
            school_class.view()
        counts.append(len(statements))
    assert counts == [2, 2]
