"""The life of a course: who moves it where, what must be there first, and that no author approves."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.courses import lifecycle
from core.courses.lifecycle import STEPS, Move
from core.courses.models import Course, CourseMove, CourseState, Lesson, TeamMember
from core.db import db
from core.events import OutboxEvent
from core.files.models import AssetState
from core.tenancy import institution_scope
from tests.browser_less import submit
from tests.client import Client
from tests.courses.conftest import Crew
from tests.factories import Factory

Login = Callable[..., Client]


def reread(crew: Crew) -> Course:
    db.session.expire_all()
    with institution_scope(crew.institution.id):
        return db.session.get_one(Course, crew.course.id)


def put(crew: Crew, **values: object) -> None:
    """Changes the course behind everybody's back."""
    course = reread(crew)
    for name, value in values.items():
        setattr(course, name, value)
    db.session.commit()


def move(client: Client, crew: Crew, name: str, reason: str = "") -> int:
    sent = {"move": name, "reason": reason}
    return client.post(f"{crew.url}/review", data=sent, headers=client.csrf()).status_code


def log_of(crew: Crew) -> list[tuple[str, str, int | None, str]]:
    with institution_scope(crew.institution.id):
        rows = db.session.scalars(select(CourseMove).order_by(CourseMove.id)).all()
    return [(row.before, row.after, row.actor_id, row.reason) for row in rows]


def test_a_course_lives_from_draft_to_archive_and_every_move_is_told(login: Login, crew: Crew) -> None:
    teacher, admin = login(crew.leader), login(crew.administrator)
    assert submit(teacher, f"{crew.url}/review", {"move": "submit", "reason": "请审核"}).status_code == 302
    assert move(admin, crew, "send_back", "第二章没有字幕") == 302
    assert move(teacher, crew, "submit") == 302
    assert move(teacher, crew, "withdraw") == 302
    assert move(teacher, crew, "submit") == 302
    assert move(admin, crew, "publish") == 302
    published = reread(crew)
    assert published.state == CourseState.PUBLISHED
    assert published.published_at is not None
    assert move(teacher, crew, "archive", "内容过时") == 302
    assert move(teacher, crew, "revise") == 302
    draft, review, out, archive = CourseState
    assert log_of(crew) == [
        (draft, review, crew.leader.id, "请审核"),
        (review, draft, crew.administrator.id, "第二章没有字幕"),
        (draft, review, crew.leader.id, ""),
        (review, draft, crew.leader.id, ""),
        (draft, review, crew.leader.id, ""),
        (review, out, crew.administrator.id, ""),
        (out, archive, crew.leader.id, "内容过时"),
        (archive, draft, crew.leader.id, ""),
    ]
    page = teacher.get(f"{crew.url}/review").text
    assert page.index("内容过时") < page.index("第二章没有字幕") < page.index("请审核")
    assert "陈静" in page
    events = db.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "courses.published")).all()
    assert [event.payload for event in events] == [{"course_id": crew.course.id}]
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("courses.%"))).all()
    assert {"courses.submit", "courses.publish", "courses.archive"} <= set(acts)


@pytest.mark.parametrize("state", list(CourseState))
@pytest.mark.parametrize("name", list(Move))
def test_a_move_leads_from_its_own_state_only(login: Login, crew: Crew, state: CourseState, name: Move) -> None:
    put(crew, state=state)
    status = move(login(crew.administrator), crew, name, "因为")
    step = STEPS[name]
    if state == step.before:
        assert (status, reread(crew).state) == (302, step.after)
    else:
        assert (status, reread(crew).state) == (409, state)
        assert log_of(crew) == []


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("submit", {"leader", "instructor", "administrator"}),
        ("withdraw", {"leader", "instructor", "administrator"}),
        ("send_back", {"administrator"}),
        ("publish", {"administrator"}),
        ("archive", {"leader", "administrator"}),
        ("revise", {"leader", "administrator"}),
    ],
)
def test_each_role_makes_its_own_moves(login: Login, crew: Crew, name: str, allowed: set[str]) -> None:
    for role in ("leader", "instructor", "assistant", "administrator"):
        put(crew, state=STEPS[Move(name)].before)
        status = move(login(crew.person(role)), crew, name, "因为")
        assert (status == 302) == (role in allowed), role
        assert status in {302, 403}


def test_an_unfinished_course_hears_everything_that_is_missing(login: Login, crew: Crew, make: Factory) -> None:
    put(crew, summary="", subject="", outcomes=" ", credit_hours=0)
    make.chapter(crew.course, title="空章", position=9)
    make.lesson(crew.course, crew.chapters[0], kind="video", asset_id=None, title="没有文件")
    failed = make.asset(crew.course, state=AssetState.FAILED)
    make.lesson(crew.course, crew.chapters[0], kind="video", asset_id=failed.id, title="坏文件")
    make.lesson(crew.course, crew.chapters[0], title="没有正文", body=" ")
    client = login(crew.leader)
    page = client.get(f"{crew.url}/review").text
    for sentence in ("简介", "专业大类", "学习目标", "学时", "“空章”", "“没有文件”", "“坏文件”", "“没有正文”"):
        assert sentence in page
    assert move(client, crew, "submit") == 422
    assert reread(crew).state == CourseState.DRAFT


def test_a_course_without_lessons_is_not_finished(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    for chapter in crew.chapters:
        client.post(f"{crew.url}/chapters/{chapter.id}/delete", headers=client.csrf())
    assert move(client, crew, "submit") == 422
    assert "还没有课时" in client.get(f"{crew.url}/review").text


@pytest.mark.parametrize("name", ["send_back", "archive"])
def test_some_moves_ask_why(login: Login, crew: Crew, name: str) -> None:
    put(crew, state=STEPS[Move(name)].before)
    client = login(crew.administrator)
    answer = client.post(f"{crew.url}/review", data={"move": name, "reason": "  "}, headers=client.csrf())
    assert answer.status_code == 422
    assert "请写明原因" in answer.text
    assert move(client, crew, name, "长" * 501) == 422
    assert move(client, crew, name, "a\x00b") == 422
    assert log_of(crew) == []


def test_an_author_never_approves_however_powerful(login: Login, crew: Crew, make: Factory) -> None:
    author = make.member(crew.institution, "administrator")
    make.teammate(crew.course, author)
    assert move(login(author), crew, "submit") == 302
    page = login(author).get(f"{crew.url}/review").text
    assert "须由他人审核" in page
    assert move(login(author), crew, "publish") == 403
    assert reread(crew).state == CourseState.IN_REVIEW
    assert move(login(crew.administrator), crew, "publish") == 302


def test_leaving_the_team_after_submitting_opens_no_back_door(login: Login, crew: Crew, make: Factory) -> None:
    author = make.member(crew.institution, "administrator")
    membership = make.teammate(crew.course, author)
    move(login(crew.leader), crew, "submit")
    client = login(author)
    left = client.post(f"{crew.url}/team/{membership.id}/delete", headers=client.csrf())
    assert left.status_code == 302
    assert move(client, crew, "publish") == 403


def test_who_submitted_it_does_not_approve_it(login: Login, crew: Crew) -> None:
    client = login(crew.administrator)
    assert move(client, crew, "submit") == 302
    assert move(client, crew, "publish") == 403


def test_a_named_reviewer_of_another_institution_reads_and_approves(login: Login, crew: Crew, make: Factory) -> None:
    expert = make.member(make.institution(), "instructor", name="专家")
    client = login(expert)
    move(login(crew.leader), crew, "submit")
    assert client.get(crew.url).status_code == 404
    admin = login(crew.administrator)
    submit(admin, f"{crew.url}/team", {"reviewer": expert.email}, to=f"{crew.url}/reviewer")
    assert "数控加工" in client.get("/teach").text
    assert client.get(crew.url).status_code == 200
    assert client.get(f"{crew.url}/lessons/{crew.lessons[0].id}").status_code == 403
    assert move(client, crew, "archive", "x") == 403
    assert move(client, crew, "publish", "很好") == 302
    assert reread(crew).state == CourseState.PUBLISHED


def test_a_double_click_moves_once(login: Login, crew: Crew) -> None:
    client = login(crew.leader)
    assert [move(client, crew, "submit"), move(client, crew, "submit")] == [302, 302]
    assert len(log_of(crew)) == 1
    assert move(login(crew.instructor), crew, "submit") == 409


def test_an_unknown_move_is_refused(login: Login, crew: Crew) -> None:
    assert move(login(crew.leader), crew, "explode") == 422


def test_what_was_spoilt_during_review_is_not_published(login: Login, crew: Crew) -> None:
    move(login(crew.leader), crew, "submit")
    with institution_scope(crew.institution.id):
        db.session.get_one(Lesson, crew.lessons[0].id).body = ""
        db.session.commit()
    assert move(login(crew.administrator), crew, "publish") == 422


def test_the_team_is_part_of_the_authors(crew: Crew) -> None:
    with institution_scope(crew.institution.id):
        team = set(db.session.scalars(select(TeamMember.user_id)))
        assert lifecycle.author_ids(crew.course) == team
