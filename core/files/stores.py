"""The site's stores of files, by name. An asset names the one it lies in, so that a site can move from one to another.

Core brings ``local``. A plugin registers another before the application is made.
"""

from collections.abc import Callable

from flask import current_app

from core.config import Settings, current_settings
from media.local import LocalStorage
from media.storage import Storage
from media.uploads import UploadSpool

LOCAL = "local"

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
        found = current_app.extensions["jinke_spool"] = UploadSpool(current_settings().upload_root)
    return found


def _local(settings: Settings) -> Storage:
    prefix = settings.accel_prefix.rstrip("/") + "/" if settings.accel_prefix else None
    return LocalStorage(settings.media_root, accel_prefix=prefix)


register(LOCAL, _local)
