"""Subtitles of a video lesson in the editor: added, replaced and taken away, a file per language."""

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from core.courses import captions, editor_queries, lesson_views
from core.courses.editor import bp, on_course, saved
from core.courses.models import Course
from core.errors import Invalid, status_of
from core.i18n import _
from core.permissions import Permission

TOLD = 3
"""What was odd about a file is told for its first lines; the rest is the same mistake repeated."""


@bp.post("/<course_slug>/lessons/<int:lesson_id>/captions")
@on_course(Permission.EDIT_COURSE)
def put_captions(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Adds the subtitles of a language, or replaces them."""
    row = lesson_views.lesson_row(course, lesson_id)
    sent = request.files.get("captions")
    try:
        if sent is None or not sent.filename:
            raise Invalid(_("Choose a caption file first: WebVTT (.vtt) or SubRip (.srt)."), field="file")
        added = captions.put(row.Lesson, request.form.get("language", ""), sent.stream.read())
    except Invalid as error:
        return lesson_views.lesson_page(course, row, status=status_of(error), captions_error=error.sentence)
    for problem in added.problems[:TOLD]:
        flash(problem, "warning")
    return saved(_address(course, lesson_id))


@bp.post("/<course_slug>/lessons/<int:lesson_id>/captions/<int:caption_id>/delete")
@on_course(Permission.EDIT_COURSE)
def remove_captions(course: Course, lesson_id: int, caption_id: int) -> ResponseReturnValue:
    """Takes the subtitles of a language away. Those that are gone already are no error."""
    row = lesson_views.lesson_row(course, lesson_id)
    present = {caption.id: caption for caption in editor_queries.captions(lesson_id)}
    if caption_id in present:
        captions.remove(row.Lesson, present[caption_id].language)
    return saved(_address(course, lesson_id))


def _address(course: Course, lesson_id: int) -> str:
    return url_for("teach.lesson", course_slug=course.slug, lesson_id=lesson_id, _anchor="captions")
