"""The course page: who finds it, what it says, and the one thing to do next."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from core import clock
from core.courses.models import Course, TeamRole
from core.db import db
from core.tenancy import institution_scope
from core.users.models import User
from tests.factories import Factory

Login = Callable[..., FlaskClient]
Counting = Callable[..., Any]
DAY = timedelta(days=1)


@pytest.fixture
def people(make: Factory) -> Callable[[Course], dict[str, User]]:
    """Somebody in every relation to a course."""

    def gather(course: Course) -> dict[str, User]:
        with institution_scope(course.institution_id):
            found = {
                "stranger": make.user(),
                "member": make.member(course.institution),
                "staff": make.member(course.institution, "instructor"),
                "administrator": make.member(course.institution, "administrator"),
                "administrator elsewhere": make.member(make.institution(), "administrator"),
                "operator": make.user(is_operator=True),
            }
            for role in TeamRole:
                found[role] = make.user()
                make.teammate(course, found[role], role)
            found["reviewer"] = make.user()
            course.reviewer_id = found["reviewer"].id
            run = make.run(course)
            for state in ("active", "pending", "withdrawn"):
                found[state] = make.user()
                make.enrolment(run, found[state], state=state)
            db.session.commit()
        return found

    return gather


INSIDERS = {"administrator", "reviewer", *TeamRole}
EVERYBODY = INSIDERS | {"visitor", "stranger", "member", "staff", "administrator elsewhere", "operator"}
EVERYBODY |= {"active", "pending", "withdrawn"}


@pytest.mark.parametrize(
    ("state", "visibility", "seen_by"),
    [
        ("published", "public", EVERYBODY),
        ("published", "institution", INSIDERS | {"member", "staff", "operator", "active"}),
        ("draft", "public", INSIDERS),
        ("in_review", "public", INSIDERS),
        ("archived", "public", INSIDERS | {"active"}),
        ("archived", "institution", INSIDERS | {"active"}),
    ],
)
def test_who_finds_the_page(
    make: Factory,
    client: FlaskClient,
    login: Login,
    people: Callable[[Course], dict[str, User]],
    state: str,
    visibility: str,
    seen_by: set[str],
) -> None:
    institution = make.institution()
    course = make.course(institution, state=state, visibility=visibility)
    course.institution = institution
    browsers = {"visitor": client} | {name: login(user) for name, user in people(course).items()}
    statuses = {name: browser.get(f"/courses/{course.slug}").status_code for name, browser in browsers.items()}
    assert statuses == {name: 200 if name in seen_by else 404 for name in browsers}


def test_what_is_not_there_and_what_is_private_look_the_same(make: Factory, client: FlaskClient) -> None:
    hidden = make.course(visibility="institution")
    slugs = (hidden.slug, "no-such-course", "a%00b", "x" * 3000)
    answers = [client.get(f"/courses/{slug}") for slug in slugs]
    assert {answer.status_code for answer in answers} == {404}
    private, absent = (
        re.sub(r'nonce="[^"]+"', "", answer.text.replace(slug, "…"))
        for answer, slug in zip(answers[:2], slugs[:2], strict=True)
    )
    assert private == absent


def test_it_tells_what_a_person_needs_to_decide(make: Factory, client: FlaskClient) -> None:
    course = make.course(
        title="数控车削",
        credit_hours=Decimal("48.0"),
        has_certificate=True,
        subject="46",
        outcomes="- 看懂零件图\n- 完成**首件检验**",
        audience="<script>alert(1)</script>在职人员",
        enrolment_count=128,
    )
    make.teammate(course, make.user(name="顾怀瑾"), TeamRole.LEADER)
    chapter = make.chapter(course, title="认识机床")
    make.lesson(course, chapter, title="六个部分", kind="video", duration_ms=412_000, is_preview=True)
    make.lesson(course, chapter, title="安全", duration_ms=60_000, is_required=False, position=1)
    make.lesson(course, chapter, title="删掉的", deleted_at=clock.now())
    page = client.get(f"/courses/{course.slug}").text
    for words in ("数控车削", "<dd>48</dd>", "装备制造大类", "<strong>首件检验</strong>", "顾怀瑾", "负责人", "128"):
        assert words in page
    assert "6:52" in page
    assert "8 分钟" in page
    assert "选学" in page
    assert "删掉的" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;在职人员" in page


def test_visitors_open_previews_and_learners_everything(make: Factory, client: FlaskClient, login: Login) -> None:
    course = make.course()
    chapter = make.chapter(course)
    free, paid = make.lesson(course, chapter, is_preview=True), make.lesson(course, chapter, position=1)
    learner = make.user()
    make.enrolment(make.run(course), learner)

    def opened(browser: FlaskClient) -> set[int]:
        page = browser.get(f"/courses/{course.slug}").text
        return {int(number) for number in re.findall(rf"/courses/{course.slug}/lessons/(\d+)", page)}

    assert opened(client) == {free.id}
    assert opened(login(make.user())) == {free.id}
    assert opened(login(learner)) == {free.id, paid.id}


@pytest.mark.parametrize(
    ("run", "words", "has_button"),
    [
        ({}, "免费选课", True),
        ({"policy": "code", "code": "x"}, "选课码", True),
        ({"policy": "approval"}, "申请加入", True),
        ({"policy": "closed"}, "不能自行选课", False),
        ({"capacity": 2, "seats_taken": 2}, "2 个名额都有人了", False),
        ({"enrolment_opens_at": DAY}, "开始选课", False),
        ({"enrolment_closes_at": -DAY}, "选课已于", False),
        ({"starts_at": -9 * DAY, "ends_at": -DAY}, "选课已于", False),
    ],
)
def test_each_door_says_what_it_is(
    make: Factory, login: Login, run: dict[str, Any], words: str, has_button: bool
) -> None:
    values = {key: clock.now() + value if isinstance(value, timedelta) else value for key, value in run.items()}
    course = make.course()
    make.run(course, **values)
    page = login(make.user()).get(f"/courses/{course.slug}").text
    assert words in page
    assert (f'action="/courses/{course.slug}/enrol"' in page) is has_button


def test_without_a_run_it_says_so(make: Factory, client: FlaskClient) -> None:
    assert "目前没有开课" in client.get(f"/courses/{make.course().slug}").text


def test_of_several_runs_the_one_to_join_is_offered_and_the_others_are_a_link_away(make: Factory, login: Login) -> None:
    course, now = make.course(), clock.now()
    make.run(course, title="往期", starts_at=now - 90 * DAY, ends_at=now - 30 * DAY)
    current = make.run(course, title="本期")
    later = make.run(course, title="下期", starts_at=now + 60 * DAY, enrolment_opens_at=now + 30 * DAY)
    browser = login(make.user())
    page = browser.get(f"/courses/{course.slug}").text
    assert f'name="run_id" value="{current.id}"' in page
    assert f"?run={later.id}#join" in page
    chosen = browser.get(f"/courses/{course.slug}?run={later.id}").text
    assert "开始选课" in chosen
    for nonsense in ("abc", "-1", "99999999999999999999", "%00"):
        assert browser.get(f"/courses/{course.slug}?run={nonsense}").status_code == 200


def test_a_learner_goes_on_where_they_stopped(make: Factory, login: Login) -> None:
    course, learner = make.course(), make.user()
    chapter = make.chapter(course)
    make.lesson(course, chapter, title="第一课")
    second = make.lesson(course, chapter, title="第二课", position=1)
    make.enrolment(make.run(course), learner, last_lesson_id=second.id)
    browser = login(learner)
    page = browser.get(f"/courses/{course.slug}").text
    assert "继续学习" in page
    assert "上次学到“第二课”" in page
    answer = browser.get(f"/courses/{course.slug}/resume")
    assert answer.location == f"/courses/{course.slug}/lessons/{second.id}"


def test_a_draft_is_marked_as_one(make: Factory, login: Login) -> None:
    leader = make.user()
    course = make.course(leader=leader, state="draft")
    make.run(course)
    page = login(leader).get(f"/courses/{course.slug}").text
    assert "草稿" in page
    assert "noindex" in page
    assert "/enrol" not in page


def test_search_engines_read_the_course_and_cannot_be_fed_markup(make: Factory, client: FlaskClient) -> None:
    course = make.course(title="</script><script>alert(1)</script>", credit_hours=Decimal(16))
    answer = client.get(f"/courses/{course.slug}")
    data = re.search(r'<script type="application/ld\+json" nonce="([^"]+)">(.*?)</script>', answer.text)
    assert data is not None
    assert f"'nonce-{data[1]}'" in answer.headers["Content-Security-Policy"]
    course_data = json.loads(data[2])
    assert course_data["name"] == "</script><script>alert(1)</script>"
    assert course_data["hasCourseInstance"]["courseWorkload"] == "PT16H"
    assert "<script>alert" not in answer.text
    assert f'<link rel="canonical" href="http://127.0.0.1:8000/courses/{course.slug}">' in answer.text


def test_the_number_of_statements_does_not_grow(
    make: Factory, login: Login, client: FlaskClient, count_queries: Counting
) -> None:
    course, learner = make.course(), make.user()
    make.enrolment(make.run(course), learner)
    browser, page, sizes = login(learner), f"/courses/{course.slug}", []
    for more in (2, 20):
        for _number in range(more):
            chapter = make.chapter(course)
            for _lesson in range(3):
                make.lesson(course, chapter)
            make.teammate(course, make.user())
            make.run(course)
        for someone in (client, browser):
            with count_queries() as statements:
                assert someone.get(page).status_code == 200
            sizes.append(len(statements))
    assert sizes == [5, 7, 5, 7]


def test_an_institution_shows_itself_and_its_courses(make: Factory, client: FlaskClient) -> None:
    institution = make.institution(slug="jiangnan", name="江南职业技术学院", introduction="以装备制造为特色")
    make.course(institution, title="数控")
    make.course(institution, title="院内课", visibility="institution")
    make.course(title="别处的")
    page = client.get("/i/jiangnan").text
    assert "以装备制造为特色" in page
    assert "数控" in page
    assert "院内课" not in page
    assert "别处的" not in page
    assert "还没有向你开放的课程" in client.get(f"/i/{make.institution().slug}").text
    assert client.get("/i/nowhere").status_code == 404


def test_the_front_page_leads_to_the_courses(make: Factory, client: FlaskClient) -> None:
    assert "这里还没有课程" in client.get("/").text
    make.course(title="数控车削", subject="46")
    page = client.get("/").text
    assert "数控车削" in page
    assert 'href="/courses?subject=46"' in page
