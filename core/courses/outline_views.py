"""Pages: the outline of a course, where chapters and lessons are added, named, ordered, removed and brought back."""

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from core.courses import editor_queries, kinds, outline
from core.courses.editor import bp, on_course, page, put_error
from core.courses.forms import NewLessonForm, TitleForm
from core.courses.models import Course
from core.courses.outline import ChapterOrder
from core.errors import DomainError, Invalid, NotFound
from core.i18n import _
from core.permissions import Permission
from core.users.current import current_person
from core.web.once import earlier_target, leads_to


@bp.get("/<course_slug>", endpoint="outline")
@on_course()
def outline_page(course: Course) -> ResponseReturnValue:
    """The outline."""
    return _page(course, TitleForm())


def _page(course: Course, form: TitleForm, status: int = 200) -> ResponseReturnValue:
    found = editor_queries.editor_outline(course.id)
    return page(
        "outline.html",
        course,
        "outline",
        status,
        form=form,
        branches=found.branches,
        removed=found.removed,
        just_removed=_just_removed(found.removed),
        uploads=editor_queries.uploads_under_way(course.id),
        kinds={kind.name: kind for kind in kinds.all_kinds()},
    )


def _just_removed(removed: list[editor_queries.Removed]) -> editor_queries.Removed | None:
    """What the request before this one removed, so that undo is one press away."""
    what, _dash, number = request.args.get("removed", "").partition("-")
    for each in removed:
        row = each.lesson or each.chapter
        if str(row.id) == number and what == row.__tablename__:
            return each
    return None


@bp.post("/<course_slug>/chapters")
@on_course(Permission.EDIT_COURSE)
def add_chapter(course: Course) -> ResponseReturnValue:
    """Adds a chapter at the end."""
    form = TitleForm()
    if not form.validate():
        return _page(course, form, 422)
    done = earlier_target(form.key.data)
    if done:
        return redirect(done)
    chapter = outline.add_chapter(course.id, form.title.data)
    return redirect(leads_to(form.key.data, _place(course, f"chapter-{chapter.id}")))


@bp.route("/<course_slug>/chapters/<int:chapter_id>", methods=["GET", "POST"])
@on_course(Permission.EDIT_COURSE)
def chapter(course: Course, chapter_id: int) -> ResponseReturnValue:
    """Renames a chapter."""
    branch = _branch(course, chapter_id)
    form = TitleForm(obj=branch.chapter)
    status = 200
    if form.validate_on_submit():
        try:
            outline.rename_chapter(course.id, chapter_id, form.title.data, form.version.data)
        except DomainError as error:
            status = put_error(form, error)
            form.version.raw_data, form.version.data = None, error.details.get("version", form.version.data)
        else:
            return redirect(_place(course, f"chapter-{chapter_id}"))
    elif form.is_submitted():
        status = 422
    return page("chapter.html", course, "outline", status, form=form, chapter=branch.chapter)


@bp.route("/<course_slug>/chapters/<int:chapter_id>/lessons", methods=["GET", "POST"])
@on_course(Permission.EDIT_COURSE)
def new_lesson(course: Course, chapter_id: int) -> ResponseReturnValue:
    """Adds a lesson to a chapter."""
    branch = _branch(course, chapter_id)
    form = NewLessonForm()
    status = 200
    if form.validate_on_submit():
        done = earlier_target(form.key.data)
        if done:
            return redirect(done)
        try:
            lesson = outline.add_lesson(course.id, chapter_id, form.kind.data, form.title.data, current_person().id)
        except DomainError as error:
            status = put_error(form, error)
        else:
            target = url_for("teach.lesson", course_slug=course.slug, lesson_id=lesson.id)
            return redirect(leads_to(form.key.data, target))
    elif form.is_submitted():
        status = 422
    return page(
        "new_lesson.html", course, "outline", status, form=form, chapter=branch.chapter, kinds=kinds.all_kinds()
    )


def _branch(course: Course, chapter_id: int) -> editor_queries.OutlineBranch:
    for branch in editor_queries.editor_outline(course.id).branches:
        if branch.chapter.id == chapter_id:
            return branch
    raise NotFound(_("This chapter is not in the course any more. Bring it back in the outline first."))


@bp.post("/<course_slug>/chapters/<int:chapter_id>/move")
@on_course(Permission.EDIT_COURSE)
def move_chapter(course: Course, chapter_id: int) -> ResponseReturnValue:
    """Moves a chapter one place; what the arrows do where no script runs."""
    outline.step_chapter(course.id, chapter_id, request.form.get("direction", ""))
    return redirect(_place(course, f"chapter-{chapter_id}"))


@bp.post("/<course_slug>/lessons/<int:lesson_id>/move")
@on_course(Permission.EDIT_COURSE)
def move_lesson(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Moves a lesson one place; what the arrows do where no script runs."""
    outline.step_lesson(course.id, lesson_id, request.form.get("direction", ""))
    return redirect(_place(course, f"lesson-{lesson_id}"))


@bp.post("/<course_slug>/chapters/<int:chapter_id>/delete")
@on_course(Permission.EDIT_COURSE)
def delete_chapter(course: Course, chapter_id: int) -> ResponseReturnValue:
    """Removes a chapter with its lessons."""
    outline.delete_chapter(course.id, chapter_id)
    return redirect(url_for("teach.outline", course_slug=course.slug, removed=f"chapter-{chapter_id}"))


@bp.post("/<course_slug>/lessons/<int:lesson_id>/delete")
@on_course(Permission.EDIT_COURSE)
def delete_lesson(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Removes a lesson."""
    outline.delete_lesson(course.id, lesson_id)
    return redirect(url_for("teach.outline", course_slug=course.slug, removed=f"lesson-{lesson_id}"))


@bp.post("/<course_slug>/chapters/<int:chapter_id>/restore")
@on_course(Permission.EDIT_COURSE)
def restore_chapter(course: Course, chapter_id: int) -> ResponseReturnValue:
    """Brings a chapter back."""
    outline.restore_chapter(course.id, chapter_id)
    return redirect(_place(course, f"chapter-{chapter_id}"))


@bp.post("/<course_slug>/lessons/<int:lesson_id>/restore")
@on_course(Permission.EDIT_COURSE)
def restore_lesson(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Brings a lesson back."""
    outline.restore_lesson(course.id, lesson_id)
    return redirect(_place(course, f"lesson-{lesson_id}"))


@bp.post("/<course_slug>/order")
@on_course(Permission.EDIT_COURSE)
def reorder(course: Course) -> ResponseReturnValue:
    """Takes the whole order at once: ``{"version": 7, "chapters": [{"id": 1, "lessons": [3, 2]}, …]}``."""
    version, order = _read_order(request.get_json(silent=True))
    return {"version": outline.reorder(course.id, version, order)}


def _read_order(sent: Any) -> tuple[int, list[ChapterOrder]]:
    try:
        version, chapters = sent["version"], sent["chapters"]
        order = [ChapterOrder(_whole(each["id"]), tuple(map(_whole, each["lessons"]))) for each in chapters]
        return _whole(version), order
    except (KeyError, TypeError, ValueError):
        raise Invalid(
            _("The order must be an object with “version” and “chapters”, each with “id” and “lessons”.")
        ) from None


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _place(course: Course, anchor: str) -> str:
    return url_for("teach.outline", course_slug=course.slug, _anchor=anchor)
