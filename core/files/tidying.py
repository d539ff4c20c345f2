"""What is left when people give up and processes are killed: found again, ended or removed."""

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import delete, select

from core import clock
from core.config import current_settings
from core.db import db, reading, release
from core.files import finishing, service, stores
from core.files.models import Asset, Upload, UploadState
from core.jobs.models import Job
from core.jobs.service import JobContext, every
from core.tenancy import across_institutions
from media.local import LocalStorage
from media.storage import ObjectMissing
from media.uploads import UploadError

ORPHANED_AFTER = timedelta(days=1)
"""An object younger than this may belong to a row that is not committed yet."""
REMEMBERED = timedelta(days=30)
"""How long the row of an upload that ended tells what became of it."""
AT_ONCE = 500
_TEND_SECONDS = 5 * 60
_DAY = 24 * 60 * 60


@every(_TEND_SECONDS, "files.tend")
def tend(_payload: dict[str, object]) -> None:
    """Ends what nobody ended: uploads whose last answer was lost, that expired, or whose job failed for good."""
    with across_institutions("uploads of everybody are tidied"):
        _complete_what_is_there()
        _fail_what_no_job_finishes()
        _forget_what_expired()
    stores.spool().expire(clock.now() - service.KEPT - timedelta(days=1))
    for leftover in current_settings().upload_root.glob(f"{finishing.SCRATCH}*"):
        if leftover.stat().st_mtime < (clock.now() - ORPHANED_AFTER).timestamp():
            shutil.rmtree(leftover, ignore_errors=True)


@every(_DAY, "files.sweep")
def sweep(_payload: dict[str, object], context: JobContext) -> None:
    """Removes objects that no asset names and that are older than a day."""
    before = clock.now() - ORPHANED_AFTER
    for name in stores.names():
        storage = stores.store(name)
        if not isinstance(storage, LocalStorage):
            continue  # a remote store knows better ways to let objects expire
        storage.sweep(before)
        variants = _variants(name)
        objects = (key for key in storage.keys() if key not in variants)  # noqa: SIM118 - a store is no dictionary
        old = (key for key in objects if _is_older(storage, key, before))
        while some := list(islice(old, AT_ONCE)):
            with stores.standing_still() as nobody_fills:
                orphans = set(some) - _named(name, some) if nobody_fills else set()
                for key in orphans:
                    # Looked at again: the same picture may just have been stored anew.
                    if _is_older(storage, key, before):
                        storage.delete(key)
            context.checkpoint()


def _complete_what_is_there() -> None:
    """The process died between the last byte and the row, or the client was told of the end and left."""
    for upload in db.session.scalars(select(Upload).where(Upload.state == UploadState.RECEIVING)).all():
        try:
            offset = stores.spool().offset(upload.id)
        except UploadError:
            continue
        if offset == upload.length:
            service.complete(upload)


def _fail_what_no_job_finishes() -> None:
    finishing_now = select(Upload).where(Upload.state == UploadState.FINISHING).with_for_update()
    uploads = {service.job_key(upload.id): upload for upload in db.session.scalars(finishing_now)}
    live = set(db.session.scalars(select(Job.unique_key).where(Job.unique_key.in_(uploads))))
    for key in uploads.keys() - live:
        service.fail(uploads[key], "finish_broke", {})


def _forget_what_expired() -> None:
    moment = clock.now()
    expired = delete(Upload).where(Upload.state == UploadState.RECEIVING, Upload.expires_at < moment)
    for upload_id in db.session.scalars(expired.returning(Upload.id)).all():
        stores.spool().discard(upload_id)
    ended = Upload.state.in_([UploadState.DONE, UploadState.FAILED])
    db.session.execute(delete(Upload).where(ended, Upload.created_at < moment - REMEMBERED))


def _named(store: str, keys: Iterable[str]) -> set[str]:
    with reading():
        found = set(db.session.scalars(select(Asset.key).where(Asset.store == store, Asset.key.in_(list(keys)))))
        release()
    return found


def _variants(store: str) -> set[str]:
    """The keys of all variants of pictures."""
    pictures = select(Asset.details).where(Asset.store == store, Asset.kind == "image")
    with reading():
        found = {str(each["key"]) for details in db.session.scalars(pictures) for each in details.get("variants", [])}
        release()
    return found


def _is_older(storage: LocalStorage, key: str, before: datetime) -> bool:
    try:
        path = storage.local_path(key)
        return path is not None and path.stat().st_mtime < before.timestamp()
    except (ObjectMissing, FileNotFoundError):
        return False
