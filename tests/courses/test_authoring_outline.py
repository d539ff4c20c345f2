"""Ordering a course: chapters and lessons come, move, go and come back, whoever else is at it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from core.courses.models import Chapter, Course, CourseState, Lesson
from core.db import db
from core.tenancy import institution_scope
from tests.browser_less import submit
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]


def outline_of(crew: Crew) -> list[tuple[str, list[str]]]:
    """Chapter and lesson titles as they stand in the database."""
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        chapters = db.session.scalars(
            select(Chapter)
            .where(Chapter.course_id == crew.course.id, Chapter.deleted_at.is_(None))
            .order_by(Chapter.position)
        ).all()
        lessons = db.session.scalars(
            select(Lesson).where(Lesson.deleted_at.is_(None)).order_by(Lesson.position, Lesson.id)
        ).all()
        return [(c.title, [each.title for each in lessons if each.chapter_id == c.id]) for c in chapters]


def course_of(crew: Crew) -> Course:
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        return db.session.get_one(Course, crew.course.id)


def ids(crew: Crew) -> tuple[list[int], list[int]]:
    return [chapter.id for chapter in crew.chapters], [lesson.id for lesson in crew.lessons]


def order(client: Client, crew: Crew, chapters: object, version: object = 1) -> tuple[int, dict[str, object]]:
    answer = client.post(
        f"{crew.url}/order",
        json={"version": version, "chapters": chapters},
        headers=client.csrf() | {"Accept": "application/json"},
    )
    return answer.status_code, answer.get_json()


def test_a_teacher_writes_an_outline_from_nothing(login: Login, make: Factory) -> None:
    institution = make.institution()
    teacher = make.member(institution, "instructor")
    course = make.course(institution, teacher, state="draft")
    client = login(teacher)
    url = f"/teach/{course.slug}"
    submit(client, url, {"title": "  认识\n机床 "}, to=f"{url}/chapters")
    with institution_scope(institution.id):
        chapter = db.session.scalars(select(Chapter)).one()
    assert chapter.title == "认识 机床"
    answer = submit(client, f"{url}/chapters/{chapter.id}/lessons", {"title": "坐标系", "kind": "page"})
    assert answer.location.startswith(f"{url}/lessons/")
    page = client.get(url).text
    assert "坐标系" in page
    assert "共 1 章，1 个课时" in page


def test_a_double_click_adds_one_chapter(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    page = client.get(crew.url)
    key = page.text.partition('name="key" type="hidden" value="')[2].partition('"')[0]
    assert key
    for _press in range(2):
        answer = client.post(f"{crew.url}/chapters", data={"title": "新章", "key": key}, headers=client.csrf())
        assert answer.status_code == 302
    assert [title for title, _lessons in outline_of(crew)].count("新章") == 1


def test_what_cannot_be_a_title_is_refused_in_words(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    for title, sentence in (("", "请填写章的名称"), ("长" * 121, "120"), ("a\x00b", "无法保存的字符")):
        answer = submit(client, crew.url, {"title": title}, to=f"{crew.url}/chapters")
        assert answer.status_code == 422
        assert sentence in answer.text
    assert len(outline_of(crew)) == 2


def test_the_whole_order_is_taken_at_once(login: Login, crew: Crew) -> None:
    (first, second), (a, b, c, d) = ids(crew)
    client = login(crew.leader)
    status, said = order(client, crew, [{"id": second, "lessons": [d, a]}, {"id": first, "lessons": [c, b]}])
    assert (status, said) == (200, {"version": 2})
    assert outline_of(crew) == [("第1章", ["课时11", "课时00"]), ("第0章", ["课时10", "课时01"])]
    assert course_of(crew).lesson_count == 4


def test_two_teachers_ordering_at_once_notice_each_other(login: Login, crew: Crew) -> None:
    (first, second), (a, b, c, d) = ids(crew)
    one, other = login(crew.leader), login(crew.instructor)
    order(one, crew, [{"id": second, "lessons": [c, d]}, {"id": first, "lessons": [a, b]}], version=1)
    before = outline_of(crew)
    status, said = order(other, crew, [{"id": first, "lessons": [b, a]}, {"id": second, "lessons": [c, d]}], version=1)
    assert status == 409
    assert "刷新" in str(said["detail"])
    assert outline_of(crew) == before


def test_an_order_sent_twice_is_no_conflict(login: Login, crew: Crew) -> None:
    (first, second), (a, b, c, d) = ids(crew)
    wanted = [{"id": first, "lessons": [b, a]}, {"id": second, "lessons": [c, d]}]
    client = login(crew.leader)
    assert order(client, crew, wanted, version=1) == (200, {"version": 2})
    assert order(client, crew, wanted, version=1) == (200, {"version": 2})


def test_an_order_must_name_exactly_this_courses_rows(login: Login, crew: Crew, make: Factory) -> None:
    (first, second), (a, b, c, d) = ids(crew)
    foreign = make.lesson(make.course(crew.institution))
    client = login(crew.leader)
    before = outline_of(crew)
    whole = {"id": first, "lessons": [a, b]}
    wrong_orders: list[Any] = [
        [whole],
        [whole, {"id": second, "lessons": [c]}],
        [whole, {"id": second, "lessons": [c, d, d]}],
        [whole, {"id": second, "lessons": [c, d, foreign.id]}],
        [whole, {"id": foreign.chapter_id, "lessons": [c, d]}],
        [whole, whole, {"id": second, "lessons": [c, d]}],
        [{"id": True, "lessons": []}],
        [{"id": str(first), "lessons": [a]}],
        [{"id": 10**30, "lessons": [10**30]}],
        [{"lessons": []}],
        {"id": 1},
        None,
        "x",
        [[1]],
    ]
    for wrong in wrong_orders:
        status, _said = order(client, crew, wrong)
        assert status == 422, wrong
    assert order(client, crew, [], version="1")[0] == 422
    assert outline_of(crew) == before


def test_arrows_move_one_place_without_a_script(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    first = crew.lessons[0]
    move = f"{crew.url}/lessons/{first.id}/move"
    submit(client, crew.url, {"direction": "down"}, to=move)
    assert outline_of(crew)[0] == ("第0章", ["课时01", "课时00"])
    submit(client, crew.url, {"direction": "down"}, to=move)
    assert outline_of(crew) == [("第0章", ["课时01"]), ("第1章", ["课时00", "课时10", "课时11"])]
    submit(client, crew.url, {"direction": "up"}, to=move)
    assert outline_of(crew) == [("第0章", ["课时01", "课时00"]), ("第1章", ["课时10", "课时11"])]
    submit(client, crew.url, {"direction": "up"}, to=f"{crew.url}/chapters/{crew.chapters[1].id}/move")
    assert [title for title, _lessons in outline_of(crew)] == ["第1章", "第0章"]
    assert submit(client, crew.url, {"direction": "sideways"}, to=move).status_code == 422


def test_a_deleted_lesson_comes_back_to_its_place(login: Login, crew: Crew, make: Factory) -> None:
    middle = make.lesson(crew.course, crew.chapters[0], title="中间", position=1)
    with institution_scope(crew.institution.id):
        db.session.get_one(Lesson, crew.lessons[1].id).position = 2
        db.session.commit()
    client = login(crew.leader)
    answer = submit(client, crew.url, to=f"{crew.url}/lessons/{middle.id}/delete")
    assert outline_of(crew)[0] == ("第0章", ["课时00", "课时01"])
    assert course_of(crew).lesson_count == 4
    after = client.get(answer.location)
    assert "已删除课时“中间”" in after.text
    submit(client, answer.location, to=f"{crew.url}/lessons/{middle.id}/restore")
    assert outline_of(crew)[0] == ("第0章", ["课时00", "中间", "课时01"])
    assert course_of(crew).lesson_count == 5


def test_a_deleted_chapter_takes_its_lessons_along_and_brings_them_back(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    alone = crew.lessons[0]
    submit(client, crew.url, to=f"{crew.url}/lessons/{alone.id}/delete")
    submit(client, crew.url, to=f"{crew.url}/chapters/{crew.chapters[0].id}/delete")
    assert outline_of(crew) == [("第1章", ["课时10", "课时11"])]
    assert course_of(crew).lesson_count == 2
    page = client.get(crew.url).text
    assert f"{crew.url}/chapters/{crew.chapters[0].id}/restore" in page
    refused = client.post(f"{crew.url}/lessons/{alone.id}/restore", headers=client.csrf())
    assert refused.status_code == 409
    assert "请先恢复该章" in refused.text
    submit(client, crew.url, to=f"{crew.url}/chapters/{crew.chapters[0].id}/restore")
    assert outline_of(crew) == [("第0章", ["课时01"]), ("第1章", ["课时10", "课时11"])]


def test_deleting_and_restoring_twice_is_an_ordinary_day(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    url = f"{crew.url}/lessons/{crew.lessons[0].id}"
    assert client.post(f"{url}/delete", headers=client.csrf()).status_code == 302
    assert client.post(f"{url}/delete", headers=client.csrf()).status_code == 404
    assert client.post(f"{url}/restore", headers=client.csrf()).status_code == 302
    assert client.post(f"{url}/restore", headers=client.csrf()).status_code == 302
    assert course_of(crew).lesson_count == 4


def test_a_chapter_renamed_by_another_person_is_noticed(login: Login, crew: Crew) -> None:
    one, other = login(crew.leader), login(crew.instructor)
    url = f"{crew.url}/chapters/{crew.chapters[0].id}"
    submit(one, url, {"title": "机床"})
    late = other.post(url, data={"title": "机器", "version": "1"}, headers=other.csrf())
    assert late.status_code == 409
    assert "机床" in late.text
    assert 'value="机器"' in late.text
    assert outline_of(crew)[0][0] == "机床"


def test_rows_of_another_course_are_not_found(login: Login, crew: Crew, make: Factory) -> None:
    lesson = make.lesson(make.course(crew.institution))
    client = login(crew.leader)
    for path in (
        f"/lessons/{lesson.id}/delete",
        f"/lessons/{lesson.id}/restore",
        f"/lessons/{lesson.id}/move",
        f"/chapters/{lesson.chapter_id}/delete",
        f"/chapters/{lesson.chapter_id}/restore",
        f"/chapters/{lesson.chapter_id}/move",
        f"/chapters/{lesson.chapter_id}/lessons",
        f"/chapters/{lesson.chapter_id}",
        f"/lessons/{lesson.id}",
        f"/lessons/{lesson.id}/file",
        f"/chapters/{2**31}/delete",
        f"/lessons/{10**30}/delete",
    ):
        answer = client.post(
            crew.url + path, data={"direction": "up", "title": "x", "kind": "page"}, headers=client.csrf()
        )
        assert answer.status_code == 404, path


def test_a_course_under_review_stands_still(login: Login, crew: Crew) -> None:
    with institution_scope(crew.institution.id):
        db.session.get_one(Course, crew.course.id).state = CourseState.IN_REVIEW
        db.session.commit()
    client = login(crew.leader)
    refused = client.post(f"{crew.url}/chapters", data={"title": "x"}, headers=client.csrf())
    assert refused.status_code == 409
    assert "撤回" in refused.text
    assert len(outline_of(crew)) == 2
    assert "添加课时" not in client.get(crew.url).text
