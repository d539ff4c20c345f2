"""The demo: complete, worth looking at, and the same after a second run."""

import shutil
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.courses.models import Course, CourseRun, CourseState, Lesson
from core.db import db
from core.demo import seed as demo
from core.demo.drawing import MOTIFS, draw_cover
from core.demo.lectures import make_lecture, subtitles
from core.institutions.models import Institution, Membership
from core.tenancy import across_institutions
from core.users.models import User
from media.captions import read_captions
from media.probe import probe
from media.sniff import sniff_file


def counts() -> dict[str, int]:
    with across_institutions("a test counts everything"):
        found = {
            table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Institution, User, Membership, Course, Lesson, CourseRun)
        }
        db.session.commit()
    return found


def test_without_video_it_is_whole_and_a_second_run_changes_nothing(app: Flask) -> None:
    demo.seed(app, with_video=False)
    first = counts()
    demo.seed(app, with_video=False)
    assert counts() == first
    assert first["institution"] == 3
    with across_institutions("a test looks at every course"):
        courses = db.session.scalars(select(Course)).all()
        roles = set(db.session.scalars(select(Membership.role)))
    assert len(courses) >= 6
    published = [course for course in courses if course.state == CourseState.PUBLISHED]
    assert len(published) >= 6
    assert all(course.cover_id for course in courses)
    assert roles == {"administrator", "instructor", "student"}
    assert db.session.scalar(select(func.count()).where(User.is_operator)) == 1


def test_an_interrupted_run_goes_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(demo, "_publish", cut)
        with pytest.raises(KeyboardInterrupt):
            demo.seed(app, with_video=False)
    db.session.rollback()
    demo.seed(app, with_video=False)
    with across_institutions("a test looks at every course"):
        drafts = db.session.scalars(select(Course.slug).where(Course.state == CourseState.DRAFT)).all()
    assert len(drafts) <= 1


@pytest.mark.parametrize("motif", sorted(MOTIFS))
def test_every_motif_draws_a_cover(motif: str) -> None:
    cover = draw_cover(["微课设计", "与制作"], "江南职业技术学院", motif=motif, ink="#1f4e5f", paper="#e9e2d0")
    assert cover.size == (1280, 720)
    assert len(cover.getcolors(maxcolors=1_000_000) or ()) > 50


def test_a_lecture_is_a_film_that_browsers_start_at_once(tmp_path: Path) -> None:
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed: `make setup` installs it")
    film = tmp_path / "lecture.mp4"
    slides = [["一节微课", "第一讲"], ["为什么", "注意力是有限的\n一个知识点恰好讲得完"]]
    make_lecture(slides, seconds=6, pitch=220, ink="#1f4e5f", paper="#e9e2d0", target=film)
    found = probe(film, sniff_file(film))
    assert abs(found.duration_ms - 6_000) < 200
    assert (found.width, found.height, found.is_faststart, found.playable_in_browser) == (1280, 720, True, True)


def test_its_subtitles_can_be_read() -> None:
    captions = read_captions(subtitles([["一节微课", "第一讲"]], seconds=10).encode())
    assert [cue.plain_text for cue in captions.cues] == ["一节微课", "第一讲"]
    assert captions.cues[-1].end_ms == 10_000
    assert not captions.problems
