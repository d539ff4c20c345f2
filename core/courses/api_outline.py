"""The outline of a course as JSON: chapters and lessons, their order, what was removed, what a lesson is made of."""

from dataclasses import asdict
from typing import Any

from core.courses import editor_queries, kinds, lessons, outline, policy, queries
from core.courses.api import bp, editable
from core.courses.api_schemas import (
    ChapterChange,
    ChapterSchema,
    LessonChange,
    LessonLineSchema,
    LessonSchema,
    NewChapter,
    NewFile,
    NewLesson,
    NewOrder,
    OutlineSchema,
)
from core.courses.course_page import seen_course
from core.courses.editor_queries import EditorOutline, Removed
from core.courses.models import Chapter, Course, Lesson
from core.courses.outline import ChapterOrder
from core.errors import NotFound
from core.i18n import _
from core.permissions import Permission
from core.users.current import current_person
from core.web.api_document import PUBLIC
from core.web.scope import current_viewer


@bp.get("/courses/<course_slug>/outline", endpoint="outline")
@bp.doc(**PUBLIC)
@bp.response(200, OutlineSchema)
def read_outline(course_slug: str) -> Any:
    """Chapters and lessons in order."""
    viewer = current_viewer()
    course = seen_course(course_slug, viewer).course
    if policy.may(viewer, Permission.SEE_DRAFT, course):
        return _as_json(course, editor_queries.editor_outline(course.id))
    return {
        "version": course.outline_version,
        "chapters": [asdict(chapter) for chapter in queries.outline(course.id)],
    }


@bp.put("/courses/<course_slug>/outline")
@bp.arguments(NewOrder)
@bp.response(200, OutlineSchema)
def order_outline(sent: dict[str, Any], course_slug: str) -> Any:
    """Puts chapters and lessons into this order, which names each of them once."""
    course = _editable(course_slug)
    order = [ChapterOrder(chapter["id"], tuple(chapter["lessons"])) for chapter in sent["chapters"]]
    outline.reorder(course.id, sent["version"], order)
    return _as_json(course, editor_queries.editor_outline(course.id))


@bp.post("/courses/<course_slug>/chapters")
@bp.arguments(NewChapter)
@bp.response(201, ChapterSchema)
def add_chapter(sent: dict[str, Any], course_slug: str) -> Any:
    """Adds a chapter at the end."""
    return _chapter(outline.add_chapter(_editable(course_slug).id, sent["title"]))


@bp.patch("/courses/<course_slug>/chapters/<int:chapter_id>")
@bp.arguments(ChapterChange)
@bp.response(200, ChapterSchema)
def rename_chapter(sent: dict[str, Any], course_slug: str, chapter_id: int) -> Any:
    """Gives a chapter another title."""
    course = _editable(course_slug)
    outline.rename_chapter(course.id, chapter_id, sent["title"], sent["version"])
    return _chapter_as_it_is(course, chapter_id)


@bp.delete("/courses/<course_slug>/chapters/<int:chapter_id>")
@bp.response(204)
def delete_chapter(course_slug: str, chapter_id: int) -> None:
    """Removes a chapter with its lessons. It can be brought back."""
    outline.delete_chapter(_editable(course_slug).id, chapter_id)


@bp.post("/courses/<course_slug>/chapters/<int:chapter_id>/restore")
@bp.response(200, ChapterSchema)
def restore_chapter(course_slug: str, chapter_id: int) -> Any:
    """Brings a removed chapter back to its place, with the lessons that went along."""
    course = _editable(course_slug)
    outline.restore_chapter(course.id, chapter_id)
    return _chapter_as_it_is(course, chapter_id)


@bp.post("/courses/<course_slug>/chapters/<int:chapter_id>/lessons")
@bp.arguments(NewLesson)
@bp.response(201, LessonSchema)
def add_lesson(sent: dict[str, Any], course_slug: str, chapter_id: int) -> Any:
    """Adds a lesson at the end of a chapter."""
    course = _editable(course_slug)
    lesson = outline.add_lesson(course.id, chapter_id, sent["kind"], sent["title"], current_person().id)
    return _lesson(course, lesson.id)


@bp.get("/courses/<course_slug>/lessons/<int:lesson_id>")
@bp.response(200, LessonSchema)
def lesson(course_slug: str, lesson_id: int) -> Any:
    """A lesson with its text and its file, for those who make the course."""
    course, _institution = editable(course_slug, Permission.SEE_DRAFT)
    return _lesson(course, lesson_id)


@bp.patch("/courses/<course_slug>/lessons/<int:lesson_id>")
@bp.arguments(LessonChange)
@bp.response(200, LessonSchema)
def change_lesson(sent: dict[str, Any], course_slug: str, lesson_id: int) -> Any:
    """Changes what is sent."""
    course = _editable(course_slug)
    lessons.save_lesson(course.id, lesson_id, sent.pop("version"), sent, current_person().id)
    return _lesson(course, lesson_id)


@bp.put("/courses/<course_slug>/lessons/<int:lesson_id>/file")
@bp.arguments(NewFile)
@bp.response(200, LessonSchema)
def set_file(sent: dict[str, Any], course_slug: str, lesson_id: int) -> Any:
    """Makes one of the course's or your own uploaded files the lesson's, or takes the file off."""
    course = _editable(course_slug)
    found, file_id = _row(course, lesson_id).Lesson, sent["file_id"]
    file = None
    if file_id is not None:
        kind = kinds.find(found.kind)
        usable = editor_queries.usable_files(course, kind.accepts, current_person().id) if kind else []
        file = next((each for each in usable if each.id == file_id), None)
        if file is None:
            raise NotFound(_("This file is not among those you can use here. Choose one from the list."))
    lessons.attach_asset(found, file, current_person().id)
    return _lesson(course, lesson_id)


@bp.delete("/courses/<course_slug>/lessons/<int:lesson_id>")
@bp.response(204)
def delete_lesson(course_slug: str, lesson_id: int) -> None:
    """Removes a lesson. It can be brought back, and what learners did in it is kept."""
    outline.delete_lesson(_editable(course_slug).id, lesson_id)


@bp.post("/courses/<course_slug>/lessons/<int:lesson_id>/restore")
@bp.response(200, LessonSchema)
def restore_lesson(course_slug: str, lesson_id: int) -> Any:
    """Brings a removed lesson back to its place."""
    course = _editable(course_slug)
    outline.restore_lesson(course.id, lesson_id)
    return _lesson(course, lesson_id)


def _editable(course_slug: str) -> Course:
    return editable(course_slug, Permission.EDIT_COURSE)[0]


def _as_json(course: Course, found: EditorOutline) -> dict[str, Any]:
    return {
        "version": course.outline_version,
        "chapters": [_chapter(branch.chapter, [row.lesson for row in branch.lessons]) for branch in found.branches],
        "removed": [_removed(each) for each in found.removed],
    }


def _chapter(chapter: Chapter, inside: list[Lesson] | None = None) -> dict[str, Any]:
    return {"id": chapter.id, "title": chapter.title, "version": chapter.version, "lessons": inside or []}


def _removed(removed: Removed) -> dict[str, Any]:
    row = removed.lesson or removed.chapter
    return {"kind": row.__tablename__, "id": row.id, "title": row.title, "at": removed.at}


def _chapter_as_it_is(course: Course, chapter_id: int) -> dict[str, Any]:
    for branch in editor_queries.editor_outline(course.id).branches:
        if branch.chapter.id == chapter_id:
            return _chapter(branch.chapter, [row.lesson for row in branch.lessons])
    raise NotFound(_("It is not in this course any more. Reload the outline."))


def _row(course: Course, lesson_id: int) -> Any:
    row = editor_queries.lesson_for_editing(course.id, lesson_id, current_person().id)
    if row is None:
        raise NotFound(_("This lesson is not in the course any more. Bring it back in the outline first."))
    return row


def _lesson(course: Course, lesson_id: int) -> dict[str, Any]:
    row = _row(course, lesson_id)
    values = {name: getattr(row.Lesson, name) for name in LessonLineSchema().fields}
    return {
        **values,
        "chapter_id": row.Lesson.chapter_id,
        "body": row.Lesson.body,
        "version": row.Lesson.version,
        "file": row.Asset,
    }
