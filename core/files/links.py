"""Addresses that open one file, until a moment.

A link is for the person it was made for, but it opens the file to whoever holds it until it expires: a player, a
second tab and a download manager send no cookie that could be asked for. So links are short-lived (four hours, a long
lecture with pauses), are made only for people who may have the file, and name no other file.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from flask import current_app, url_for
from sqlalchemy.exc import OperationalError

from core import clock
from core.config import current_settings
from core.files.models import Asset
from media.signing import Claim, Signer

LASTS = timedelta(hours=4)
CONTENT_LETTERS = 16

_UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\?#%]+")
_REMEMBERED_STREAMS = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link opens."""

    asset_id: int
    content: str
    """The end of the content's hash: a link opens these bytes and no others."""
    user_id: int | None
    stream_id: str | None
    as_download: bool


def playback_url(
    asset: Asset, *, user_id: int | None = None, stream_id: str | None = None, expires_in: timedelta = LASTS
) -> str:
    """An address at which a browser shows or plays the file. ``stream_id``: the viewing it is fetched for."""
    return _url(asset, user_id, stream_id, as_download=False, expires_in=expires_in)


def download_url(asset: Asset, *, user_id: int | None = None, expires_in: timedelta = LASTS) -> str:
    """An address at which a browser saves the file under the name its uploader gave it."""
    return _url(asset, user_id, None, as_download=True, expires_in=expires_in)


def read(token: str) -> Grant:
    """What a token opens. Raises :class:`media.signing.SignatureError`."""
    claims = _signer().verify(token, now=clock.now())
    asset_id, user_id, stream_id = claims["a"], claims.get("u"), claims.get("s")
    return Grant(
        asset_id=int(asset_id or 0),
        content=str(claims["h"]),
        user_id=None if user_id is None else int(user_id),
        stream_id=None if stream_id is None else str(stream_id),
        as_download=bool(claims.get("d")),
    )


FetchListener = Callable[[str], None]
_listeners: list[FetchListener] = []
_told: OrderedDict[str, None] = OrderedDict()
_telling = Lock()


def on_fetch(listener: FetchListener) -> None:
    """Has ``listener`` told the stream id under which a file was first fetched, at most once per stream and process."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_fetch(stream_id: str) -> None:
    """Tells the listeners of a fetch, unless they know of the stream already."""
    with _telling:
        if stream_id in _told:
            return
        _told[stream_id] = None
        if len(_told) > _REMEMBERED_STREAMS:
            _told.popitem(last=False)
    try:
        for listener in _listeners:
            listener(stream_id)
    except OperationalError as error:
        # A database busy for seconds must not stop the film; the next range of it tells again.
        log.info("a fetch could not be noted: %s", error.orig)
        with _telling:
            _told.pop(stream_id, None)


def _url(asset: Asset, user_id: int | None, stream_id: str | None, *, as_download: bool, expires_in: timedelta) -> str:
    claims: dict[str, Claim] = {"a": asset.id, "h": asset.sha256[-CONTENT_LETTERS:]}
    if user_id is not None:
        claims["u"] = user_id
    if stream_id is not None:
        claims["s"] = stream_id
    if as_download:
        claims["d"] = True
    token = _signer().sign(claims, expires=clock.now() + expires_in)
    return url_for("files.media", token=token, name=_name_in_url(asset.name))


def _name_in_url(name: str) -> str:
    """The file's name for the eye; the link does not depend on it."""
    return _UNSAFE_IN_NAMES.sub("-", name).strip(". ")[-80:] or "file"


def _signer() -> Signer:
    found: Signer | None = current_app.extensions.get("jinke_link_signer")
    if found is None:
        found = current_app.extensions["jinke_link_signer"] = Signer(current_settings().secret_key, purpose="link")
    return found
