"""Starting a course, copying its address's fate, and saying what it is, with other people at the same form."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from sqlalchemy import func, select

from core.courses.models import Course, CourseState, TeamMember
from core.db import db
from core.files.models import Asset
from core.tenancy import across_institutions, institution_scope
from tests.browser_less import forms_of, submit
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]


def reread(crew: Crew) -> Course:
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        return db.session.get_one(Course, crew.course.id)


def how_many() -> int:
    with across_institutions("counting for a test"):
        return db.session.scalar(select(func.count(Course.id))) or 0


def test_an_instructor_starts_a_course_and_leads_it(login: Login, make: Factory) -> None:
    institution = make.institution()
    teacher = make.member(institution, "instructor")
    client = login(teacher)
    answer = submit(client, "/teach/new", {"title": "Python 程序设计 101", "slug": ""})
    assert answer.location == "/teach/python-101"
    with institution_scope(institution.id):
        course = db.session.scalars(select(Course)).one()
        member = db.session.scalars(select(TeamMember)).one()
    assert (course.state, course.created_by_id) == (CourseState.DRAFT, teacher.id)
    assert (member.user_id, member.role) == (teacher.id, "leader")
    assert "Python 程序设计 101" in client.get("/teach").text


def test_pressing_twice_makes_one_course(login: Login, make: Factory) -> None:
    client = login(make.member(make.institution(), "instructor"))
    form = next(form for form in forms_of(client.get("/teach/new")) if "title" in form.names)
    sent = {**form.values, "title": "机械制图"}
    first, second = (client.post("/teach/new", data=sent) for _press in range(2))
    assert first.location == second.location
    assert how_many() == 1


def test_a_refused_form_can_be_corrected_and_sent_again(login: Login, make: Factory) -> None:
    make.course(slug="drawing")
    client = login(make.member(make.institution(), "instructor"))
    form = next(form for form in forms_of(client.get("/teach/new")) if "title" in form.names)
    taken = client.post("/teach/new", data={**form.values, "title": "机械制图", "slug": "drawing"})
    assert taken.status_code == 422
    assert "“drawing”已被占用，可以使用“drawing-2”" in taken.text
    assert 'value="机械制图"' in taken.text
    again = next(form for form in forms_of(taken) if "title" in form.names)
    assert client.post("/teach/new", data={**again.values, "slug": "drawing-2"}).location == "/teach/drawing-2"


@pytest.mark.parametrize("slug", ["Drawing", "a b", "../x", "new", "-a", "a--b", "课程", "a" * 81, "a\x00"])
def test_an_address_that_cannot_be_one_is_refused_with_the_way_out(login: Login, make: Factory, slug: str) -> None:
    client = login(make.member(make.institution(), "instructor"))
    answer = submit(client, "/teach/new", {"title": "制图", "slug": slug})
    assert answer.status_code == 422
    assert "slug-error" in answer.text
    assert how_many() == 0


def test_numbered_addresses_count_on(login: Login, make: Factory) -> None:
    client = login(make.member(make.institution(), "instructor"))
    addresses = [submit(client, "/teach/new", {"title": "机械制图"}).location for _n in range(3)]
    assert addresses == ["/teach/course-1", "/teach/course-2", "/teach/course-3"]


def test_a_student_starts_no_course_and_nobody_starts_one_elsewhere(login: Login, make: Factory) -> None:
    other = make.institution()
    student = login(make.member(make.institution()))
    assert student.get("/teach/new").status_code == 403
    teacher = login(make.member(make.institution(), "instructor"))
    answer = submit(teacher, "/teach/new", {"title": "x", "institution_id": str(other.id)})
    assert answer.status_code == 422
    assert how_many() == 0


def test_the_information_form_saves_every_field(login: Login, crew: Crew) -> None:
    client = login(crew.instructor)
    url = f"{crew.url}/information"
    said = {
        "title": "数控加工技术",
        "summary": "一句话",
        "description": "## 介绍\r\n\r\n内容",
        "outcomes": "- 会看图",
        "audience": "一年级",
        "subject": "51",
        "level": "advanced",
        "language": "en",
        "credit_hours": "1.5",
        "has_certificate": "y",
        "visibility": "institution",
        "slug": "cnc",
    }
    assert submit(client, url, said).location == "/teach/cnc/information"
    course = reread(crew)
    assert (course.title, course.subject, str(course.credit_hours), course.has_certificate) == (
        "数控加工技术",
        "51",
        "1.5",
        True,
    )
    assert course.description == "## 介绍\n\n内容"
    assert (course.version, course.updated_by_id) == (2, crew.instructor.id)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "请填写课程名称"),
        ("title", "长" * 121, "120"),
        ("summary", "长" * 301, "300"),
        ("description", "a\x00b", "无法保存的字符"),
        ("credit_hours", "NaN", "请填写数字"),
        ("credit_hours", "Infinity", "请填写数字"),
        ("credit_hours", "-1", "0 到 1000"),
        ("credit_hours", "1e308", "0 到 1000"),
        ("credit_hours", "1.25", "一位小数"),
        ("credit_hours", "很多", ""),
        ("subject", "99", ""),
        ("level", "godlike", ""),
        ("visibility", "nobody", ""),
        ("slug", "a b", "小写字母"),
    ],
)
def test_wrong_information_is_refused_at_its_field_and_nothing_is_lost(
    login: Login, crew: Crew, field: str, value: str, sentence: str
) -> None:
    client = login(crew.leader)
    answer = submit(client, f"{crew.url}/information", {field: value, "audience": "保留我"})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert sentence in answer.text
    assert "保留我" in answer.text
    assert reread(crew).version == 1


def test_a_stale_form_shows_both_texts_and_saving_again_replaces(login: Login, crew: Crew) -> None:
    one, other = login(crew.leader), login(crew.instructor)
    url = f"{crew.url}/information"
    opened = next(form for form in forms_of(other.get(url)) if "summary" in form.names)
    submit(one, url, {"summary": "王老师写的", "subject": "51"})
    late = other.post(url, data={**opened.values, "summary": "李老师写的", "subject": "52"})
    assert late.status_code == 409
    assert "王建国" in late.text
    assert late.text.count("王老师写的") == 1
    assert late.text.count("李老师写的") == 2
    assert reread(crew).summary == "王老师写的"
    again = next(form for form in forms_of(late) if "summary" in form.names)
    assert other.post(url, data={**again.values, "subject": "52"}).status_code == 302
    assert (reread(crew).summary, reread(crew).version) == ("李老师写的", 3)


def test_the_same_form_sent_twice_saves_once(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    url = f"{crew.url}/information"
    form = next(form for form in forms_of(client.get(url)) if "summary" in form.names)
    for _press in range(2):
        assert client.post(url, data={**form.values, "summary": "新的简介", "subject": "46"}).status_code == 302
    assert reread(crew).version == 2


def test_a_published_course_keeps_its_address(login: Login, make: Factory) -> None:
    institution = make.institution()
    teacher = make.member(institution, "instructor")
    course = make.course(institution, teacher, slug="known", subject="46")
    client = login(teacher)
    answer = client.post(
        "/teach/known/information",
        data={
            "title": "x",
            "subject": "46",
            "slug": "other",
            "level": "beginner",
            "language": "zh-CN",
            "credit_hours": "1",
            "visibility": "public",
            "version": "1",
        },
        headers=client.csrf(),
    )
    assert answer.location.startswith("/teach/known/information")
    with institution_scope(institution.id):
        assert db.session.get_one(Course, course.id, populate_existing=True).slug == "known"


def picture(width: int = 800, height: int = 450) -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(data, "PNG")
    data.seek(0)
    return data


def test_a_cover_is_stored_shown_and_taken_off(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    url = f"{crew.url}/information"
    answer = submit(client, url, {"cover": (picture(), "封面.png")}, to=f"{crew.url}/cover")
    assert answer.status_code == 302, answer.text
    with institution_scope(crew.institution.id):
        asset = db.session.get_one(Asset, reread(crew).cover_id)
    assert (asset.institution_id, asset.kind) == (crew.institution.id, "image")
    submit(client, url, to=f"{crew.url}/cover/delete")
    assert reread(crew).cover_id is None


def test_what_is_no_picture_is_refused_beside_the_cover(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    for sent in ((io.BytesIO(b"MZ not a picture"), "a.png"), (io.BytesIO(b""), "")):
        answer = submit(client, f"{crew.url}/information", {"cover": sent}, to=f"{crew.url}/cover")
        assert answer.status_code == 422
        assert "cover-error" in answer.text
    assert reread(crew).cover_id is None


def test_markdown_is_previewed_as_readers_will_see_it(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    html = client.post("/teach/markdown", data={"text": "**重点** <script>x</script>"}, headers=client.csrf()).json
    assert html is not None
    assert "<strong>重点</strong>" in html["html"]
    assert "<script" not in html["html"]
    for text in ("长" * 200_001, "\x00"):
        refused = client.post("/teach/markdown", data={"text": text}, headers=client.csrf())
        assert refused.status_code == 422
