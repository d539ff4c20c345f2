"""Objects as files below one folder of a local disk."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from media.storage import BLOCK, ObjectMissing, check_key, telling_full

_INCOMING = ".incoming"


class LocalStorage:
    """The ``Storage`` on a disk: one file per object, at the path its key spells.

    New bytes are written to ``.incoming`` (no key begins with a dot), flushed to the disk and then renamed
    into place, so a killed process leaves at most a nameless file there, which ``sweep`` removes.

    ``accel_prefix`` is the internal location of nginx whose ``alias`` is ``root``, such as ``/_media/``.
    """

    def __init__(self, root: Path, *, accel_prefix: str | None = None) -> None:
        self.root = root
        self._accel_prefix = accel_prefix
        self._incoming = root / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)

    def put_file(self, source: Path, key: str) -> None:
        target = self._target(key)
        with telling_full():
            _sync(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                source.replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # A rename cannot cross filesystems: the bytes are copied once and the source goes last.
                with source.open("rb") as stream:
                    self._write(stream, target)
                source.unlink()
            _sync(target.parent)

    def put_stream(self, stream: BinaryIO, key: str) -> int:
        target = self._target(key)
        with telling_full():
            target.parent.mkdir(parents=True, exist_ok=True)
            written = self._write(stream, target)
            _sync(target.parent)
        return written

    def put_bytes(self, data: bytes, key: str) -> None:
        self.put_stream(BytesIO(data), key)

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        with _missing_told(key):
            file = self._target(key).open("rb")
        file.seek(start)
        return file if length is None else cast("BinaryIO", _Slice(file, length))

    def size(self, key: str) -> int:
        with _missing_told(key):
            return self._target(key).stat().st_size

    def exists(self, key: str) -> bool:
        return self._target(key).is_file()

    def delete(self, key: str) -> None:
        self._target(key).unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        for folder, folders, files in os.walk(self.root):
            if Path(folder) == self.root:
                folders.remove(_INCOMING)
            for name in files:
                key = Path(folder, name).relative_to(self.root).as_posix()
                if key.startswith(prefix):
                    yield key

    def local_path(self, key: str) -> Path | None:
        path = self._target(key)
        if not path.is_file():
            raise ObjectMissing(key)
        return path

    def accel_path(self, key: str) -> str | None:
        check_key(key)
        return None if self._accel_prefix is None else self._accel_prefix + key

    def sweep(self, before: datetime) -> int:
        """Remove what killed processes left behind before a moment (aware); return how many files went."""
        removed = 0
        for leftover in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if leftover.stat().st_mtime < before.timestamp():
                    leftover.unlink()
                    removed += 1
        return removed

    def _target(self, key: str) -> Path:
        return self.root / check_key(key)

    def _write(self, stream: BinaryIO, target: Path) -> int:
        temporary = self._incoming / secrets.token_hex(16)
        written = 0
        try:
            with temporary.open("xb") as file:
                while block := stream.read(BLOCK):
                    file.write(block)
                    written += len(block)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return written


class _Slice(RawIOBase):
    """The next ``length`` bytes of a file, as a file."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the base says any writable buffer
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def _missing_told(key: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise ObjectMissing(key) from error


def _sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
