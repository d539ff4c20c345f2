"""A copy has everything that was written and nothing that happened, in the same few statements however long it is."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from core.courses import copying
from core.courses.models import Caption, Chapter, Course, CourseMove, CourseRun, Lesson, TeamMember
from core.db import db
from core.files.models import Asset
from core.tenancy import across_institutions, institution_scope
from tests.browser_less import submit
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]


def course_at(location: str) -> Course:
    with across_institutions("a test looks for a copy"):
        return db.session.scalars(select(Course).where(Course.slug == location.rpartition("/")[2])).one()


def told(course: Course) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """What an outline says, without ids."""
    with institution_scope(course.institution_id):
        chapters = db.session.scalars(
            select(Chapter)
            .where(Chapter.course_id == course.id, Chapter.deleted_at.is_(None))
            .order_by(Chapter.position, Chapter.id)
        ).all()
        return [(chapter.title, _lessons(chapter)) for chapter in chapters]


def _lessons(chapter: Chapter) -> list[tuple[Any, ...]]:
    columns = (Lesson.kind, Lesson.title, Lesson.body, Lesson.asset_id, Lesson.duration_ms, Lesson.is_preview)
    captions = select(
        func.group_concat(Caption.vtt) if db.engine.name == "sqlite" else func.string_agg(Caption.vtt, ",")
    )
    rows = db.session.execute(
        select(*columns, captions.where(Caption.lesson_id == Lesson.id).scalar_subquery())
        .where(Lesson.chapter_id == chapter.id, Lesson.deleted_at.is_(None))
        .order_by(Lesson.position, Lesson.id)
    )
    return [tuple(row) for row in rows]


def caption(lesson: Lesson, text: str) -> None:
    with institution_scope(lesson.institution_id):
        db.session.add(Caption(lesson_id=lesson.id, language="zh-CN", label="中文", vtt=text))
        db.session.commit()


def test_a_copy_has_the_content_and_not_the_history(login: Login, crew: Crew, make: Factory) -> None:
    video = make.lesson(crew.course, crew.chapters[0], kind="video", position=5, is_preview=True)
    caption(video, "WEBVTT\n\n一")
    make.enrolment(make.run(crew.course), crew.member)
    client = login(crew.instructor)
    gone = crew.lessons[0]
    client.post(f"{crew.url}/lessons/{gone.id}/delete", headers=client.csrf())
    answer = submit(client, f"{crew.url}/copy", {"slug": ""})
    assert (
        answer.location
        == f"/teach/{crew.course.slug.rpartition('-')[0]}-{int(crew.course.slug.rpartition('-')[2]) + 1}"
    )
    copy = course_at(answer.location)
    source = course_at(crew.url)
    assert told(copy) == told(source)
    assert gone.title not in str(told(copy))
    assert (copy.state, copy.title, copy.lesson_count, copy.summary) == ("draft", "数控加工（副本）", 4, source.summary)
    with institution_scope(crew.institution.id):
        team = db.session.execute(
            select(TeamMember.user_id, TeamMember.role).where(TeamMember.course_id == copy.id)
        ).all()
        assert [tuple(row) for row in team] == [(crew.instructor.id, "leader")]
        for table in (CourseRun, CourseMove):
            assert db.session.scalars(select(table).where(table.course_id == copy.id)).all() == []
        assert db.session.scalar(select(func.count(Asset.id))) == 1


def test_changing_the_copy_leaves_the_original_alone(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    before = told(crew.course)
    copy = course_at(submit(client, f"{crew.url}/copy", {"slug": "second"}).location)
    with institution_scope(crew.institution.id):
        chapter = db.session.scalars(select(Chapter).where(Chapter.course_id == copy.id)).first()
    assert chapter is not None
    client.post(f"/teach/second/chapters/{chapter.id}/delete", headers=client.csrf())
    db.session.expire_all()
    assert told(crew.course) == before


def test_a_copy_goes_only_where_one_may_begin_a_course(login: Login, crew: Crew, make: Factory) -> None:
    other = make.institution(name="另一所学院")
    client = login(crew.leader)
    sent = {"title": "x", "institution_id": str(other.id), "slug": "elsewhere"}
    refused = client.post(f"{crew.url}/copy", data=sent, headers=client.csrf())
    assert refused.status_code == 422
    guest = make.member(other, "instructor")
    make.teammate(crew.course, guest)
    answer = submit(login(guest), f"{crew.url}/copy", {"slug": "elsewhere"})
    assert course_at(answer.location).institution_id == other.id
    assert login(crew.assistant).get(f"{crew.url}/copy").status_code == 403


def test_pressing_twice_copies_once(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    sent = {"title": "x", "institution_id": str(crew.institution.id), "slug": "", "key": "k1"}
    answers = [client.post(f"{crew.url}/copy", data=sent, headers=client.csrf()) for _press in range(2)]
    assert len({answer.location for answer in answers}) == 1


def test_a_taken_address_leaves_nothing_behind(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    refused = submit(client, f"{crew.url}/copy", {"slug": crew.course.slug})
    assert refused.status_code == 422
    with institution_scope(crew.institution.id):
        assert db.session.scalar(select(func.count(Chapter.id))) == 2


def test_sixty_lessons_cost_no_more_statements_than_six(crew: Crew, make: Factory, count_queries: Any) -> None:
    def statements(slug: str) -> int:
        with institution_scope(crew.institution.id), count_queries() as sent:
            source = db.session.get_one(Course, crew.course.id)
            copying.copy_course(source, crew.institution.id, crew.leader.id, title="x", slug=slug)
            db.session.commit()
        return len(sent)

    few = statements("few")
    for number in range(60):
        lesson = make.lesson(crew.course, crew.chapters[number % 2], position=number + 2)
        caption(lesson, f"WEBVTT\n\n{number}")
    assert statements("many") == few + 1, "the captions' one statement, and nothing per lesson"
    copy = course_at("many")
    assert told(copy) == told(crew.course)
    assert copy.lesson_count == 64
