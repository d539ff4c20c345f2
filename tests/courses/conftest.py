"""A course with people in every role around it."""

from dataclasses import dataclass
from typing import Any

import pytest

from core.courses.models import Chapter, Course, CourseState, Lesson, TeamRole
from core.institutions.models import Institution
from core.users.models import User
from tests.factories import Factory


@dataclass
class Crew:
    """A draft with two chapters of two page lessons, and who works on it."""

    institution: Institution
    course: Course
    chapters: list[Chapter]
    lessons: list[Lesson]
    leader: User
    instructor: User
    assistant: User
    administrator: User
    member: User
    foreign_administrator: User

    @property
    def url(self) -> str:
        """The editor's address."""
        return f"/teach/{self.course.slug}"

    def person(self, role: str) -> Any:
        """Who plays a role; None for a visitor."""
        return None if role == "visitor" else getattr(self, role)


@pytest.fixture
def crew(make: Factory) -> Crew:
    """The course is complete: it could be submitted."""
    return make_crew(make)


def make_crew(make: Factory) -> Crew:
    """As the fixture, for tests with a factory of their own."""
    institution = make.institution()
    leader = make.member(institution, "instructor", name="王建国")
    course = make.course(
        institution,
        leader,
        state=CourseState.DRAFT,
        title="数控加工",
        summary="从零件图到第一个合格零件",
        subject="46",
        outcomes="- 读懂零件图",
        credit_hours=16,
    )
    instructor, assistant = make.member(institution, "instructor"), make.user()
    make.teammate(course, instructor, TeamRole.INSTRUCTOR)
    make.teammate(course, assistant, TeamRole.ASSISTANT)
    chapters = [make.chapter(course, title=f"第{n}章", position=n) for n in range(2)]
    lessons = [
        make.lesson(course, chapter, title=f"课时{n}{m}", position=m, body="正文", duration_ms=5000)
        for n, chapter in enumerate(chapters)
        for m in range(2)
    ]
    return Crew(
        institution,
        course,
        chapters,
        lessons,
        leader,
        instructor,
        assistant,
        make.member(institution, "administrator", name="陈静"),
        make.member(institution),
        make.member(make.institution(), "administrator"),
    )
