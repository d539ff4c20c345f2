"""Objects in a dictionary: for tests, and the example of a store that has no paths."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from media.storage import ObjectMissing, StorageFull, check_key


class MemoryStorage:
    """The ``Storage`` of one process, at most ``capacity`` bytes in all."""

    def __init__(self, *, capacity: int | None = None) -> None:
        self._capacity = capacity
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()

    def put_file(self, source: Path, key: str) -> None:
        self.put_bytes(source.read_bytes(), key)
        source.unlink()

    def put_stream(self, stream: BinaryIO, key: str) -> int:
        check_key(key)
        data = stream.read()
        self.put_bytes(data, key)
        return len(data)

    def put_bytes(self, data: bytes, key: str) -> None:
        check_key(key)
        with self._lock:
            others = sum(len(value) for name, value in self._objects.items() if name != key)
            if self._capacity is not None and others + len(data) > self._capacity:
                raise StorageFull
            self._objects[key] = data

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        data = self._get(key)
        return BytesIO(data[start:] if length is None else data[start : start + length])

    def size(self, key: str) -> int:
        return len(self._get(key))

    def exists(self, key: str) -> bool:
        return check_key(key) in self._objects

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(check_key(key), None)

    def keys(self, prefix: str = "") -> Iterator[str]:
        yield from [key for key in list(self._objects) if key.startswith(prefix)]

    def local_path(self, key: str) -> Path | None:
        self._get(key)
        return None

    def accel_path(self, key: str) -> str | None:
        check_key(key)
        return None

    def _get(self, key: str) -> bytes:
        try:
            return self._objects[check_key(key)]
        except KeyError:
            raise ObjectMissing(key) from None
