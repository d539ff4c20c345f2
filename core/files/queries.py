"""Reads: the file behind an asset, an upload and whose it is."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select

from core.config import current_settings
from core.db import db
from core.errors import NotFound
from core.files.models import Asset, AssetState
from core.i18n import _


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
