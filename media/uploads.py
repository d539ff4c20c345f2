"""The byte side of resumable uploads: one growing file per upload, and an offset that never lies.

The protocol around it (tus 1.0: headers, status codes, whose upload it is) belongs to core. What is
promised here:

* The offset is the number of bytes that really rest on the disk and are not in doubt. Whatever was written
  before a line was cut or a process was killed counts; bytes whose checksum was never confirmed do not.
* Two writers never mix. Every block is written under an exclusive lock, and the newest writer that names the
  right offset owns the upload. An older one, typically a connection that died without saying so and whose
  server thread still waits for it, finds itself superseded instead of barring the way for hours.
* Memory stays flat: one block at a time, whatever the size of the piece.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from media.checksums import Checksum
from media.errors import MediaError
from media.sniff import ContentType, sniff_file
from media.storage import Storage, StorageFull, content_key, hash_file, telling_full

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Readable(Protocol):
    """The body of a request: anything with ``read(size)`` that returns nothing at its end."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes."""


class UploadError(MediaError):
    """A piece of an upload was not taken; ``offset`` of the spool says where to go on."""

    sentences: ClassVar = {
        "upload_missing": "This upload does not exist or has expired. Start it again.",
        "upload_finished": "This upload is already complete.",
        "upload_superseded": "The upload goes on over a newer connection.",
        "upload_too_long": "More bytes arrived than the {total} that were announced.",
        "upload_incomplete": "Only {offset} of {total} bytes have arrived.",
        "offset_mismatch": "The upload stands at byte {offset}. Go on from there.",
    }


@dataclass(frozen=True)
class Stored:
    """A finished upload in the storage."""

    key: str
    sha256: str
    size: int
    type: ContentType


@dataclass(frozen=True)
class _Claim:
    """Who writes at present, and from which byte on what it writes is in doubt (``None``: nothing is)."""

    token: str
    doubtful_from: int | None


class UploadSpool:
    """A folder of uploads under way.

    Upload ids are 8 to 64 letters, digits, ``-`` and ``_``, chosen by the caller; any other id is
    ``upload_missing``. ``block`` is the most bytes held in memory per writer. ``reserve`` bytes of the disk
    are kept free of new uploads, so that the database beside them can still write.
    """

    def __init__(self, folder: Path, *, block: int = 256 * 1024, reserve: int = 256 * 1024 * 1024) -> None:
        self._folder = folder
        self._block = block
        self._reserve = reserve
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, upload_id: str, total: int) -> None:
        """Begin an upload of ``total`` bytes. Raises ``StorageFull`` now if the disk could not hold it."""
        part = self._file(upload_id, "part")
        if shutil.disk_usage(self._folder).free < total + self._reserve:
            raise StorageFull
        with telling_full():
            part.touch()

    def offset(self, upload_id: str) -> int:
        """The number of bytes that are safe; where the client goes on."""
        if (stored := self._stored(upload_id)) is not None:
            return stored.size
        with self._locked(upload_id) as part:
            return self._safe_bytes(upload_id, part)

    def append(self, upload_id: str, stream: Readable, *, at: int, total: int, checksum: Checksum | None = None) -> int:
        """Add everything ``stream`` yields at byte ``at``; return the new offset.

        With a checksum the piece counts whole or not at all. Without one, what arrived counts even when the
        stream breaks; its exception then passes through. Raises ``UploadError``, ``ChecksumError`` (the
        piece is dropped) and ``StorageFull`` (what fitted counts).
        """
        token = self._claim(upload_id, at, in_doubt=checksum is not None)
        hasher = checksum.hasher() if checksum else None
        offset = at
        try:
            while block := stream.read(self._block):
                if offset + len(block) > total:
                    self._roll_back(upload_id, token, at)
                    raise UploadError("upload_too_long", total=total)
                self._write(upload_id, token, offset, block)
                offset += len(block)
                if hasher:
                    hasher.update(block)
            if checksum and hasher:
                checksum.verify(hasher)
        except BaseException:
            if checksum:
                self._roll_back(upload_id, token, at)
            raise
        finally:
            self._release(upload_id, token)
        return offset

    def path(self, upload_id: str) -> Path:
        """The file as far as it has come, for looking into it before ``finish``."""
        with self._locked(upload_id):
            return self._file(upload_id, "part")

    def finish(self, upload_id: str, storage: Storage, *, total: int) -> Stored:
        """Hash the whole file, name its type and move it into ``storage`` without a second copy.

        Reads every byte once, so it belongs into a job. May be repeated, also after being killed half-way,
        until ``discard`` forgets the upload. Raises ``UploadError`` and ``StorageFull``.
        """
        try:
            with self._locked(upload_id) as part:
                return self._move(upload_id, part, storage, total)
        except UploadError as error:
            if error.code != "upload_missing":
                raise
        stored = self._stored(upload_id)
        if stored is None or not storage.exists(stored.key):
            raise UploadError("upload_missing")
        return stored

    def discard(self, upload_id: str) -> None:
        """Forget an upload and its bytes (not what ``finish`` moved away); may be repeated."""
        part = self._file(upload_id, "part")
        for file in self._folder.glob(f"{part.stem}.*"):
            file.unlink(missing_ok=True)

    def expire(self, before: datetime) -> list[str]:
        """Discard every upload that has not grown since a moment (aware); return their ids."""
        gone = []
        for file in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if file.suffix in (".part", ".done") and file.stat().st_mtime < before.timestamp():
                    gone.append(file.stem)
        for upload_id in gone:
            self.discard(upload_id)
        return sorted(set(gone))

    def _move(self, upload_id: str, part: int, storage: Storage, total: int) -> Stored:
        size = self._safe_bytes(upload_id, part)
        if size != total:
            raise UploadError("upload_incomplete", offset=size, total=total)
        path = self._file(upload_id, "part")
        stored = self._stored(upload_id)
        if stored is None:
            content_type, sha256 = sniff_file(path), hash_file(path)
            stored = Stored(content_key(sha256, content_type.extension), sha256, size, content_type)
            # Noted before the move, so that whoever comes after a kill finds where the bytes went.
            self._note(upload_id, "done", asdict(stored))
        storage.put_file(path, stored.key)
        return stored

    def _claim(self, upload_id: str, at: int, *, in_doubt: bool) -> str:
        """Make the caller the one writer from byte ``at`` on; return its token."""
        token = secrets.token_hex(16)
        with self._locked(upload_id) as part:
            if self._stored(upload_id) is not None:
                raise UploadError("upload_finished")
            offset = self._safe_bytes(upload_id, part)
            if at != offset:
                raise UploadError("offset_mismatch", offset=offset)
            os.ftruncate(part, offset)
            self._note(upload_id, "claim", asdict(_Claim(token, offset if in_doubt else None)))
        return token

    def _write(self, upload_id: str, token: str, at: int, block: bytes) -> None:
        with self._owned(upload_id, token) as part, telling_full():
            view = memoryview(block)
            while view:
                written = os.pwrite(part, view, at)
                view, at = view[written:], at + written

    def _roll_back(self, upload_id: str, token: str, offset: int) -> None:
        with suppress(UploadError), self._owned(upload_id, token) as part:
            os.ftruncate(part, offset)

    def _release(self, upload_id: str, token: str) -> None:
        """Bring the bytes to the disk and free the upload, unless a newer writer has taken it."""
        with suppress(UploadError), self._owned(upload_id, token) as part, telling_full():
            os.fsync(part)
            self._file(upload_id, "claim").unlink()

    @contextmanager
    def _owned(self, upload_id: str, token: str) -> Iterator[int]:
        with self._locked(upload_id) as part:
            claim = self._current_claim(upload_id)
            if claim is None or claim.token != token:
                raise UploadError("upload_superseded")
            yield part

    @contextmanager
    def _locked(self, upload_id: str) -> Iterator[int]:
        """Hold the exclusive lock of an upload; yields the descriptor of its bytes.

        The file is opened anew each time and compared with what the path names once the lock is held: while
        this caller waited, the bytes may have been moved into the storage, and nobody may write there.
        """
        path = self._file(upload_id, "part")
        try:
            part = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            raise UploadError("upload_missing")
        try:
            fcntl.flock(part, fcntl.LOCK_EX)
            try:
                here = path.stat()
            except FileNotFoundError:
                raise UploadError("upload_missing")
            if here.st_ino != os.fstat(part).st_ino:
                raise UploadError("upload_missing")
            yield part
        finally:
            os.close(part)

    def _safe_bytes(self, upload_id: str, part: int) -> int:
        size = os.fstat(part).st_size
        claim = self._current_claim(upload_id)
        return size if claim is None or claim.doubtful_from is None else min(size, claim.doubtful_from)

    def _current_claim(self, upload_id: str) -> _Claim | None:
        note = self._read(upload_id, "claim")
        return None if note is None else _Claim(**note)

    def _stored(self, upload_id: str) -> Stored | None:
        note = self._read(upload_id, "done")
        return None if note is None else Stored(**{**note, "type": ContentType(**note["type"])})

    def _note(self, upload_id: str, suffix: str, note: dict[str, Any]) -> None:
        target = self._file(upload_id, suffix)
        fresh = target.with_suffix(f".{suffix}-{secrets.token_hex(4)}")
        with telling_full():
            with fresh.open("x") as file:
                json.dump(note, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)

    def _read(self, upload_id: str, suffix: str) -> dict[str, Any] | None:
        try:
            note: dict[str, Any] = json.loads(self._file(upload_id, suffix).read_bytes())
        except FileNotFoundError:
            return None
        return note

    def _file(self, upload_id: str, suffix: str) -> Path:
        if not _ID.fullmatch(upload_id):
            raise UploadError("upload_missing")
        return self._folder / f"{upload_id}.{suffix}"
