"""What every store of files promises, in terms of keys and bytes only.

A key is a relative path of plain segments. Files that people upload get the key of their content
(``content_key``), so the same lecture handed in twice rests on disk once and a stored object never changes
under its key. ``LocalStorage`` keeps objects on a disk, ``MemoryStorage`` in a dictionary; a store reached
over the network implements the same protocol and answers ``None`` where a path is asked for.
"""

import errno
import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

from media.errors import MediaError

BLOCK = 1024 * 1024
"""Bytes moved at once. A copy of any length needs this much memory and no more."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EXTENSION = re.compile(r"[a-z0-9]{1,10}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageError(MediaError):
    """The store could not do what was asked; nothing was left half-done."""


class StorageFull(StorageError):
    """There is no room: the disk, the quota or the limit on one file is used up."""

    sentences: ClassVar = {"storage_full": "The server has no room left for this file."}

    def __init__(self) -> None:
        super().__init__("storage_full")


class ObjectMissing(StorageError):
    """No object rests under this key."""

    sentences: ClassVar = {"object_missing": "The file {key} is not in the store."}

    def __init__(self, key: str) -> None:
        super().__init__("object_missing", key=key)


class InvalidKey(StorageError):
    """The key could leave the store or be read in two ways; it never reaches the disk."""

    sentences: ClassVar = {"key_invalid": "{key} is not a name the store accepts."}

    def __init__(self, key: str) -> None:
        super().__init__("key_invalid", key=key[:200])


class Storage(Protocol):
    """A place for objects. Every method raises ``InvalidKey`` for a key that ``check_key`` refuses.

    Putting is atomic (readers see the old object, the new one or none, never a part), durable when the call
    returns, and may be repeated. Putting raises ``StorageFull`` and then leaves nothing behind.
    """

    def put_file(self, source: Path, key: str) -> None:
        """Move the file ``source`` into the store; afterwards ``source`` is gone.

        On the same filesystem nothing is copied, whatever the size. When putting fails, ``source`` is
        untouched.
        """

    def put_stream(self, stream: BinaryIO, key: str) -> int:
        """Store everything ``stream`` yields until its end; return the number of bytes.

        An exception raised by the stream passes through and nothing is stored.
        """

    def put_bytes(self, data: bytes, key: str) -> None:
        """Store ``data``."""

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """A reader over ``length`` bytes from ``start`` (to the end if ``None``); the caller closes it.

        A start beyond the end reads as empty. Raises ``ObjectMissing``.
        """

    def size(self, key: str) -> int:
        """Bytes of the object. Raises ``ObjectMissing``."""

    def exists(self, key: str) -> bool:
        """Whether an object rests under ``key``."""

    def delete(self, key: str) -> None:
        """Remove the object; removing what is not there is no error."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with ``prefix``, in no particular order."""

    def local_path(self, key: str) -> Path | None:
        """Where the object is on this machine, for tools that need a file; ``None`` in a remote store.

        The file is read-only for the caller. Raises ``ObjectMissing``.
        """

    def accel_path(self, key: str) -> str | None:
        """The internal URI for ``X-Accel-Redirect``, or ``None`` where no web server hands files out."""


def check_key(key: str) -> str:
    """Return ``key`` if it is safe on every store, else raise ``InvalidKey``.

    Safe means: segments of ASCII letters, digits, ``.``, ``_`` and ``-`` joined by single slashes, none
    beginning with a dot, at most 1,024 characters (the limit of S3).
    """
    if len(key) > 1024 or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise InvalidKey(key)
    return key


def content_key(sha256: str, extension: str) -> str:
    """The key of a content: ``ab/cd/<sha256>.<extension>``; the extension, without dot, is sniffed."""
    if not _SHA256.fullmatch(sha256) or not _EXTENSION.fullmatch(extension):
        raise InvalidKey(f"{sha256}.{extension}")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{extension}"


def hash_file(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def as_local_file(storage: Storage, key: str, scratch: Path | None = None) -> Iterator[Path]:
    """A path of the object for the length of a ``with`` block.

    The stored file itself where there is one; otherwise a copy under ``scratch`` that is removed afterwards.
    """
    path = storage.local_path(key)
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        copy = Path(folder) / Path(key).name
        with storage.open(key) as source, telling_full(), copy.open("wb") as target:
            while block := source.read(BLOCK):
                target.write(block)
        yield copy


@contextmanager
def telling_full() -> Iterator[None]:
    """Turn the operating system's ways of saying "no room" into ``StorageFull``."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise
