"""Filling a site with the demo. Each step looks first whether it has been done, so a second run changes nothing."""

import io
import tempfile
import tomllib
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from core import clock
from core.courses import captions, outline, runs, service, team
from core.courses.lessons import save_lesson
from core.courses.lifecycle import Move, make_move
from core.courses.models import Course, CourseState, EnrolmentPolicy, Lesson, TeamRole
from core.db import db
from core.demo import classroom
from core.demo.drawing import draw_cover
from core.demo.lectures import make_lecture, subtitles
from core.files.pictures import store_picture
from core.files.service import receive
from core.institutions.models import Institution, InstitutionRole, Membership
from core.jobs.runner import work_off
from core.tenancy import across_institutions, institution_scope
from core.users.models import User
from core.users.service import create_person
from core.users.sessions import load_viewer

CONTENT = Path(__file__).with_name("content.toml")
LECTURE_SECONDS = 60

Say = Callable[[str], None]


def content() -> dict[str, Any]:
    """What the demo shows, as ``content.toml`` says it."""
    return tomllib.loads(CONTENT.read_text())


def seed(app: Flask, *, with_video: bool = True, say: Say = lambda _line: None) -> None:
    """Fills the site. ``say`` hears each step; without video the lectures are pages to read."""
    wanted = content()
    for institution in wanted["institutions"]:
        _institution(institution)
    db.session.commit()
    for person in wanted["people"]:
        _person(person, wanted["password"])
        db.session.commit()
    for course in wanted["courses"]:
        known = _course_of(course["slug"])
        if known is None or known.state == CourseState.DRAFT:
            say(course["title"])
            _make_course(app, course, with_video=with_video)
    classroom.fill(wanted["class_run"], wanted["password"])
    work_off(app)


def _institution(wanted: dict[str, Any]) -> None:
    if _one(Institution, Institution.slug == wanted["slug"]) is None:
        db.session.add(Institution(slug=wanted["slug"], name=wanted["name"], introduction=wanted["introduction"]))
        db.session.flush()


def _person(wanted: dict[str, Any], password: str) -> None:
    user = _one(User, User.email == wanted["email"])
    if user is None:
        user = create_person(
            name=wanted["name"],
            email=wanted["email"],
            password=password,
            is_operator=wanted.get("operator", False),
        )
    for slug, role in wanted.get("member", {}).items():
        institution = _one(Institution, Institution.slug == slug)
        assert institution is not None  # noqa: S101 - content.toml is ours and tested
        with institution_scope(institution.id):
            if _one(Membership, Membership.user_id == user.id) is None:
                db.session.add(Membership(user_id=user.id, role=InstitutionRole(role)))
                db.session.flush()


def _make_course(app: Flask, wanted: dict[str, Any], *, with_video: bool) -> None:
    """One course from draft to catalogue; where an earlier run was interrupted, it goes on from there."""
    institution = _must(Institution, Institution.slug == wanted["institution"])
    leader = _must(User, User.email == wanted["leader"])
    with institution_scope(institution.id):
        course = _course_of(wanted["slug"]) or _draft(wanted, institution, leader, with_video=with_video)
        db.session.commit()
        for lesson in db.session.scalars(
            select(Lesson).where(Lesson.course_id == course.id, Lesson.kind == "video", Lesson.asset_id.is_(None))
        ).all():
            _upload(course, lesson, wanted, leader)
            db.session.commit()
    work_off(app)
    # The jobs wrote in sessions of their own.
    db.session.expire_all()
    _publish(course, leader, institution)
    db.session.commit()


def _draft(wanted: dict[str, Any], institution: Institution, leader: User, *, with_video: bool) -> Course:
    """The course with its outline and its run, in one transaction."""
    cover = _cover(wanted, institution, leader)
    course = service.create_course(institution.id, leader.id, title=wanted["title"], slug=wanted["slug"])
    service.set_cover(course.id, cover, leader.id)
    service.save_information(course.id, course.version, _information(wanted), leader.id)
    for email, role in wanted.get("team", {}).items():
        team.add_member(course.id, email, TeamRole(role))
    _outline(course, wanted, leader, with_video=with_video)
    moment = clock.now()
    values = {
        "title": "2026 年秋季",
        "starts_at": moment - timedelta(days=30),
        "ends_at": moment + timedelta(days=120),
        "enrolment_opens_at": None,
        "enrolment_closes_at": None,
        "capacity": None,
        "policy": EnrolmentPolicy.OPEN,
        "code": "",
    }
    runs.create_run(course.id, values, leader.id)
    return course


def _cover(wanted: dict[str, Any], institution: Institution, leader: User) -> Any:
    picture = draw_cover(
        wanted["cover"].split("|"), institution.name, **{name: wanted[name] for name in ("motif", "ink", "paper")}
    )
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    buffer.seek(0)
    name = f"{wanted['slug']}.png"
    return store_picture(buffer, kind="cover", institution_id=institution.id, uploader_id=leader.id, name=name)


def _information(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": wanted["summary"],
        "description": wanted["description"].strip(),
        "outcomes": wanted["outcomes"].strip(),
        "audience": wanted["audience"],
        "subject": wanted["subject"],
        "level": wanted["level"],
        "credit_hours": Decimal(wanted["credit_hours"]),
        "has_certificate": wanted["certificate"],
    }


def _outline(course: Course, wanted: dict[str, Any], leader: User, *, with_video: bool) -> None:
    for chapter_wanted in wanted["chapters"]:
        chapter = outline.add_chapter(course.id, chapter_wanted["title"])
        db.session.flush()
        for given in chapter_wanted["lessons"]:
            is_video = with_video and "slides" in given
            lesson = outline.add_lesson(
                course.id, chapter.id, "video" if is_video else "page", given["title"], leader.id
            )
            db.session.flush()
            body = "" if is_video else given.get("page") or _as_text(given["slides"])
            values = {"body": body.strip(), "is_preview": given.get("preview", False)}
            save_lesson(course.id, lesson.id, lesson.version, values, leader.id)


def _as_text(slides: list[list[str]]) -> str:
    """A lecture's slides to read, where no film is wanted."""
    return "\n\n".join(
        f"## {heading}\n\n" + "\n".join(f"- {line}" for line in body.split("\n")) for heading, body in slides
    )


def _upload(course: Course, lesson: Lesson, wanted: dict[str, Any], leader: User) -> None:
    """Makes the film and sends it the way a teacher's upload goes."""
    lessons = (given for chapter in wanted["chapters"] for given in chapter["lessons"])
    given = next(given for given in lessons if given["title"] == lesson.title)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "lecture.mp4"
        colours = {"ink": wanted["ink"], "paper": wanted["paper"]}
        make_lecture(given["slides"], seconds=LECTURE_SECONDS, pitch=given["voice"], target=film, **colours)
        with film.open("rb") as file:
            name, length = f"{lesson.title}.mp4", film.stat().st_size
            receive(course, lesson, file, user_id=leader.id, name=name, length=length)
    captions.put(lesson, "zh-CN", subtitles(given["slides"], seconds=LECTURE_SECONDS).encode())


def _publish(course: Course, leader: User, institution: Institution) -> None:
    """Submitted by its leader, approved by the institution's administrator."""
    with institution_scope(institution.id):
        membership = _must(Membership, Membership.role == InstitutionRole.ADMINISTRATOR)
        administrator = db.session.get_one(User, membership.user_id)
    with across_institutions("the roles of two people"):
        as_leader, as_administrator = load_viewer(leader), load_viewer(administrator)
    with institution_scope(institution.id):
        db.session.refresh(course)
        if course.state == CourseState.DRAFT:
            make_move(as_leader, course.id, Move.SUBMIT)
            make_move(as_administrator, course.id, Move.PUBLISH)


def _course_of(slug: str) -> Course | None:
    with across_institutions("slugs are unique on the site"):
        return db.session.scalars(select(Course).where(Course.slug == slug)).first()


def _one(table: type[Any], condition: Any) -> Any:
    return db.session.scalars(select(table).where(condition)).first()


def _must(table: type[Any], condition: Any) -> Any:
    return db.session.scalars(select(table).where(condition).order_by(table.id)).first()
