"""The course page: everything a person needs to decide, and the one thing they do next. Seven statements at most."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup

from core import clock
from core.config import current_settings
from core.courses import policy, queries
from core.courses.catalogue import hours_text
from core.courses.models import Course, CourseRun, CourseState
from core.courses.queries import OutlineChapter
from core.courses.subjects import subject_name
from core.courses.team import ROLE_NAMES
from core.courses.words import LANGUAGES
from core.enrolment.forms import EnrolForm
from core.enrolment.models import Enrolment, EnrolmentState
from core.enrolment.policy import Choice, Step, choices
from core.enrolment.queries import runs_with_enrolment
from core.errors import NotFound
from core.i18n import _
from core.institutions.models import Institution
from core.markdown import render
from core.permissions import Permission, Viewer
from core.web.durations import clock_text, rough_text


@dataclass(frozen=True, slots=True)
class SeenCourse:
    """A course that the person may see, with its institution and its runs as they stand for this person."""

    course: Course
    institution: Institution
    runs: list[tuple[CourseRun, Enrolment | None]]

    @property
    def active(self) -> Enrolment | None:
        """The enrolment in which the person learns: of several, by :func:`core.enrolment.queries.present_first`."""
        mine = [
            (run, enrolment) for run, enrolment in self.runs if enrolment and enrolment.state == EnrolmentState.ACTIVE
        ]
        return max(mine, key=lambda pair: _presence(pair[0]), default=(None, None))[1]


def _presence(run: CourseRun) -> tuple[bool, bool, datetime, int]:
    now = clock.now()
    return run.starts_at <= now, run.ends_at is None or run.ends_at > now, run.starts_at, run.id


def seen_course(slug: str, viewer: Viewer) -> SeenCourse:
    """The course behind an address. Raises :class:`NotFound` for what is not there for this person."""
    found = queries.course_with_institution(slug)
    if found is not None:
        course, institution = found
        seen = SeenCourse(course, institution, runs_with_enrolment(course.id, viewer.user_id))
        if policy.sees_page(viewer, course, is_enrolled=seen.active is not None):
            return seen
    raise NotFound(_("There is nothing at this address, or it is not open to you."))


def render_course_page(seen: SeenCourse, viewer: Viewer, form: EnrolForm | None = None) -> str:
    """The page. ``form`` is one that was sent and needs correcting."""
    course, chapters = seen.course, queries.outline(seen.course.id)
    offered = choices(seen.runs)
    if course.state != CourseState.PUBLISHED:
        offered = [choice for choice in offered if choice.step == Step.CONTINUE]
    chosen = _chosen(offered, form)
    is_team = policy.may(viewer, Permission.SEE_DRAFT, course)
    root = url_for("courses.course", course_slug=course.slug)
    return render_template(
        "courses/course.html",
        course=course,
        institution=seen.institution,
        hours=hours_text(course.credit_hours),
        subject=subject_name(course.subject),
        language=LANGUAGES.get(course.language, course.language),
        chapters=chapters,
        lesson_count=sum(len(chapter.lessons) for chapter in chapters),
        total_ms=sum(chapter.duration_ms for chapter in chapters),
        preview=_first(chapters, previews_only=True),
        markdown=_markdown,
        clock_text=clock_text,
        rough_text=rough_text,
        role_names=ROLE_NAMES,
        team=queries.listed_team(course.id),
        chosen=chosen,
        others=[choice for choice in offered if choice is not chosen],
        form=form or (EnrolForm(formdata=None) if viewer.user_id is not None else None),
        resume=resume_lesson(seen.active, chapters),
        opens_all=is_team or seen.active is not None,
        is_team=is_team,
        root=root,
        canonical=current_settings().base_url.rstrip("/") + root,
        linked_data=_linked_data(seen, root),
    )


def _markdown(text: str) -> Markup:
    # The page's sections have h2.
    return render(text, heading_shift=2)


def _chosen(offered: list[Choice], form: EnrolForm | None) -> Choice | None:
    """The run that the person picked, else the most welcome one."""
    wished = str(form.run_id.data) if form is not None else request.args.get("run", "")
    return next((choice for choice in offered if str(choice.run.id) == wished), offered[0] if offered else None)


def _first(chapters: list[OutlineChapter], *, previews_only: bool = False) -> Any:
    lessons = (lesson for chapter in chapters for lesson in chapter.lessons)
    return next((lesson for lesson in lessons if lesson.is_preview or not previews_only), None)


def resume_lesson(enrolment: Enrolment | None, chapters: list[OutlineChapter]) -> Any:
    """The lesson at which the person goes on: where they stopped, else the first."""
    if enrolment is None:
        return None
    lessons = (lesson for chapter in chapters for lesson in chapter.lessons)
    return next((lesson for lesson in lessons if lesson.id == enrolment.last_lesson_id), _first(chapters))


def _linked_data(seen: SeenCourse, root: str) -> dict[str, Any]:
    """The course as search engines read it (schema.org/Course)."""
    course, base = seen.course, current_settings().base_url.rstrip("/")
    instance: dict[str, Any] = {"@type": "CourseInstance", "courseMode": "online"}
    if course.credit_hours:
        instance["courseWorkload"] = f"PT{hours_text(course.credit_hours)}H"
    institution = url_for("courses.institution", institution_slug=seen.institution.slug)
    return {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": course.title,
        "description": course.summary or course.title,
        "url": base + root,
        "inLanguage": course.language,
        "provider": {"@type": "CollegeOrUniversity", "name": seen.institution.name, "url": base + institution},
        "hasCourseInstance": instance,
    }
