"""One lesson: saving it, the file it is made of, and what somebody has typed but not saved."""

from typing import Any

from sqlalchemy import delete, select

from core import clock
from core.courses import editing, kinds, policy
from core.courses.models import Course, Lesson, LessonDraft
from core.db import db, insert_new
from core.errors import Conflict, Invalid, NotFound
from core.events import AssetReady, subscribe
from core.files.models import Asset
from core.i18n import _
from core.tenancy import across_institutions


def save_lesson(course_id: int, lesson_id: int, version: int, values: dict[str, Any], actor_id: int) -> Lesson:
    """Saves the lesson's form and forgets the person's draft of it. Raises :class:`StaleForm`."""
    lesson = _opened(course_id, lesson_id)
    editing.save(lesson, version, values, actor_id)
    lesson.duration_ms = kinds.length_ms(lesson, _asset(lesson.asset_id))
    discard_draft(lesson.id, actor_id)
    return lesson


def attach_asset(lesson: Lesson, asset: Asset | None, actor_id: int | None = None) -> None:
    """Makes ``asset`` the file of the lesson (None: takes it off). Its length is known once the file was probed.

    Raises :class:`Invalid` for a file that this kind of lesson is not made of, :class:`NotFound` for a file of another
    institution, :class:`Conflict` while the course stands still.
    """
    lesson = _opened(lesson.course_id, lesson.id)
    if asset is not None:
        _check_file(lesson, asset)
    lesson.asset_id = asset.id if asset is not None else None
    lesson.duration_ms = kinds.length_ms(lesson, asset)
    # The form holds no file: somebody who writes while the film uploads has not missed anything.
    editing.note(lesson, actor_id)


def _check_file(lesson: Lesson, asset: Asset) -> None:
    if asset.institution_id != lesson.institution_id:
        raise NotFound(_("This file is not among your institution's files."))
    kind = kinds.find(lesson.kind)
    if kind is None or asset.kind not in kind.accepts:
        label = kind.label if kind else lesson.kind
        raise Invalid(
            _("“%(file)s” does not fit a lesson of the kind “%(kind)s”.", file=asset.name, kind=label), field="asset_id"
        )


@subscribe(AssetReady)
def fill_in_lengths(payload: dict[str, Any]) -> None:
    """When a file was probed, the lessons made of it learn how long they are."""
    with across_institutions("a copied course may use a file of the institution it came from"):
        asset = db.session.get(Asset, payload["asset_id"])
        if asset is None:
            return
        for lesson in db.session.scalars(select(Lesson).where(Lesson.asset_id == asset.id).with_for_update()):
            lesson.duration_ms = kinds.length_ms(lesson, asset)


def keep_draft(
    course_id: int, lesson_id: int, actor_id: int, *, title: str, body: str, base_version: int, draft_version: int
) -> LessonDraft:
    """Keeps what the person has typed so far; nobody else sees it. ``draft_version`` is the last one they were told, 0
    for none yet. Raises :class:`Conflict` where the same person typed something else in another window since.
    """
    lesson = _lesson(course_id, lesson_id)
    fresh = {
        "institution_id": lesson.institution_id,
        "lesson_id": lesson.id,
        "user_id": actor_id,
        "base_version": base_version,
        "title": title,
        "body": body,
        "version": 1,
        "updated_at": clock.now(),
    }
    made = insert_new(LessonDraft.__table__, on=["lesson_id", "user_id"]).values(fresh)  # type: ignore[arg-type]
    created = db.session.connection().execute(made).rowcount == 1
    mine = (LessonDraft.lesson_id == lesson.id, LessonDraft.user_id == actor_id)
    draft = db.session.scalars(select(LessonDraft).where(*mine).with_for_update()).one()
    if not created and (draft.title, draft.body) != (title, body):
        if draft.version != draft_version:
            raise Conflict(
                _("You are writing this lesson in another window too. Close one of them; both texts are kept."),
                version=draft.version,
            )
        draft.title, draft.body, draft.base_version = title, body, base_version
        draft.version += 1
        draft.updated_at = clock.now()
    return draft


def discard_draft(lesson_id: int, actor_id: int) -> None:
    """Forgets what the person typed and did not save."""
    db.session.execute(delete(LessonDraft).where(LessonDraft.lesson_id == lesson_id, LessonDraft.user_id == actor_id))


def _opened(course_id: int, lesson_id: int) -> Lesson:
    """The lesson, locked, in a course that may be changed."""
    course = db.session.get(Course, course_id)
    if course is None:
        raise NotFound(_("This course does not exist any more."))
    policy.must_be_changeable(course)
    lesson = editing.locked(Lesson, lesson_id)
    if lesson.course_id != course_id or lesson.deleted_at is not None:
        raise NotFound(_("This lesson is not in the course any more. Bring it back in the outline first."))
    return lesson


def _lesson(course_id: int, lesson_id: int) -> Lesson:
    lesson = db.session.get(Lesson, lesson_id)
    if lesson is None or lesson.course_id != course_id:
        raise NotFound(_("This lesson is not in the course any more."))
    return lesson


def _asset(asset_id: int | None) -> Asset | None:
    return db.session.get(Asset, asset_id) if asset_id is not None else None
