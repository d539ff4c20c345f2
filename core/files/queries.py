"""Reads: the file behind an asset, an upload and whose it is."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import and_, select

from core.config import current_settings
from core.courses.models import Course, Lesson
from core.db import db
from core.errors import NotFound
from core.files.models import Asset, AssetState, Upload
from core.i18n import _
from core.tenancy import across_institutions


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where the bytes of a ready asset lie and how to describe them."""

    asset_id: int
    name: str
    kind: str
    media_type: str
    size: int
    sha256: str
    store: str
    key: str
    created_at: datetime


def stored_file(asset_id: int, content: str) -> StoredFile:
    """The file of a ready asset whose hash ends in ``content``. Raises :class:`NotFound`.

    Asked of the database once per process: ready assets never change.
    """
    return _stored_file(current_settings().database_url, asset_id, content)


@lru_cache(maxsize=4096)
def _stored_file(_database: str, asset_id: int, content: str) -> StoredFile:
    row = db.session.execute(
        select(
            Asset.id,
            Asset.name,
            Asset.kind,
            Asset.media_type,
            Asset.size,
            Asset.sha256,
            Asset.store,
            Asset.key,
            Asset.created_at,
        ).where(Asset.id == asset_id, Asset.state == AssetState.READY)
    ).first()
    if row is None or not row.sha256.endswith(content):
        raise NotFound(_("This file is not there any more, or is still being checked."))
    return StoredFile(*row)


def picture_file(asset_id: int, width: int) -> StoredFile:
    """The smallest variant of a picture that is at least ``width`` pixels wide, else its widest.

    Raises :class:`NotFound`.
    """
    return _picture_file(current_settings().database_url, asset_id, width)


@lru_cache(maxsize=4096)
def _picture_file(_database: str, asset_id: int, width: int) -> StoredFile:
    row = db.session.execute(
        select(Asset.kind, Asset.media_type, Asset.store, Asset.details, Asset.created_at).where(
            Asset.id == asset_id, Asset.kind == "image"
        )
    ).first()
    variants = sorted(row.details.get("variants", []), key=lambda each: int(each["width"])) if row else []
    if row is None or not variants:
        raise NotFound(_("This picture is not there any more."))
    chosen = next((each for each in variants if each["width"] >= width), variants[-1])
    return StoredFile(
        asset_id=asset_id,
        name=f"{asset_id}.webp",
        kind=row.kind,
        media_type=row.media_type,
        size=chosen["size"],
        sha256=chosen["sha256"],
        store=row.store,
        key=chosen["key"],
        created_at=row.created_at,
    )


def target(course_slug: str, lesson_id: int | None) -> tuple[Course, Lesson | None]:
    """The course an upload goes into and, where one is named, its lesson. Raises :class:`NotFound`."""
    row = db.session.execute(
        select(Course, Lesson)
        .select_from(Course)
        .outerjoin(Lesson, and_(Lesson.course_id == Course.id, Lesson.id == lesson_id, Lesson.deleted_at.is_(None)))
        .where(Course.slug == course_slug)
    ).first()
    if row is None:
        raise NotFound(_("There is nothing at this address, or it is not open to you."))
    course, lesson = row
    if lesson_id is not None and lesson is None:
        raise NotFound(_("This lesson is not in the course any more. Bring it back in the outline first."))
    return course, lesson


def upload(upload_id: str) -> Upload:
    """An upload of the present institution. Raises :class:`NotFound`."""
    found = db.session.get(Upload, upload_id)
    if found is None:
        raise NotFound(_("There is no such upload, or it is not yours."))
    return found


def asset_and_courses(asset_id: int) -> tuple[Asset, list[tuple[int, int]]]:
    """An asset, and (institution id, course id) of every course with a lesson made of it. Raises :class:`NotFound`."""
    with across_institutions("a copied course may use a file of the institution it came from"):
        rows = db.session.execute(
            select(Asset, Lesson.institution_id, Lesson.course_id)
            .outerjoin(Lesson, and_(Lesson.asset_id == Asset.id, Lesson.deleted_at.is_(None)))
            .where(Asset.id == asset_id)
        ).all()
    if not rows:
        raise NotFound(_("There is no such file, or it is not open to you."))
    return rows[0][0], [(institution_id, course_id) for _asset, institution_id, course_id in rows if course_id]


def asset(asset_id: int | None) -> Asset | None:
    """An asset, ready or not."""
    return db.session.get(Asset, asset_id) if asset_id is not None else None
