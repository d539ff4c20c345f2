"""Writes: an upload begins, is complete, is done or failed, is forgotten.

The bytes of an upload lie in the spool (``core.files.stores``), whose offset is the truth about them; the row says
whose they are and what becomes of them. Bytes without a row and rows without bytes are tidied by ``core.files.jobs``.
"""

import secrets
from collections.abc import Mapping
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
from media.uploads import Readable

KEPT = timedelta(days=7)
"""How long an unfinished upload waits for the rest of it, from the last byte on."""
RENEWED_AFTER = timedelta(days=1)
FINISH = "files.finish"


def check_length(length: int) -> None:
    """Raises :class:`Invalid` for an empty file and :class:`TooLarge` for one beyond the site's limit."""
    most = current_settings().max_upload_bytes
    if length < 1:
        raise Invalid(_("The file is empty (0 bytes)."), field="file")
    if length > most:
        limit = f"{most / 1024**3:.3g}"
        raise TooLarge(_("Files have at most %(limit)s GB here. Make the file smaller or split it.", limit=limit))


def begin(course: Course, lesson: Lesson | None, *, user_id: int, name: str, length: int, metadata: str = "") -> Upload:
    """A new upload, with room for its bytes. Raises what :func:`check_length` does and
    :class:`media.storage.StorageFull`.
    """
    check_length(length)
    upload = _row(course, lesson, user_id, name, length, metadata)
    release()
    # The bytes first: a row without a file would answer a client that nothing can come of.
    stores.spool().create(upload.id, length)
    db.session.add(upload)
    db.session.flush()
    return upload


def receive(course: Course, lesson: Lesson | None, file: Readable, *, user_id: int, name: str, length: int) -> Upload:
    """An upload that comes in one piece; its bytes are on the disk before the row. Raises as :func:`begin`."""
    check_length(length)
    upload = _row(course, lesson, user_id, name, length, "")
    release()
    spool = stores.spool()
    spool.create(upload.id, length)
    try:
        spool.append(upload.id, file, at=0, total=length)
    except BaseException:
        spool.discard(upload.id)
        raise
    db.session.add(upload)
    db.session.flush()
    complete(upload)
    return upload


def _row(course: Course, lesson: Lesson | None, user_id: int, name: str, length: int, metadata: str) -> Upload:
    return Upload(
        id=secrets.token_hex(16),
        institution_id=course.institution_id,
        course_id=course.id,
        lesson_id=lesson.id if lesson is not None else None,
        user_id=user_id,
        name=file_name(name),
        metadata_header=metadata,
        length=length,
        state=UploadState.RECEIVING,
        expires_at=clock.now() + KEPT,
    )


def renew(upload: Upload) -> datetime:
    """Lets an upload that goes on live its full time again; returns until when. Writes at most once a day."""
    until = clock.now() + KEPT
    if until - upload.expires_at > RENEWED_AFTER:
        upload.expires_at = until
        db.session.flush()
    return upload.expires_at


def complete(upload: Upload) -> bool:
    """All bytes are there: a job checks and stores the file. Saying so twice changes nothing; True the first time."""
    moved = (
        update(Upload)
        .where(Upload.id == upload.id, Upload.state == UploadState.RECEIVING)
        .values(state=UploadState.FINISHING)
        .returning(Upload.id)
    )
    changed = db.session.execute(moved).scalar() is not None
    if changed:
        enqueue(
            FINISH,
            {"upload_id": upload.id},
            unique_key=job_key(upload.id),
            user_id=upload.user_id,
            institution_id=upload.institution_id,
        )
    return changed


def being_finished(upload_id: str) -> Upload | None:
    """The upload, held until this transaction ends, if it still waits for its end; None where it has one or is gone."""
    upload = db.session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    return upload if upload is not None and upload.state == UploadState.FINISHING else None


def fail(upload: Upload, code: str, params: Mapping[str, Any]) -> None:
    """The file was not taken; ``code`` is one of ``core.files.words``."""
    upload.state = UploadState.FAILED
    upload.reason = {"code": code, "params": dict(params)}


def forget(upload: Upload) -> None:
    """Ends an upload: its row, its bytes and the job that would finish it. What became an asset stays."""
    job = db.session.scalar(select(Job).where(Job.unique_key == job_key(upload.id)))
    if job is not None:
        cancel(job)
    db.session.execute(delete(Upload).where(Upload.id == upload.id))
    stores.spool().discard(upload.id)


def job_key(upload_id: str) -> str:
    """The unique key of the job that finishes an upload."""
    return f"{FINISH}:{upload_id}"
