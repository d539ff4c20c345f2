"""Rows for tests, complete and plausible unless a test says otherwise. Everything made is committed."""

import itertools
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password

from core import clock
from core.courses.models import (
    Chapter,
    ClassGroup,
    Course,
    CourseRun,
    CourseState,
    EnrolmentPolicy,
    Lesson,
    TeamMember,
    TeamRole,
)
from core.db import Model, db
from core.enrolment.models import Enrolment
from core.files.models import Asset, AssetState
from core.institutions.models import Institution, InstitutionRole, Membership
from core.tenancy import institution_scope
from core.users import sessions
from core.users.models import User

PASSWORD = "correct horse battery"
_number = itertools.count(1)
Row = TypeVar("Row", bound=Model)


class Factory:
    """``make.<thing>(…)``: anything not given is invented; parents that are missing are made too."""

    def institution(self, **values: Any) -> Institution:
        n = next(_number)
        return self._add(Institution(**{"slug": f"inst-{n}", "name": f"第{n}职业学院", **values}))

    def user(self, *, password: str | None = None, **values: Any) -> User:
        n = next(_number)
        values = {
            "email": f"user{n}@example.edu.cn",
            "name": f"学生{n}",
            "fs_uniquifier": f"uniq-{n}",
            "confirmed_at": clock.now(),
            "password": hash_password(password) if password else None,
            **values,
        }
        return self._add(User(**values))

    def member(self, institution: Institution, role: str = "student", **values: Any) -> User:
        """A new person in ``institution`` with a role there."""
        user = self.user(**values)
        self._add(Membership(institution_id=institution.id, user_id=user.id, role=InstitutionRole(role)), institution)
        return user

    def course(self, institution: Institution | None = None, leader: User | None = None, **values: Any) -> Course:
        """A published course; with ``leader`` that person leads its team."""
        institution = institution or self.institution()
        n = next(_number)
        published = values.get("state", CourseState.PUBLISHED) == CourseState.PUBLISHED
        course = self._add(
            Course(
                **{
                    "slug": f"course-{n}",
                    "title": f"课程{n}",
                    "state": CourseState.PUBLISHED,
                    "published_at": clock.now() if published else None,
                    **values,
                }
            ),
            institution,
        )
        if leader is not None:
            self.teammate(course, leader, TeamRole.LEADER)
        return course

    def teammate(self, course: Course, user: User, role: TeamRole = TeamRole.INSTRUCTOR) -> TeamMember:
        return self._add(TeamMember(course_id=course.id, user_id=user.id, role=role), course)

    def chapter(self, course: Course, **values: Any) -> Chapter:
        return self._add(Chapter(**{"course_id": course.id, "title": f"第{next(_number)}章", **values}), course)

    def lesson(self, course: Course, chapter: Chapter | None = None, **values: Any) -> Lesson:
        """A page lesson of one minute; ``kind="video"`` makes a video with a ready asset of ``duration_ms``."""
        chapter = chapter or self.chapter(course)
        values = {"kind": "page", "title": f"课时{next(_number)}", "duration_ms": 60_000, **values}
        if values["kind"] == "video" and "asset_id" not in values:
            values["asset_id"] = self.asset(course, duration_ms=values["duration_ms"]).id
        course.lesson_count += 1
        return self._add(Lesson(course_id=course.id, chapter_id=chapter.id, **values), course)

    def asset(self, owner: Any, **values: Any) -> Asset:
        """A ready video asset of ``owner``'s institution, without bytes."""
        n = next(_number)
        values = {
            "institution_id": owner.institution_id,
            "name": f"video{n}.mp4",
            "kind": "video",
            "media_type": "video/mp4",
            "size": 1000,
            "sha256": f"{n:064x}",
            "key": f"{n:064x}.mp4",
            "state": AssetState.READY,
            "duration_ms": 60_000,
            **values,
        }
        return self._add(Asset(**values))

    def run(self, course: Course, **values: Any) -> CourseRun:
        """A run that began yesterday and is open to everybody."""
        values = {
            "title": "2026年秋季",
            "starts_at": clock.now() - timedelta(days=1),
            "policy": EnrolmentPolicy.OPEN,
            **values,
        }
        return self._add(CourseRun(course_id=course.id, **values), course)

    def class_group(self, run: CourseRun, **values: Any) -> ClassGroup:
        return self._add(ClassGroup(**{"run_id": run.id, "name": f"{next(_number)}班", **values}), run)

    def enrolment(self, run: CourseRun, user: User, **values: Any) -> Enrolment:
        return self._add(Enrolment(run_id=run.id, course_id=run.course_id, user_id=user.id, **values), run)

    def _add(self, row: Row, owner: Any = None) -> Row:
        """Adds and commits, in the institution of ``owner`` (an institution or something it owns)."""
        if owner is None:
            db.session.add(row)
            db.session.commit()
            return row
        institution_id = owner.id if isinstance(owner, Institution) else owner.institution_id
        with institution_scope(institution_id):
            db.session.add(row)
            db.session.commit()
        return row


def logged_in(app: Flask, user: Any) -> FlaskClient:
    """A client whose cookie belongs to a session of ``user``."""
    client = app.test_client()
    with app.test_request_context():
        token = sessions.begin(user)
        db.session.commit()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = user.fs_uniquifier
        cookie["_fresh"] = True
        cookie[sessions.KEY] = token
    return client
