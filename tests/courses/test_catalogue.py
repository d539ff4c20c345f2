"""The catalogue as its readers use it: searching, filtering, counting, paging."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from core import clock
from core.courses.models import TeamRole
from tests.factories import Factory

Login = Callable[..., FlaskClient]
Counting = Callable[..., "object"]


def titles(page: str) -> list[str]:
    """Titles of the cards, in order."""
    return [unescape(title) for title in re.findall(r'course-card__title"><a href="[^"]+">([^<]*)<', page)]


def counts(page: str, facet: str) -> dict[str, int]:
    """Value → count of one facet."""
    pattern = rf'name="{facet}" value="([^"]*)"(?: checked)?><span>[^<]*</span><span class="choice__count">(\d+)<'
    return {value: int(count) for value, count in re.findall(pattern, page)}


@pytest.fixture
def shelf(make: Factory) -> None:
    """Five courses of two institutions."""
    north, south = (make.institution(slug=s, name=n) for s, n in (("north", "北山技师学院"), ("south", "南湖职业学院")))
    for number, (owner, title, subject, level, hours, certificate) in enumerate(
        [
            (north, "数控车削", "46", "beginner", 16, True),
            (north, "焊接工艺", "46", "advanced", 64, False),
            (north, "Python 入门", "51", "beginner", 32, True),
            (south, "基础护理", "52", "beginner", 72, True),
            (south, "ＣＮＣ Programming", "46", "intermediate", 8, False),
        ]
    ):
        make.course(
            owner,
            title=title,
            subject=subject,
            level=level,
            credit_hours=Decimal(hours),
            has_certificate=certificate,
            enrolment_count=number * 10,
            published_at=clock.now() - timedelta(days=number),
        )


@pytest.mark.usefixtures("shelf")
class TestFinding:
    """Against the five courses of the shelf."""

    def test_everything_newest_first(self, client: FlaskClient) -> None:
        page = client.get("/courses").text
        assert titles(page) == ["数控车削", "焊接工艺", "Python 入门", "基础护理", "ＣＮＣ Programming"]
        assert "5 门课程" in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=数控", ["数控车削"]),
            ("q=cnc", ["ＣＮＣ Programming"]),
            ("q=PYTHON+入门", ["Python 入门"]),
            ("q=南湖", ["基础护理", "ＣＮＣ Programming"]),
            ("q=%25", []),
            ("q=_", []),
            ("subject=46&level=beginner", ["数控车削"]),
            ("subject=46&subject=52", ["数控车削", "焊接工艺", "基础护理", "ＣＮＣ Programming"]),
            ("institution=south&certificate=1", ["基础护理"]),
            ("hours=-16", ["数控车削", "ＣＮＣ Programming"]),
            ("hours=64-", ["基础护理"]),
            ("sort=learners", ["ＣＮＣ Programming", "基础护理", "Python 入门", "焊接工艺", "数控车削"]),
            ("sort=title&subject=46", ["ＣＮＣ Programming", "焊接工艺", "数控车削"]),
        ],
    )
    def test_words_filters_and_orders(self, client: FlaskClient, query: str, found: list[str]) -> None:
        page = client.get(f"/courses?{query}").text
        assert sorted(titles(page)) == sorted(found)
        if "sort" in query and "title" not in query:
            assert titles(page) == found

    def test_counts_follow_the_other_filters_but_not_their_own(self, client: FlaskClient) -> None:
        page = client.get("/courses?subject=46&level=beginner").text
        assert counts(page, "subject") == {"46": 1, "51": 1, "52": 1}
        assert counts(page, "level") == {"beginner": 1, "intermediate": 1, "advanced": 1}
        assert counts(page, "institution") == {"north": 1}

    def test_a_filter_is_a_chip_whose_address_lacks_it(self, client: FlaskClient) -> None:
        page = client.get("/courses?q=车&subject=46&level=beginner").text
        chips = re.findall(r'<a href="([^"]+)" aria-label="去掉条件：([^"]+)"', page)
        assert [(unescape(address), name) for address, name in chips] == [
            ("/courses?subject=46&level=beginner", "“车”"),
            ("/courses?q=%E8%BD%A6&level=beginner", "装备制造大类"),
            ("/courses?q=%E8%BD%A6&subject=46", "入门"),
        ]

    def test_nothing_found_says_what_to_leave_out(self, client: FlaskClient) -> None:
        page = client.get("/courses?q=护理&subject=46").text
        assert "没有课程同时符合这些条件" in page
        assert "去掉“护理”：3 门" in page
        assert "去掉“装备制造大类”：1 门" in page

    def test_title_hits_lead_where_words_are_searched(self, client: FlaskClient, make: Factory) -> None:
        make.course(title="车间安全", summary="焊接与切割", published_at=clock.now())
        assert titles(client.get("/courses?q=焊接").text) == ["焊接工艺", "车间安全"]


def test_teachers_are_found_by_name(make: Factory, client: FlaskClient) -> None:
    course = make.course(title="茶艺")
    make.teammate(course, make.user(name="顾怀瑾"))
    make.teammate(course, make.user(name="程小满"), TeamRole.ASSISTANT)
    assert titles(client.get("/courses?q=怀瑾").text) == ["茶艺"]
    assert titles(client.get("/courses?q=小满").text) == []


def test_open_now_means_that_one_can_join_now(make: Factory, client: FlaskClient) -> None:
    day, now = timedelta(days=1), clock.now()
    runs: dict[str, dict[str, Any]] = {
        "开放": {},
        "有码": {"policy": "code", "code": "x"},
        "关闭": {"policy": "closed"},
        "未到": {"enrolment_opens_at": now + day},
        "已过": {"enrolment_closes_at": now - day},
        "结课": {"starts_at": now - 9 * day, "ends_at": now - day},
        "满员": {"capacity": 3, "seats_taken": 3},
    }
    for title, values in runs.items():
        make.run(make.course(title=title), **values)
    make.course(title="没有期次")
    page = client.get("/courses?open=1").text
    assert sorted(titles(page)) == sorted(["开放", "有码"])
    with clock.shifted(2 * day):
        assert sorted(titles(client.get("/courses?open=1").text)) == sorted(["开放", "有码", "未到"])


def test_pages_hold_twenty_four_and_keep_the_question(make: Factory, client: FlaskClient) -> None:
    institution = make.institution()
    for number in range(50):
        make.course(institution, title=f"课{number:02}", subject="46", published_at=clock.now() - timedelta(number))
    first, last = client.get("/courses?subject=46").text, client.get("/courses?subject=46&page=3").text
    assert titles(first) == [f"课{number:02}" for number in range(24)]
    assert titles(last) == ["课48", "课49"]
    assert 'href="/courses?subject=46&amp;page=2"' in first
    assert titles(client.get("/courses?subject=46&page=99").text) == ["课48", "课49"]


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "长" * 5000,
        "q=%00",
        "q=%00%00数控%00",
        "q=%F0%9F%98%80",
        "q=%ED%A0%80",
        "q=%FF%FE",
        "q=%25%25_%5C'%22--",
        "q=<script>alert(1)</script>",
        "page=-1",
        "page=0",
        "page=1000000000",
        "page=99999999999999999999999999",
        "page=٣",
        "page=x",
        "page=1.5",
        "sort=nonsense",
        "subject=99&subject=",
        "institution=nowhere",
        "institution=" + "x" * 3000,
        "level=BEGINNER",
        "hours=-",
        "certificate=yes",
        "open=0",
        "&".join(f"subject={n}" for n in range(500)),
        "&".join(f"unknown{n}=1" for n in range(900)),
        "subject[]=46&subject[a]=1",
    ],
)
def test_any_address_gets_a_page(make: Factory, client: FlaskClient, query: str) -> None:
    make.course(title="数控")
    answer = client.get(f"/courses?{query}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_who_finds_which_course(make: Factory, client: FlaskClient, login: Login) -> None:
    school = make.institution()
    make.course(school, title="公开")
    inner = make.course(school, title="院内", visibility="institution")
    for state in ("draft", "in_review", "archived"):
        make.course(school, title=state, state=state)
    helper = make.user()
    make.teammate(inner, helper, TeamRole.ASSISTANT)

    def finds(browser: FlaskClient) -> set[str]:
        return set(titles(browser.get("/courses").text))

    assert finds(client) == {"公开"}
    assert finds(login(make.user())) == {"公开"}
    assert finds(login(make.member(make.institution()))) == {"公开"}
    for insider in (
        make.member(school),
        make.member(school, "instructor"),
        make.member(school, "administrator"),
        make.user(is_operator=True),
        helper,
    ):
        assert finds(login(insider)) == {"公开", "院内"}


def test_what_is_remembered_for_one_is_not_shown_to_another(make: Factory, client: FlaskClient, login: Login) -> None:
    school = make.institution()
    make.course(school, title="院内", visibility="institution")
    make.course(title="公开")
    insider = login(make.member(school, name="沈若兰"))
    assert set(titles(insider.get("/courses").text)) == {"院内", "公开"}
    outside = client.get("/courses").text
    assert titles(outside) == ["公开"]
    assert "沈若兰" not in outside
    assert "门课程" not in client.get("/courses", headers={"Accept-Language": "en"}).text


def test_reading_gives_a_visitor_no_cookie(make: Factory, client: FlaskClient) -> None:
    course = make.course()
    for address in ("/", "/courses", f"/courses/{course.slug}"):
        assert "Set-Cookie" not in client.get(address).headers


def test_the_number_of_statements_does_not_grow(
    make: Factory, client: FlaskClient, login: Login, count_queries: Counting
) -> None:
    member = login(make.member(make.institution()))
    sizes: dict[str, list[int]] = {"visitor": [], "member": []}
    for more in (3, 30):
        for _number in range(more):
            course = make.course()
            make.run(course)
            make.teammate(course, make.user())
        for who, browser in (("visitor", client), ("member", member)):
            for _again in range(2):
                with count_queries() as statements:  # type: ignore[attr-defined]
                    browser.get("/courses?subject=&sort=learners")
                sizes[who].append(len(statements))
    # The first visitor has the catalogue read anew; who may find the same courses is shown the same page from memory.
    assert sizes == {"visitor": [5, 1, 5, 1], "member": [3, 3, 3, 3]}


def test_addresses_for_search_engines(make: Factory, client: FlaskClient) -> None:
    course = make.course()
    hidden = [make.course(visibility="institution"), make.course(state="draft"), make.course(state="archived")]
    sitemap = client.get("/sitemap.xml")
    assert sitemap.mimetype == "application/xml"
    assert f"<loc>http://127.0.0.1:8000/courses/{course.slug}</loc>" in sitemap.text
    assert not any(f"/{each.slug}<" in sitemap.text for each in hidden)
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in client.get("/robots.txt").text
    page = client.get("/courses?subject=46").text
    assert '<link rel="canonical" href="http://127.0.0.1:8000/courses">' in page
    assert "noindex" in page
