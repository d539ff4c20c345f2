"""A course with a real lecture made on the spot, and somebody enrolled in it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.courses import captions
from core.courses.models import Course, CourseRun, Lesson
from core.db import db
from core.demo.lectures import make_lecture, subtitles
from core.files import queries, stores
from core.files.models import Asset
from core.progress.models import LessonProgress
from core.tenancy import institution_scope
from core.users.models import User
from media.storage import content_key
from tests.browser import LiveSite
from tests.factories import Factory

SECONDS = 40
SLIDES = [
    ["溪山行旅图", "范宽画的是一座大山\n人走在山脚下"],
    ["三远", "高远自山下仰望山顶\n深远自山前窥山后"],
    ["皴法", "雨点皴如雨打墙头\n一笔一笔积成山石"],
    ["小结", "先看大势\n再看笔墨"],
]


ENGLISH = """WEBVTT

00:00.000 --> 00:20.000
Travellers among mountains

00:20.000 --> 00:40.000
Three distances
"""


@pytest.fixture(scope="session")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lecture of forty seconds."""
    target = tmp_path_factory.mktemp("lecture") / "lecture.mp4"
    make_lecture(SLIDES, seconds=SECONDS, pitch=330, ink="#1a2123", paper="#f4efe4", target=target)
    return target


@dataclass
class Classroom:
    """A published course with a run, a chapter of lessons, and a student in it."""

    app: Flask
    make: Factory
    course: Course
    run: CourseRun
    lesson: Lesson
    student: User

    @property
    def path(self) -> str:
        return f"/courses/{self.course.slug}/lessons/{self.lesson.id}"

    def progress(self) -> LessonProgress:
        """What the database says now. Ends its transaction, so that the site's own writes need not wait."""
        with institution_scope(self.course.institution_id):
            found = db.session.scalars(
                select(LessonProgress)
                .where(LessonProgress.lesson_id == self.lesson.id)
                .execution_options(populate_existing=True)
            ).one()
        db.session.commit()
        return found


def stored(make: Factory, owner: Any, path: Path, **values: Any) -> Asset:
    """An asset whose bytes lie in the site's store."""
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    key = content_key(sha256, path.suffix.removeprefix("."))
    stores.store().put_bytes(data, key)
    return make.asset(owner, name=path.name, sha256=sha256, key=key, size=len(data), **values)


def furnish(app: Flask, make: Factory, film: Path, seconds: float, **institution: Any) -> Classroom:
    """A classroom around a film."""
    owner = make.institution(name="江南职业技术学院", **institution)
    course = make.course(owner, title="宋代山水画鉴赏", summary="从三幅名作看懂中国山水画。")
    chapter = make.chapter(course, title="第一章　北宋：大山堂堂", position=1)
    asset = stored(make, course, film, duration_ms=round(seconds * 1000))
    lesson = make.lesson(
        course,
        chapter,
        kind="video",
        title="范宽《溪山行旅图》",
        asset_id=asset.id,
        duration_ms=asset.duration_ms,
        position=1,
        body="配套阅读见[故宫博物院](https://www.dpm.org.cn)。",
    )
    text = "## 高远\n\n自山下仰望山顶，谓之高远。"
    make.lesson(course, chapter, kind="page", title="三远法", duration_ms=6_000, position=2, body=text)
    run = make.run(course)
    student = make.user(name="陈若溪")
    make.enrolment(run, student)
    return Classroom(app, make, course, run, lesson, student)


@pytest.fixture
def classroom(live: LiveSite, lecture: Path) -> Classroom:
    """The course with the forty-second lecture and its subtitles in two languages."""
    queries._stored_file.cache_clear()
    room = furnish(live.app, live.make, lecture, SECONDS)
    with institution_scope(room.course.institution_id):
        captions.put(room.lesson, "zh-CN", subtitles(SLIDES, seconds=SECONDS).encode())
        captions.put(room.lesson, "en", ENGLISH.encode())
        db.session.commit()
    return room
