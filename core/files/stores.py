"""The site's stores of files, by name. An asset names the one it lies in, so that a site can move from one to another.

Core brings ``local``. A plugin registers another before the application is made.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import current_app

from core.config import Settings, current_settings
from media.local import LocalStorage
from media.storage import Storage
from media.uploads import UploadSpool

LOCAL = "local"
SPOOL_BLOCK = 64 * 1024
"""What a line that breaks may lose: eight seconds at 64 kbit/s."""

Maker = Callable[[Settings], Storage]
_makers: dict[str, Maker] = {}


def register(name: str, maker: Maker) -> None:
    """Makes a store known; ``maker`` is called once per application. Raises ValueError where the name is taken."""
    if name in _makers:
        raise ValueError(f"the store {name!r} is registered twice")
    _makers[name] = maker


def store(name: str = LOCAL) -> Storage:
    """The store of that name. Raises KeyError where nobody registered it."""
    opened: dict[str, Storage] = current_app.extensions.setdefault("jinke_stores", {})
    if name not in opened:
        opened[name] = _makers[name](current_settings())
    return opened[name]


def names() -> list[str]:
    """The names of all stores."""
    return list(_makers)


def spool() -> UploadSpool:
    """Where the bytes of unfinished uploads lie."""
    found: UploadSpool | None = current_app.extensions.get("jinke_spool")
    if found is None:
        found = UploadSpool(current_settings().upload_root, block=SPOOL_BLOCK)
        current_app.extensions["jinke_spool"] = found
    return found


@contextmanager
def being_filled() -> Iterator[None]:
    """While inside, objects that no row names yet may lie in the stores: nothing is swept. Many may be inside."""
    with _locked(fcntl.LOCK_SH):
        yield


@contextmanager
def standing_still() -> Iterator[bool]:
    """True inside when nobody is filling the stores, and nobody begins to until the end. Does not wait."""
    with _locked(fcntl.LOCK_EX | fcntl.LOCK_NB) as held:
        yield held


@contextmanager
def _locked(how: int) -> Iterator[bool]:
    folder = current_settings().upload_root
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "stores.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, how)
            held = True
        except BlockingIOError:
            held = False
        yield held
    finally:
        os.close(handle)


def _local(settings: Settings) -> Storage:
    prefix = settings.accel_prefix.rstrip("/") + "/" if settings.accel_prefix else None
    return LocalStorage(settings.media_root, accel_prefix=prefix)


register(LOCAL, _local)
