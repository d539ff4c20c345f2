"""The job that makes an asset of a complete upload."""

from dataclasses import asdict
from typing import Any

from core import audit
from core.courses import kinds
from core.courses.lessons import attach_asset
from core.courses.models import Lesson
from core.db import db, reading, release
from core.errors import Conflict, DomainError
from core.events import AssetReady, AssetStored, announce
from core.files import finishing, service, stores
from core.files.models import Asset, AssetState, Upload, UploadState
from core.i18n import _l
from core.jobs.service import JobContext, handler, say
from media.errors import MediaError
from media.storage import StorageFull

say({"files.checking": _l("Checking “%(name)s”")})


@handler(service.FINISH)
def finish(payload: dict[str, Any], context: JobContext) -> None:
    """Checks and stores the file; its lesson gets it in the same transaction in which the upload is done.

    May be killed and repeated at any point. A full disk is tried again later; nothing is lost meanwhile.
    """
    upload_id: str = payload["upload_id"]
    with stores.being_filled():
        with reading():
            upload = db.session.get(Upload, upload_id)
            lesson = db.session.get(Lesson, upload.lesson_id) if upload and upload.lesson_id else None
            release()
        if upload is not None and upload.state == UploadState.FINISHING:
            context.progress(0, "files.checking", name=upload.name)
            _end(upload, lesson)
            context.commit()
    stores.spool().discard(upload_id)


def _end(upload: Upload, lesson: Lesson | None) -> None:
    kind = kinds.find(lesson.kind) if lesson else None
    wanted = kind.accepts if kind else frozenset[str]()
    found: finishing.Examined | None = None
    code, params = "", dict[str, Any]()
    try:
        found = finishing.take(upload.id, total=upload.length, wanted=wanted)
    except StorageFull:
        raise
    except (finishing.Refused, MediaError) as refusal:
        code, params = refusal.code, dict(refusal.params)
    held = service.being_finished(upload.id)
    if held is None:
        return  # its uploader ended it meanwhile
    if found is None:
        service.fail(held, code, params)
    else:
        _conclude(held, lesson, found)


def _conclude(upload: Upload, lesson: Lesson | None, found: finishing.Examined) -> None:
    asset = Asset(
        institution_id=upload.institution_id,
        uploader_id=upload.user_id,
        name=upload.name,
        state=AssetState.READY,
        **asdict(found),
    )
    db.session.add(asset)
    db.session.flush()
    upload.asset_id = asset.id
    refusal = _attach(lesson, asset, upload.user_id) if lesson is not None else None
    if refusal is None:
        upload.state = UploadState.DONE
    else:
        # The asset stays: it can be chosen from the files that are there once the lesson may be changed.
        service.fail(upload, refusal, {})
    audit.record("files.stored", asset, name=asset.name, size=asset.size, sha256=asset.sha256)
    announce(AssetStored(asset.id))
    announce(AssetReady(asset.id))


def _attach(lesson: Lesson, asset: Asset, user_id: int) -> str | None:
    """Makes the asset the file of the lesson; the code of the reason where that cannot be."""
    try:
        attach_asset(lesson, asset, user_id)
    except Conflict:
        return "course_still"
    except DomainError:
        return "lesson_gone"
    return None
