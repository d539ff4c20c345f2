"""The courses of the seeded site: outlines, runs, teams, enrolments, and one class that is large."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from core import clock
from core.courses.models import Chapter, Course, CourseRun, Lesson, TeamMember
from core.courses.subjects import SUBJECTS
from core.db import Model, table_of
from core.enrolment.models import Enrolment
from core.files.models import Asset
from core.progress.models import LessonProgress

if TYPE_CHECKING:
    from tests.benchmarks.seeding import Seeded

THINGS = ("数控机床", "宋代山水画", "数据结构", "茶叶审评", "高等数学", "护理学", "新能源汽车", "财务会计", "酒店管理")
MANNERS = ("基础", "实务", "原理与应用", "案例精讲", "入门", "综合实训", "导论")
DURATION_MS = 600_000
FIRST_FILM = 1_000_000
"""Ids of films begin here; below stand the covers, numbered as the courses are."""


def write(connection: Connection, model: type[Model], rows: Iterator[dict[str, Any]]) -> None:
    """Inserts the rows, some thousand at a time."""
    while chunk := list(islice(rows, 2_000)):
        connection.execute(insert(table_of(model)), chunk)


def courses(connection: Connection, facts: "Seeded") -> None:
    size, moment = facts.size, clock.now()
    facts.slugs = [f"course-{n}" for n in range(size.courses)]
    per_course = size.chapters * size.lessons
    owner = [n % size.institutions + 1 for n in range(size.courses)]
    subjects = list(SUBJECTS)
    write(connection, Asset, (_picture(n + 1, owner[n]) for n in range(size.courses)))
    write(
        connection,
        Course,
        (
            {
                "id": n + 1,
                "institution_id": owner[n],
                "slug": facts.slugs[n],
                "title": f"{THINGS[n % 9]}{MANNERS[n % 7]}（{n + 1}）",
                "summary": "从真实任务出发，一步一步学会；每课时十分钟，配有字幕、讲义与练习。",
                "description": "## 课程内容\n\n以岗位任务为线索组织，每章有一次练习。\n\n- 认识工具\n- 完成任务",
                "outcomes": "- 独立完成典型任务\n- 说出每一步的理由\n- 判断常见缺陷",
                "audience": "高职一、二年级学生和在岗人员。",
                "subject": subjects[n % len(subjects)],
                "level": ("beginner", "intermediate", "advanced")[n % 3],
                "credit_hours": (8, 16, 24, 48, 72)[n % 5],
                "has_certificate": n % 4 == 0,
                "cover_id": n + 1,
                "state": "published",
                "published_at": moment - timedelta(hours=n),
                "lesson_count": per_course,
                "enrolment_count": size.learners * size.courses_per_learner // size.courses,
            }
            for n in range(size.courses)
        ),
    )
    runs = (
        {
            "id": n + 1,
            "institution_id": owner[n],
            "course_id": n + 1,
            "title": "2026年秋季",
            "starts_at": moment - timedelta(days=30),
        }
        for n in range(size.courses)
    )
    write(connection, CourseRun, runs)
    teams = (
        {
            "institution_id": owner[n],
            "course_id": n + 1,
            "user_id": size.learners + (n + step) % size.teachers + 1,
            "role": ("leader", "instructor", "instructor")[step],
            "position": step,
        }
        for n in range(size.courses)
        for step in range(3)
    )
    write(connection, TeamMember, teams)
    for course in range(size.courses):
        _outline(connection, course, owner[course], size.chapters, size.lessons)
    facts.video_lesson = 1
    facts.player_lesson = per_course + 1


def _picture(asset_id: int, institution_id: int) -> dict[str, Any]:
    return {
        "id": asset_id,
        "institution_id": institution_id,
        "name": "cover.png",
        "kind": "image",
        "media_type": "image/webp",
        "size": 20_000,
        "sha256": f"{asset_id:064x}",
        "key": f"{asset_id:064x}.webp",
        "state": "ready",
        "details": {"place": "cover", "variants": []},
    }


def _outline(connection: Connection, course: int, institution_id: int, chapters: int, lessons: int) -> None:
    """Chapters and lessons of a course; the lessons' ids go up by course. The first lesson's film stands for all."""
    film = FIRST_FILM + course
    asset = _picture(film, institution_id) | {"kind": "video", "media_type": "video/mp4", "duration_ms": DURATION_MS}
    first = course * chapters
    write(connection, Asset, iter([asset | {"name": "lecture.mp4", "details": {}}]))
    write(
        connection,
        Chapter,
        (
            {
                "id": first + n + 1,
                "institution_id": institution_id,
                "course_id": course + 1,
                "title": f"第{n + 1}章",
                "position": n,
            }
            for n in range(chapters)
        ),
    )
    write(
        connection,
        Lesson,
        (
            {
                "id": (first + chapter) * lessons + n + 1,
                "institution_id": institution_id,
                "course_id": course + 1,
                "chapter_id": first + chapter + 1,
                "kind": "video",
                "title": f"任务{chapter + 1}.{n + 1}：看懂图样，选好刀具",
                "position": n,
                "asset_id": film,
                "duration_ms": DURATION_MS,
                "is_preview": chapter == n == 0,
            }
            for chapter in range(chapters)
            for n in range(lessons)
        ),
    )


def enrolments(connection: Connection, facts: "Seeded") -> None:
    """Every learner is in a few courses; the players are all in the second one."""
    size, moment = facts.size, clock.now()
    places = {
        (user, (user * 7 + step * 331) % size.courses + 1)
        for user in range(1, size.learners + 1)
        for step in range(size.courses_per_learner)
    }
    places |= {(user, 2) for user in facts.player_ids}
    per_course = size.chapters * size.lessons
    write(
        connection,
        Enrolment,
        (
            {
                "id": n + 1,
                "institution_id": (course - 1) % size.institutions + 1,
                "run_id": course,
                "course_id": course,
                "user_id": user,
                "last_lesson_id": (course - 1) * per_course + 1,
                "last_active_at": moment - timedelta(hours=user % 500),
            }
            for n, (user, course) in enumerate(sorted(places))
        ),
    )


def large_class(connection: Connection, facts: "Seeded") -> None:
    """One more course with a run of many learners, each with progress in every lesson."""
    size, moment = facts.size, clock.now()
    course, film = size.courses + 1, FIRST_FILM
    chapters = 6
    run: dict[str, Any] = {
        "id": course,
        "institution_id": 1,
        "course_id": course,
        "title": "一班",
        "starts_at": moment - timedelta(days=60),
    }
    write(connection, Course, iter([_class_course(course)]))
    write(connection, CourseRun, iter([run]))
    member = {"institution_id": 1, "course_id": course, "user_id": facts.teacher_id, "role": "leader"}
    write(connection, TeamMember, iter([member]))
    first_chapter, first_lesson = size.courses * size.chapters + 1, size.courses * size.chapters * size.lessons + 1
    frame = {"institution_id": 1, "course_id": course}
    write(
        connection,
        Chapter,
        ({**frame, "id": first_chapter + n, "title": f"第{n + 1}章", "position": n} for n in range(chapters)),
    )
    write(
        connection,
        Lesson,
        (
            {
                **frame,
                "id": first_lesson + n,
                "chapter_id": first_chapter + n * chapters // size.class_lessons,
                "kind": "video",
                "title": f"课时{n + 1}：从图样到零件",
                "position": n,
                "asset_id": film,
                "duration_ms": DURATION_MS,
            }
            for n in range(size.class_lessons)
        ),
    )
    first_enrolment = size.learners * (size.courses_per_learner + 1) + 1
    write(
        connection,
        Enrolment,
        (
            {
                **frame,
                "id": first_enrolment + n,
                "run_id": course,
                "user_id": size.learners - n,
                "last_lesson_id": first_lesson + n % size.class_lessons,
                "last_active_at": moment - timedelta(hours=n % 400),
            }
            for n in range(size.class_learners)
        ),
    )
    write(
        connection,
        LessonProgress,
        (
            {
                "institution_id": 1,
                "enrolment_id": first_enrolment + learner,
                "lesson_id": first_lesson + lesson,
                "asset_id": film,
                "watched": f"0-{DURATION_MS}" if lesson < learner % size.class_lessons else "0-120000,180000-300000",
                "watched_ms": DURATION_MS if lesson < learner % size.class_lessons else 240_000,
                "duration_ms": DURATION_MS,
                "completed_at": moment if lesson < learner % size.class_lessons else None,
            }
            for learner in range(size.class_learners)
            for lesson in range(size.class_lessons)
        ),
    )
    facts.class_path = f"/teach/large-class/runs/{course}/class"


def _class_course(course_id: int) -> dict[str, Any]:
    return {"id": course_id, "institution_id": 1, "slug": "large-class", "title": "机械制图", "state": "published"}
