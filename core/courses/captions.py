"""Subtitles of a lesson, one file per language: WebVTT or SubRip comes in, clean WebVTT is kept."""

import re
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from sqlalchemy import delete, select

from core import audit, clock
from core.courses import policy
from core.courses.models import Caption, Course, Lesson
from core.db import db
from core.errors import Invalid, NotFound
from core.files.words import sentence
from core.i18n import _
from media.captions import CaptionsError, Problem, parse_webvtt, read_captions, write_webvtt

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|\d{3}))?")


@dataclass(frozen=True, slots=True)
class Added:
    """Subtitles just stored, and what was found in the file that its author should know."""

    caption: Caption
    problems: list[str]


def put(lesson: Lesson, language: str, data: bytes, *, label: str = "") -> Added:
    """Adds the subtitles of one language, or replaces them. ``label`` is what the player's menu says.

    Raises :class:`Invalid` for a file without captions and for a language that is none, :class:`Conflict` while the
    course stands still.
    """
    _must_be_changeable(lesson)
    tag = language_of(language)
    try:
        found = read_captions(data)
    except CaptionsError as error:
        raise Invalid(sentence(error.code, error.params), field="file") from error
    if not found.cues:
        problems = " ".join(_in_words(problem) for problem in found.problems[:3])
        raise Invalid(_("There is no caption in this file. %(problems)s", problems=problems).strip(), field="file")
    caption = find(lesson.id, tag)
    if caption is None:
        caption = Caption(lesson_id=lesson.id, language=tag)
        db.session.add(caption)
    caption.label = (label.strip() or name_of(tag))[:40]
    caption.vtt = write_webvtt(found)
    caption.updated_at = clock.now()
    db.session.flush()
    audit.record("lesson.captions_stored", lesson, language=tag, cues=len(found.cues))
    return Added(caption, [_in_words(problem) for problem in found.problems])


def remove(lesson: Lesson, language: str) -> None:
    """Takes the subtitles of a language away. Raises :class:`NotFound` where there are none."""
    _must_be_changeable(lesson)
    gone = delete(Caption).where(Caption.lesson_id == lesson.id, Caption.language == language).returning(Caption.id)
    if db.session.execute(gone).first() is None:
        raise NotFound(_("There are no captions in this language."))
    audit.record("lesson.captions_removed", lesson, language=language)


def find(lesson_id: int, language: str) -> Caption | None:
    """The subtitles of a lesson in that language."""
    return db.session.scalars(
        select(Caption).where(Caption.lesson_id == lesson_id, Caption.language == language)
    ).first()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the transcript. Times in milliseconds."""

    start_ms: int
    end_ms: int
    text: str
    speaker: str | None


def lines(caption: Caption) -> tuple[Line, ...]:
    """What is said, to be read and searched."""
    return _lines(caption.vtt)


@lru_cache(maxsize=128)
def _lines(vtt: str) -> tuple[Line, ...]:
    spoken = [Line(cue.start_ms, cue.end_ms, cue.plain_text.strip(), cue.speaker) for cue in parse_webvtt(vtt).cues]
    return tuple(line for line in spoken if line.text)


def language_of(tag: str) -> str:
    """A BCP 47 tag in its usual spelling (``zh-CN``). Raises :class:`Invalid` for what is no language."""
    parts = tag.strip().replace("_", "-").split("-")
    usual = "-".join([parts[0].lower(), *(part.title() if len(part) == 4 else part.upper() for part in parts[1:])])
    if _TAG.fullmatch(usual) and _locale(usual) is not None:
        return usual
    raise Invalid(_("Choose the language of the captions, for example zh-CN or en."), field="language")


def name_of(tag: str) -> str:
    """A language in its own words: 中文, English."""
    locale = _locale(tag)
    return str(locale.get_language_name() or tag) if locale else tag


def _in_words(problem: Problem) -> str:
    return _("Line %(line)s: %(what)s", line=problem.line, what=sentence(problem.code, problem.params))


def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def _must_be_changeable(lesson: Lesson) -> None:
    policy.must_be_changeable(db.session.get_one(Course, lesson.course_id))
