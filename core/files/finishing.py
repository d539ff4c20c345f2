"""From the bytes of a complete upload to an asset: what is it, may it be here, can it be played?

Runs in a job, long before and after any transaction. Every step may be repeated after a kill: the spool remembers
where it moved the bytes, the store keeps a content once, and the row is written last.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.config import current_settings
from core.files import stores
from media.errors import MediaError
from media.probe import Probe, probe
from media.remux import remux
from media.sniff import ContentType, Kind, sniff_file
from media.storage import Storage, as_local_file, content_key, hash_file
from media.uploads import Stored, UploadError

SCRATCH = "scratch-"
"""What folders with half-made files begin with; what a killed worker left of them is tidied by the sweep."""

OFFICE = frozenset({"docx", "pptx", "ppsx", "xlsx", "doc", "ppt", "xls", "odt", "odp", "ods"})
"""Documents offered for saving. Those with macros are not taken: they are programs."""


class Refused(Exception):
    """The file cannot be used here; ``code`` and ``params`` make the sentence (``core.files.words``)."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Examined:
    """A file in its store, and what is known of it: the columns of its asset."""

    kind: str
    media_type: str
    size: int
    sha256: str
    store: str
    key: str
    duration_ms: int = 0
    width: int = 0
    height: int = 0
    details: dict[str, Any] = field(default_factory=dict)


def take(upload_id: str, *, total: int, wanted: frozenset[str]) -> Examined:
    """Moves a complete upload into the store and examines it. ``wanted``: the kinds its lesson is made of, or none.

    Raises :class:`Refused`; :class:`media.storage.StorageFull` where another try may help.
    """
    storage = stores.store()
    _refuse_early(upload_id, wanted)
    stored = stores.spool().finish(upload_id, storage, total=total)
    check_kind(stored.type, wanted)
    if stored.type.kind in (Kind.VIDEO, Kind.AUDIO):
        return _recording(storage, stored, wanted)
    return Examined(str(stored.type.kind), stored.type.media_type, stored.size, stored.sha256, stores.LOCAL, stored.key)


def check_kind(content: ContentType, wanted: frozenset[str]) -> None:
    """Raises :class:`Refused` for content that has no place here, or not in this lesson."""
    accepted = content.kind in (Kind.VIDEO, Kind.AUDIO, Kind.IMAGE) or (
        content.kind == Kind.DOCUMENT and (content.extension == "pdf" or content.extension in OFFICE)
    )
    if accepted and (not wanted or str(content.kind) in wanted):
        return
    if len(wanted) == 1:
        raise Refused(f"not_{next(iter(wanted))}")
    raise Refused("not_accepted")


def _refuse_early(upload_id: str, wanted: frozenset[str]) -> None:
    """What is refused by its first bytes never enters the store."""
    try:
        content = sniff_file(stores.spool().path(upload_id))
    except UploadError:
        return  # moved by an earlier attempt; it is looked at again in the store
    except FileNotFoundError:
        return
    check_kind(content, wanted)


def _recording(storage: Storage, stored: Stored, wanted: frozenset[str]) -> Examined:
    scratch_root = current_settings().upload_root
    with (
        tempfile.TemporaryDirectory(prefix=SCRATCH, dir=scratch_root) as folder,
        as_local_file(storage, stored.key, Path(folder)) as file,
    ):
        found = probe(file, stored.type)
        if wanted and str(found.kind) not in wanted:
            raise Refused("no_picture" if wanted == {"video"} else "not_accepted")
        if found.remux_to is not None:
            return _prepared(storage, stored, found, file, Path(folder) / f"playable.{found.remux_to}")
    if found.obstacle is not None:
        raise Refused(f"unplayable_{found.obstacle}")
    return _described(found, stored.sha256, stored.key)


def _prepared(storage: Storage, stored: Stored, found: Probe, file: Path, target: Path) -> Examined:
    """The same streams in a file that browsers start and seek at once. That file is the asset; the hash of the one
    handed in is kept beside it, so that its owner can be answered about either."""
    made = remux(file, found, target)
    sha256 = hash_file(target)
    key = content_key(sha256, made.content_type.extension)
    storage.put_file(target, key)
    original = {"sha256": stored.sha256, "size": stored.size, "media_type": stored.type.media_type}
    return _described(made, sha256, key, original=original, warnings=found)


def _described(
    found: Probe, sha256: str, key: str, *, original: dict[str, Any] | None = None, warnings: Probe | None = None
) -> Examined:
    told: list[MediaError] = list((warnings or found).warnings)
    details: dict[str, Any] = {
        "video_codec": found.video_codec,
        "audio_codec": found.audio_codec,
        "frame_rate": found.frame_rate,
        "bitrate": found.bitrate,
        "warnings": [{"code": each.code, "params": each.params} for each in told],
    }
    if original is not None:
        details["original"] = original
    return Examined(
        kind=str(found.kind),
        media_type=found.content_type.media_type,
        size=found.size,
        sha256=sha256,
        store=stores.LOCAL,
        key=key,
        duration_ms=found.duration_ms,
        width=found.width or 0,
        height=found.height or 0,
        details=details,
    )
