"""Writes: an upload begins, is complete, is done or failed, is forgotten.

The bytes of an upload lie in the spool (``core.files.stores``), whose offset is the truth about them; the row says
whose they are and what becomes of them. Bytes without a row and rows without bytes are tidied by ``core.files.jobs``.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from core import clock
from core.config import current_settings
from core.courses.models import Course, Lesson
from core.db import db, release
from core.errors import Invalid, TooLarge
from core.files import stores
from core.files.models import Upload, UploadState
from core.files.names import file_name
from core.i18n import _
from core.jobs.models import Job
from core.jobs.service import cancel, enqueue

KEPT = timedelta(days=7)
"""How long an unfinished upload waits for the rest of it, from the last byte on."""
RENEWED_AFTER = timedelta(days=1)
FINISH = "files.finish"


def new_upload_id() -> str:
    """An id that nobody can guess: whoever knows it still has to be its uploader."""
    return secrets.token_hex(16)


def check_length(length: int) -> None:
    """Raises :class:`Invalid` for an empty file and :class:`TooLarge` for one beyond the site's limit."""
    most = current_settings().max_upload_bytes
    if length < 1:
        raise Invalid(_("The file is empty (0 bytes)."), field="file")
    if length > most:
        limit = f"{most / 1024**3:.3g}"
        raise TooLarge(_("Files have at most %(limit)s GB here. Make the file smaller or split it.", limit=limit))


def begin(
    course: Course, lesson: Lesson | None, *, user_id: int, name: str, length: int, metadata: str = ""
) -> Upload:
    """A new upload, with room for its bytes. Raises what :func:`check_length` does and
    :class:`media.storage.StorageFull`.
    """
    check_length(length)
    upload = Upload(
        id=new_upload_id(),
        institution_id=course.institution_id,
        course_id=course.id,
        lesson_id=lesson.id if lesson is not None else None,
        user_id=user_id,
        name=file_name(name),
        metadata_header=metadata,
        length=length,
        expires_at=clock.now() + KEPT,
    )
    release()
    # The bytes first: a row without a file would answer a client that nothing can come of.
    stores.spool().create(upload.id, length)
    db.session.add(upload)
    db.session.flush()
    return upload


def renew(upload: Upload) -> datetime:
    """Lets an upload that goes on live its full time again; returns until when. Writes at most once a day."""
    until = clock.now() + KEPT
    if until - upload.expires_at > RENEWED_AFTER:
        upload.expires_at = until
        db.session.flush()
    return upload.expires_at


def complete(upload: Upload) -> bool:
    """All bytes are there: a job checks and stores the file. Saying so twice changes nothing; True the first time."""
    changed = _move(upload.id, UploadState.RECEIVING, state=UploadState.FINISHING)
    if changed:
        enqueue(
            FINISH,
            {"upload_id": upload.id},
            unique_key=job_key(upload.id),
            user_id=upload.user_id,
            institution_id=upload.institution_id,
        )
    return changed


def done(upload_id: str, asset_id: int) -> bool:
    """The file is an asset now. False where the upload was forgotten or finished in between."""
    return _move(upload_id, UploadState.FINISHING, state=UploadState.DONE, asset_id=asset_id)


def fail(upload_id: str, code: str, params: dict[str, Any]) -> bool:
    """The file was not taken; ``code`` is one of ``core.files.words``. False where it is no longer being finished."""
    reason = {"code": code, "params": params}
    return _move(upload_id, UploadState.FINISHING, state=UploadState.FAILED, reason=reason)


def forget(upload: Upload) -> None:
    """Ends an upload at its uploader's wish: row, bytes and the job that would finish it. What became an asset stays."""
    job = db.session.scalar(select(Job).where(Job.unique_key == job_key(upload.id)))
    if job is not None:
        cancel(job)
    db.session.execute(delete(Upload).where(Upload.id == upload.id))
    stores.spool().discard(upload.id)


def job_key(upload_id: str) -> str:
    """The unique key of the job that finishes an upload."""
    return f"{FINISH}:{upload_id}"


def _move(upload_id: str, before: UploadState, **values: Any) -> bool:
    moved = update(Upload).where(Upload.id == upload_id, Upload.state == before).values(values)
    result = db.session.execute(moved, execution_options={"synchronize_session": False})
    return bool(result.rowcount)  # type: ignore[attr-defined] # an UPDATE's result has it
