"""What every storage promises, asked of each; then what only a disk does."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.local import LocalStorage
from media.memory import MemoryStorage
from media.storage import (
    BLOCK,
    InvalidKey,
    ObjectMissing,
    Storage,
    StorageFull,
    as_local_file,
    check_key,
    content_key,
    hash_file,
)
from tests.media.conftest import room_for

KEY = "ab/cd/lecture.mp4"
ROOM = 64 * 1024

# To hold another storage to the promise, add a factory of one that takes at most ROOM bytes a file.
FACTORIES: dict[str, Callable[[Path], Storage]] = {
    "local": lambda folder: LocalStorage(folder / "store"),
    "memory": lambda _: MemoryStorage(capacity=ROOM),
}


@pytest.fixture(params=FACTORIES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return FACTORIES[request.param](tmp_path)


class Snapping:
    """A stream whose line is cut after some bytes."""

    def __init__(self, data: bytes) -> None:
        self._inner = BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        if not (data := self._inner.read(10)) or size < 0:
            raise ConnectionResetError("the line was cut")
        return data


def test_bytes_come_back_whole_and_in_parts(storage: Storage) -> None:
    storage.put_bytes(b"0123456789", KEY)

    with storage.open(KEY) as reader:
        assert reader.read() == b"0123456789"
    with storage.open(KEY, start=3, length=4) as reader:
        assert reader.read() == b"3456"
    with storage.open(KEY, start=8, length=50) as reader:
        assert reader.read(1) == b"8"
        assert reader.read(50) == b"9"
        assert reader.read(1) == b""
    with storage.open(KEY, start=99) as reader:
        assert reader.read() == b""
    assert storage.size(KEY) == 10
    assert storage.exists(KEY)


def test_a_file_is_moved_into_the_store(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(b"lecture")

    storage.put_file(source, KEY)

    assert not source.exists()
    assert storage.size(KEY) == 7


def test_a_stream_is_stored_and_counted(storage: Storage) -> None:
    assert storage.put_stream(BytesIO(b"x" * 5000), KEY) == 5000
    assert storage.size(KEY) == 5000


def test_putting_twice_is_putting_once(storage: Storage, tmp_path: Path) -> None:
    for _ in range(2):
        source = tmp_path / "upload"
        source.write_bytes(b"the same lecture")
        storage.put_file(source, KEY)
        storage.put_bytes(b"the same lecture", KEY)

    assert list(storage.keys()) == [KEY]


def test_a_cut_stream_stores_nothing(storage: Storage) -> None:
    with pytest.raises(ConnectionResetError):
        storage.put_stream(cast("BinaryIO", Snapping(b"half a lecture")), KEY)

    assert not storage.exists(KEY)
    assert list(storage.keys()) == []


def test_without_room_the_old_object_stays_and_nothing_is_half_written(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes(b"old", KEY)

    with room_for(ROOM), pytest.raises(StorageFull):
        storage.put_stream(BytesIO(b"x" * (ROOM + 1)), KEY)

    with storage.open(KEY) as reader:
        assert reader.read() == b"old"
    assert list(storage.keys()) == [KEY]
    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) <= 3


def test_a_missing_object_is_named(storage: Storage) -> None:
    for ask in (storage.open, storage.size, storage.local_path):
        with pytest.raises(ObjectMissing) as caught:
            ask(KEY)
        assert caught.value.params == {"key": KEY}
    assert not storage.exists(KEY)


def test_deleting_is_final_and_may_be_repeated(storage: Storage) -> None:
    storage.put_bytes(b"x", KEY)
    storage.delete(KEY)
    storage.delete(KEY)
    assert not storage.exists(KEY)


def test_keys_are_listed_by_prefix(storage: Storage) -> None:
    for key in ("ab/1", "ab/2", "cd/1"):
        storage.put_bytes(b"x", key)
    assert sorted(storage.keys("ab/")) == ["ab/1", "ab/2"]
    assert sorted(storage.keys()) == ["ab/1", "ab/2", "cd/1"]


def test_tools_get_a_file_whatever_the_store(storage: Storage, tmp_path: Path) -> None:
    storage.put_bytes(b"0123", KEY)
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    with as_local_file(storage, KEY, scratch) as path:
        assert path.read_bytes() == b"0123"

    assert list(scratch.iterdir()) == []
    assert storage.exists(KEY)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.hidden",
        "a\\b",
        "a\0b",
        "课",
        "a" * 1100,
        "a b",
    ],
)
def test_a_key_that_could_leave_the_store_is_refused(storage: Storage, key: str) -> None:
    for ask in (
        storage.exists,
        storage.size,
        storage.open,
        storage.delete,
        storage.local_path,
        storage.accel_path,
    ):
        with pytest.raises(InvalidKey):
            ask(key)
    with pytest.raises(InvalidKey):
        storage.put_bytes(b"x", key)


@given(st.text(alphabet="ab./-_\\\0\n ", max_size=12))
def test_an_accepted_key_stays_below_the_root(key: str) -> None:
    try:
        check_key(key)
    except InvalidKey:
        return
    root = Path("/root/of/store")
    assert Path(os.path.normpath(root / key)).is_relative_to(root)
    assert Path(os.path.normpath(root / key)) != root


def test_content_decides_the_key(tmp_path: Path) -> None:
    file = tmp_path / "lecture"
    file.write_bytes(b"lecture")
    sha256 = hashlib.sha256(b"lecture").hexdigest()

    assert hash_file(file) == sha256
    assert content_key(sha256, "mp4") == f"{sha256[:2]}/{sha256[2:4]}/{sha256}.mp4"
    for bad in ((sha256[:-1], "mp4"), (sha256.upper(), "mp4"), (sha256, "../x"), (sha256, "")):
        with pytest.raises(InvalidKey):
            content_key(*bad)


def test_moving_a_large_file_copies_nothing(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "store")
    source = tmp_path / "upload"
    source.write_bytes(b"x")
    os.truncate(source, 5 * 1024**3)
    inode = source.stat().st_ino

    # A copy of five gigabytes would not fit under the limit.
    with room_for(ROOM):
        storage.put_file(source, KEY)

    path = storage.local_path(KEY)
    assert path is not None
    assert path.stat().st_ino == inode


def test_a_file_of_another_filesystem_is_copied_then_removed(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108  # the one second filesystem every Linux has
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second filesystem to move from")
    source = elsewhere / f"jinke-test-{os.getpid()}"
    source.write_bytes(b"x" * (BLOCK + 1))
    storage = LocalStorage(tmp_path / "store")
    try:
        with room_for(ROOM), pytest.raises(StorageFull):
            storage.put_file(source, KEY)
        assert source.exists()
        assert list(storage.keys()) == []

        storage.put_file(source, KEY)
        assert not source.exists()
        assert storage.size(KEY) == BLOCK + 1
    finally:
        source.unlink(missing_ok=True)


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "store")
    storage.put_bytes(b"x", KEY)
    leftover = tmp_path / "store" / ".incoming" / "half"
    leftover.write_bytes(b"half")
    written = datetime.fromtimestamp(leftover.stat().st_mtime, UTC)

    assert storage.sweep(before=written - timedelta(seconds=1)) == 0
    assert storage.sweep(before=written + timedelta(seconds=1)) == 1
    assert list(storage.keys()) == [KEY]


def test_the_web_server_is_told_its_own_name_of_a_file(tmp_path: Path) -> None:
    behind = LocalStorage(tmp_path, accel_prefix="/_media/")
    assert behind.accel_path(KEY) == "/_media/" + KEY
    assert LocalStorage(tmp_path).accel_path(KEY) is None
