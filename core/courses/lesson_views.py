"""Pages: one lesson, its text and its file; what is typed is kept before it is saved."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from core import markdown
from core.courses import editor_queries, kinds, lessons
from core.courses.editor import Comparison, bp, compare, in_words, on_course, page, put_error, saved, saved_values
from core.courses.forms import PAGE, TITLE, LessonForm, number_in
from core.courses.models import Course, Lesson, LessonDraft
from core.courses.words import LANGUAGES
from core.errors import DomainError, Invalid, NotFound, StaleForm, TooLarge
from core.files.models import Asset
from core.files.words import sentence
from core.i18n import _, format_datetime
from core.permissions import Permission
from core.users.current import current_person
from core.web.fields import storable

LARGEST_DRAFT = 2 * 1024**2
"""Bytes of a draft as JSON; far more than the longest page."""


@bp.route("/<course_slug>/lessons/<int:lesson_id>", methods=["GET", "POST"])
@on_course(Permission.EDIT_COURSE)
def lesson(course: Course, lesson_id: int) -> ResponseReturnValue:
    """The lesson's form."""
    row = lesson_row(course, lesson_id)
    if request.method == "GET":
        return _opened(course, row)
    form = LessonForm(obj=row.Lesson)
    comparison = None
    status = 422
    if form.validate():
        if request.form.get("action") == "preview":
            return lesson_page(course, row, form, preview=markdown.render(form.body.data))
        try:
            lessons.save_lesson(course.id, lesson_id, form.version.data, saved_values(form), current_person().id)
        except DomainError as error:
            status = put_error(form, error)
            comparison = compare(form, error) if isinstance(error, StaleForm) else None
        else:
            return saved(url_for("teach.lesson", course_slug=course.slug, lesson_id=lesson_id))
    return lesson_page(course, row, form, status, comparison=comparison)


def _opened(course: Course, row: Any) -> ResponseReturnValue:
    """The form as the person left it: with their draft, beside the newer text if somebody saved one meanwhile."""
    draft: LessonDraft | None = row.LessonDraft
    found: Lesson = row.Lesson
    if draft is None or (draft.title, draft.body) == (found.title, found.body):
        return lesson_page(course, row, LessonForm(obj=found))
    form = LessonForm(obj=found, data={"title": draft.title, "body": draft.body, "version": found.version})
    form.title.data, form.body.data = draft.title, draft.body
    comparison = None
    if draft.base_version != found.version:
        rows = [
            (str(field.label.text), field.data, in_words(field, getattr(found, field.name)))
            for field in (form.title, form.body)
            if field.data != getattr(found, field.name)
        ]
        comparison = Comparison(rows, row.editor or _("Somebody"), format_datetime(found.updated_at))
    return lesson_page(course, row, form, draft=draft, comparison=comparison)


def lesson_page(
    course: Course, row: Any, form: LessonForm | None = None, status: int = 200, **values: Any
) -> ResponseReturnValue:
    """The lesson's page; without a form, as the lesson was saved."""
    found: Lesson = row.Lesson
    kind = kinds.find(found.kind)
    files = editor_queries.usable_files(course, kind.accepts, current_person().id) if kind and kind.accepts else []
    return page(
        "lesson.html",
        course,
        "outline",
        status,
        form=form or LessonForm(obj=found, formdata=None),
        lesson=found,
        chapter=row.Chapter,
        asset=row.Asset,
        kind=kind,
        files=files,
        captions=editor_queries.captions(found.id) if found.kind == "video" else [],
        caption_languages=LANGUAGES,
        asset_reason=lambda asset: sentence(asset.reason.get("code", ""), asset.reason.get("params", {})),
        draft_version=row.LessonDraft.version if row.LessonDraft else 0,
        **values,
    )


@bp.post("/<course_slug>/lessons/<int:lesson_id>/file")
@on_course(Permission.EDIT_COURSE)
def lesson_file(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Makes a file that is there already the lesson's file, or takes its file off."""
    row = lesson_row(course, lesson_id)
    asset: Asset | None = None
    if request.form.get("asset_id"):
        wanted = number_in(request.form, "asset_id")
        kind = kinds.find(row.Lesson.kind)
        offered = editor_queries.usable_files(course, kind.accepts, current_person().id) if kind else []
        asset = next((each for each in offered if each.id == wanted), None)
        if asset is None:
            raise NotFound(_("This file is not among those you can use here. Choose one from the list."))
    lessons.attach_asset(row.Lesson, asset, current_person().id)
    return saved(url_for("teach.lesson", course_slug=course.slug, lesson_id=lesson_id))


@bp.put("/<course_slug>/lessons/<int:lesson_id>/draft")
@on_course(Permission.EDIT_COURSE)
def keep_draft(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Keeps what was typed so far: ``{"title": …, "body": …, "base_version": 3, "draft_version": 0}``."""
    if (request.content_length or 0) > LARGEST_DRAFT:
        raise TooLarge(_("This text is too long to be kept. Divide it into two lessons."))
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise Invalid(_("The draft must be a JSON object."))
    draft = lessons.keep_draft(
        course.id,
        lesson_id,
        current_person().id,
        title=_text(sent, "title", TITLE),
        body=_text(sent, "body", PAGE),
        base_version=_number(sent, "base_version"),
        draft_version=_number(sent, "draft_version"),
    )
    return {"draft_version": draft.version, "saved_at": draft.updated_at.isoformat()}


@bp.post("/<course_slug>/lessons/<int:lesson_id>/draft/discard")
@on_course(Permission.EDIT_COURSE)
def discard_draft(course: Course, lesson_id: int) -> ResponseReturnValue:
    """Forgets what was typed and goes back to what was saved."""
    lesson_row(course, lesson_id)
    lessons.discard_draft(lesson_id, current_person().id)
    flash(_("This is the text as it was saved."), "success")
    return redirect(url_for("teach.lesson", course_slug=course.slug, lesson_id=lesson_id))


def lesson_row(course: Course, lesson_id: int) -> Any:
    """The lesson with what its page shows (:func:`core.courses.editor_queries.lesson_for_editing`)."""
    row = editor_queries.lesson_for_editing(course.id, lesson_id, current_person().id)
    if row is None:
        raise NotFound(_("This lesson is not in the course any more. Bring it back in the outline first."))
    return row


def _text(sent: dict[str, Any], name: str, longest: int) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise Invalid(
            _("“%(name)s” must be text of at most %(count)s characters.", name=name, count=longest), field=name
        )
    try:
        return storable(value)
    except ValueError as error:
        raise Invalid(str(error), field=name) from None


def _number(sent: dict[str, Any], name: str) -> int:
    value = sent.get(name)
    if type(value) is not int or not 0 <= value < 10**9:
        raise Invalid(_("“%(name)s” must be a whole number.", name=name), field=name)
    return value
