"""Covers, logos and avatars: public pictures, made anew from what people hand in.

They are shown to everybody who sees a page with them, in mails and in link previews, so their addresses ask for no
log-in and never expire. A part of each address cannot be guessed, and what lies there never changes. Of the file that
was handed in nothing is kept: photographs know where they were taken.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import BinaryIO, Literal

from flask import url_for
from werkzeug.datastructures import FileStorage

from core.config import current_settings
from core.db import db, release
from core.errors import Invalid
from core.files import stores
from core.files.models import Asset, AssetState
from core.files.names import file_name
from core.files.words import sentence
from media.errors import MediaError
from media.images import COVER, SQUARE, Box, Rendition, render
from media.storage import content_key

Kind = Literal["cover", "avatar", "logo"]

WIDTHS = sorted({box.width for box in (*COVER, *SQUARE)})
MEDIA_TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class _Place:
    boxes: tuple[Box, ...]
    whole: bool = False


_PLACES: dict[str, _Place] = {
    "cover": _Place(COVER),
    "avatar": _Place(SQUARE),
    "logo": _Place(SQUARE, whole=True),
}


def store_picture(
    file: FileStorage | BinaryIO, *, kind: Kind, institution_id: int | None, uploader_id: int | None, name: str = ""
) -> Asset:
    """Makes the variants of a picture, stores them and adds the asset, flushed so that it has an id.

    Takes a file of a form, or any open file with a ``name``. Call it before the first write of a request: decoding
    takes its time, so the transaction is let go before. Raises :class:`Invalid` at the field ``kind`` for what is no
    usable picture, :class:`media.storage.StorageFull` where there is no room.
    """
    release()
    place = _PLACES[kind]
    source = file.stream if isinstance(file, FileStorage) else file
    given = file.filename if isinstance(file, FileStorage) else name
    try:
        renditions = render(source, place.boxes, whole=place.whole)  # type: ignore[arg-type] # a form's file is binary
    except MediaError as error:
        raise Invalid(sentence(error.code, error.params), field=kind) from error
    variants = [_store(each) for each in renditions]
    largest = max(variants, key=lambda each: int(each["width"]))
    asset = Asset(
        institution_id=institution_id,
        uploader_id=uploader_id,
        name=file_name(given),
        kind="image",
        media_type=MEDIA_TYPE,
        store=stores.LOCAL,
        state=AssetState.READY,
        details={"place": kind, "variants": variants},
        **largest,
    )
    db.session.add(asset)
    db.session.flush()
    return asset


def picture_url(asset: Asset | int, size: int) -> str:
    """The address of a picture at least ``size`` pixels wide (or its widest). Takes the asset or its id."""
    asset_id = asset if isinstance(asset, int) else asset.id
    width = next((each for each in WIDTHS if each >= size), WIDTHS[-1])
    return url_for("files.picture", asset_id=asset_id, seal=_seal(asset_id), width=width)


def is_seal(asset_id: int, seal: str) -> bool:
    """Whether this is the part of the picture's address that cannot be guessed."""
    return hmac.compare_digest(_seal(asset_id).encode(), seal.encode())


def _seal(asset_id: int) -> str:
    key = current_settings().secret_key.encode()
    return hmac.new(key, f"picture {asset_id}".encode(), hashlib.sha256).hexdigest()[:16]


def _store(rendition: Rendition) -> dict[str, int | str]:
    sha256 = hashlib.sha256(rendition.data).hexdigest()
    key = content_key(sha256, "webp")
    stores.store().put_bytes(rendition.data, key)
    return {
        "width": rendition.width,
        "height": rendition.height,
        "size": len(rendition.data),
        "sha256": sha256,
        "key": key,
    }
