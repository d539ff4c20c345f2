"""May they open this lesson, and does it count for them?"""

from dataclasses import dataclass

from core import clock
from core.courses import policy as courses
from core.courses.models import Course, CourseRun, CourseState, Lesson
from core.errors import NotFound
from core.i18n import _, format_datetime
from core.permissions import Permission, Viewer

TAUGHT = frozenset({CourseState.PUBLISHED, CourseState.ARCHIVED})
"""Where people who are enrolled go on reading; an archived course stays open to those who were in it."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What a person may do at a lesson, and the sentence that explains what they may not."""

    sees: bool
    """The lesson itself, not merely its title in the outline."""
    sees_all: bool
    """Every lesson of the course; else only those given as a taste."""
    counts: bool = False
    is_team: bool = False
    sentence: str = ""


def admission(
    viewer: Viewer,
    course: Course,
    lesson: Lesson,
    run: CourseRun | None,
    *,
    as_student: bool = False,
) -> Admission:
    """Decides for one person and lesson. ``run`` is the one they are enrolled in, if any.

    The team previews what it does not learn itself; with ``as_student`` also what it does. Raises :class:`NotFound`
    where the course is not there for this person's eyes.
    """
    is_team = courses.may(viewer, Permission.SEE_DRAFT, course)
    if is_team and (run is None or as_student):
        return Admission(
            True, True, is_team=True, sentence=_("You see this lesson as its students do. Nothing here is counted.")
        )
    if run is not None and course.state in TAUGHT:
        return _learner(run)
    if not courses.sees_published(viewer, course):
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    if lesson.is_preview:
        return Admission(
            True,
            False,
            sentence=_("This is a preview lesson, open to everybody. It is counted once you have enrolled."),
        )
    return Admission(False, False, sentence=_("This lesson is for people who have enrolled in the course."))


def _learner(run: CourseRun) -> Admission:
    now = clock.now()
    if run.starts_at > now:
        begins = format_datetime(run.starts_at, "long")
        early = _("“%(run)s” begins on %(date)s. What you watch before is not counted.", run=run.title, date=begins)
        return Admission(True, True, sentence=early)
    if run.ends_at is not None and run.ends_at <= now:
        ended = format_datetime(run.ends_at, "long")
        late = _(
            "“%(run)s” ended on %(date)s. You can go on watching, but it is not counted.", run=run.title, date=ended
        )
        return Admission(True, True, sentence=late)
    return Admission(True, True, counts=True)
