"""Uploads that are cut, repeated, raced and killed, and still arrive whole."""

import base64
import errno
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.checksums import Checksum, ChecksumError
from media.local import LocalStorage
from media.memory import MemoryStorage
from media.sniff import Kind
from media.storage import StorageFull
from media.uploads import Stored, UploadError, UploadSpool
from tests.media.conftest import room_for

ID = "upload-1"
LECTURE = b"%PDF-1.7 " + bytes(range(256)) * 40
TOTAL = len(LECTURE)


@pytest.fixture
def spool(tmp_path: Path) -> UploadSpool:
    spool = UploadSpool(tmp_path / "spool", block=1000, reserve=0)
    spool.create(ID, TOTAL)
    return spool


class Wire:
    """A request body that arrives in pieces; between two of them something may happen."""

    def __init__(self, data: bytes, *, cut_after: int | None = None, then: Callable[[], object] | None = None) -> None:
        self._inner = BytesIO(data if cut_after is None else data[:cut_after])
        self._cut = cut_after is not None
        self._then = then
        self.largest = 0

    def read(self, size: int = -1, /) -> bytes:
        self.largest = max(self.largest, size)
        data = self._inner.read(size)
        if not data and self._cut:
            raise ConnectionResetError("the line was cut")
        if data and self._then:
            then, self._then = self._then, None
            then()
        return data


def checksum(data: bytes, algorithm: str = "sha1") -> Checksum:
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return Checksum.parse(f"{algorithm} {digest}")


def code(caught: pytest.ExceptionInfo[UploadError]) -> str:
    return caught.value.code


def content(spool: UploadSpool) -> bytes:
    return spool.path(ID).read_bytes()


def test_pieces_add_up(spool: UploadSpool) -> None:
    assert spool.offset(ID) == 0
    assert spool.append(ID, BytesIO(LECTURE[:5000]), at=0, total=TOTAL) == 5000
    assert spool.offset(ID) == 5000
    assert spool.append(ID, BytesIO(LECTURE[5000:]), at=5000, total=TOTAL) == TOTAL
    assert content(spool) == LECTURE


def test_what_arrived_before_the_line_was_cut_counts(spool: UploadSpool) -> None:
    with pytest.raises(ConnectionResetError):
        spool.append(ID, Wire(LECTURE, cut_after=3333), at=0, total=TOTAL)

    assert spool.offset(ID) == 3333
    spool.append(ID, BytesIO(LECTURE[3333:]), at=3333, total=TOTAL)
    assert content(spool) == LECTURE


def test_the_wrong_offset_is_told_the_right_one(spool: UploadSpool) -> None:
    spool.append(ID, BytesIO(LECTURE[:100]), at=0, total=TOTAL)
    for at in (0, 99, 101):
        with pytest.raises(UploadError) as caught:
            spool.append(ID, BytesIO(b"x"), at=at, total=TOTAL)
        assert (caught.value.code, caught.value.params) == ("offset_mismatch", {"offset": 100})
    assert spool.offset(ID) == 100


def test_more_than_was_announced_is_refused_and_the_piece_dropped(spool: UploadSpool) -> None:
    spool.append(ID, BytesIO(LECTURE[:5000]), at=0, total=TOTAL)
    with pytest.raises(UploadError) as caught:
        spool.append(ID, BytesIO(LECTURE[5000:] + b"!"), at=5000, total=TOTAL)
    assert code(caught) == "upload_too_long"
    assert spool.offset(ID) == 5000


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_piece_with_its_checksum_counts(spool: UploadSpool, algorithm: str) -> None:
    piece = LECTURE[:2500]
    assert spool.append(ID, BytesIO(piece), at=0, total=TOTAL, checksum=checksum(piece, algorithm)) == 2500


def test_a_damaged_piece_is_rolled_back(spool: UploadSpool) -> None:
    spool.append(ID, BytesIO(LECTURE[:100]), at=0, total=TOTAL)
    with pytest.raises(ChecksumError) as caught:
        spool.append(ID, BytesIO(b"x" * 2500), at=100, total=TOTAL, checksum=checksum(LECTURE[100:2600]))
    assert caught.value.code == "checksum_mismatch"
    assert spool.offset(ID) == 100
    assert content(spool) == LECTURE[:100]


def test_a_piece_that_was_cut_before_its_checksum_could_be_compared_does_not_count(spool: UploadSpool) -> None:
    with pytest.raises(ConnectionResetError):
        spool.append(ID, Wire(LECTURE, cut_after=2500), at=0, total=TOTAL, checksum=checksum(LECTURE))
    assert spool.offset(ID) == 0


def test_bytes_in_doubt_are_not_counted_while_they_arrive(spool: UploadSpool) -> None:
    seen: list[int] = []
    wire = Wire(LECTURE, then=lambda: None)
    original = wire.read

    def read(size: int = -1, /) -> bytes:
        seen.append(spool.offset(ID))
        return original(size)

    wire.read = read  # type: ignore[method-assign]
    spool.append(ID, wire, at=0, total=TOTAL, checksum=checksum(LECTURE))
    assert set(seen) == {0}
    assert spool.offset(ID) == TOTAL


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "checksum_unknown"),
        ("crc32 AAAA", "checksum_unknown"),
        ("sha1", "checksum_unreadable"),
        ("sha1 not-base64!", "checksum_unreadable"),
        ("sha1 AAAA", "checksum_unreadable"),
    ],
)
def test_an_unusable_checksum_is_named(header: str, expected: str) -> None:
    with pytest.raises(ChecksumError) as caught:
        Checksum.parse(header)
    assert caught.value.code == expected


def test_a_newer_connection_takes_over_from_one_that_hangs(spool: UploadSpool) -> None:
    def resume() -> None:
        offset = spool.offset(ID)
        spool.append(ID, BytesIO(LECTURE[offset : offset + 4000]), at=offset, total=TOTAL)

    with pytest.raises(UploadError) as caught:
        spool.append(ID, Wire(LECTURE, then=resume), at=0, total=TOTAL)

    assert code(caught) == "upload_superseded"
    assert spool.offset(ID) == 4000
    assert content(spool) == LECTURE[:4000]


def test_taking_over_drops_what_was_in_doubt(spool: UploadSpool) -> None:
    pieces = iter([b"x" * 1000, b"x" * 1000])

    class Hanging:
        def read(self, size: int = -1, /) -> bytes:
            block = next(pieces, b"")
            if not block:
                spool.append(ID, BytesIO(LECTURE[:500]), at=0, total=TOTAL)
            return block

    with pytest.raises(ChecksumError):
        spool.append(ID, Hanging(), at=0, total=TOTAL, checksum=checksum(LECTURE[:2000]))

    assert content(spool) == LECTURE[:500]


def test_without_room_what_fitted_counts_and_the_rest_goes_on_later(spool: UploadSpool) -> None:
    with room_for(4321), pytest.raises(StorageFull):
        spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)

    assert spool.offset(ID) == 4321
    spool.append(ID, BytesIO(LECTURE[4321:]), at=4321, total=TOTAL)
    assert content(spool) == LECTURE


def test_an_upload_the_disk_cannot_hold_is_refused_before_its_first_byte(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        UploadSpool(tmp_path).create(ID, 1 << 60)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_upload_is_in_the_storage_under_its_content(spool: UploadSpool, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "store")
    spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)
    inode = spool.path(ID).stat().st_ino

    stored = spool.finish(ID, storage, total=TOTAL)

    sha256 = hashlib.sha256(LECTURE).hexdigest()
    assert (stored.sha256, stored.size, stored.type.kind) == (sha256, TOTAL, Kind.DOCUMENT)
    assert stored.key.endswith(f"{sha256}.pdf")
    path = storage.local_path(stored.key)
    assert path is not None
    assert path.stat().st_ino == inode


def test_finishing_may_be_repeated_until_the_upload_is_discarded(spool: UploadSpool, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "store")
    spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)

    first = spool.finish(ID, storage, total=TOTAL)
    assert spool.finish(ID, storage, total=TOTAL) == first
    assert spool.offset(ID) == TOTAL

    spool.discard(ID)
    with pytest.raises(UploadError) as caught:
        spool.finish(ID, storage, total=TOTAL)
    assert code(caught) == "upload_missing"
    assert storage.exists(first.key)


def test_a_kill_between_the_note_and_the_move_is_mended_by_finishing_again(spool: UploadSpool) -> None:
    class Dying(MemoryStorage):
        def put_file(self, source: Path, key: str) -> None:
            raise KeyboardInterrupt

    spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)
    with pytest.raises(KeyboardInterrupt):
        spool.finish(ID, Dying(), total=TOTAL)

    storage = MemoryStorage()
    assert storage.size(spool.finish(ID, storage, total=TOTAL).key) == TOTAL


def test_an_unfinished_upload_is_not_stored(spool: UploadSpool) -> None:
    spool.append(ID, BytesIO(LECTURE[:100]), at=0, total=TOTAL)
    with pytest.raises(UploadError) as caught:
        spool.finish(ID, MemoryStorage(), total=TOTAL)
    assert (caught.value.code, caught.value.params) == ("upload_incomplete", {"offset": 100, "total": TOTAL})


def test_a_writer_that_wakes_up_late_never_touches_the_stored_file(spool: UploadSpool, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "store")
    stored: list[Stored] = []

    def overtake() -> None:
        spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)
        stored.append(spool.finish(ID, storage, total=TOTAL))

    with pytest.raises(UploadError) as caught:
        spool.append(ID, Wire(b"x" * TOTAL, then=overtake), at=0, total=TOTAL)

    assert code(caught) == "upload_missing"
    with storage.open(stored[0].key) as reader:
        assert reader.read() == LECTURE


@pytest.mark.parametrize("begun_anew", [False, True])
def test_a_writer_that_waited_for_the_lock_notices_that_the_bytes_have_moved(
    spool: UploadSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun_anew: bool
) -> None:
    part, moved, lock = spool.path(ID), tmp_path / "stored.pdf", fcntl.flock

    def lock_after_the_move(descriptor: int, operation: int) -> None:
        part.rename(moved)
        if begun_anew:
            part.touch()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock_after_the_move)
    with pytest.raises(UploadError) as caught:
        spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)

    assert code(caught) == "upload_missing"
    assert moved.read_bytes() == b""


def test_nothing_is_added_to_a_finished_upload(spool: UploadSpool, tmp_path: Path) -> None:
    spool.append(ID, BytesIO(LECTURE), at=0, total=TOTAL)
    note = {"key": "x", "sha256": "x", "size": TOTAL}
    kind = {"media_type": "application/pdf", "kind": "document", "extension": "pdf"}
    (tmp_path / "spool" / f"{ID}.done").write_text(json.dumps({**note, "type": kind}))

    with pytest.raises(UploadError) as caught:
        spool.append(ID, BytesIO(b""), at=TOTAL, total=TOTAL)
    assert code(caught) == "upload_finished"


@pytest.mark.parametrize("upload_id", ["never-begun", "../escape", "a", "课" * 10, "a" * 65, "..", "a/b/c/d/e"])
def test_an_unknown_or_odd_id_is_missing(spool: UploadSpool, upload_id: str) -> None:
    asks: list[Callable[[], object]] = [
        lambda: spool.offset(upload_id),
        lambda: spool.append(upload_id, BytesIO(b"x"), at=0, total=1),
        lambda: spool.path(upload_id),
        lambda: spool.finish(upload_id, MemoryStorage(), total=1),
    ]
    for ask in asks:
        with pytest.raises(UploadError) as caught:
            ask()
        assert code(caught) == "upload_missing"


def test_uploads_that_stopped_growing_expire(spool: UploadSpool, tmp_path: Path) -> None:
    spool.append(ID, BytesIO(LECTURE[:10]), at=0, total=TOTAL)
    spool.create("upload-2", 10)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    os.utime(spool.path(ID), (long_ago.timestamp(), long_ago.timestamp()))

    assert spool.expire(before=long_ago + timedelta(days=7)) == [ID]
    assert [file.name for file in (tmp_path / "spool").iterdir()] == ["upload-2.part"]


def test_memory_stays_flat(tmp_path: Path) -> None:
    class Endless:
        left = 64 * 1024 * 1024

        def read(self, size: int = -1, /) -> bytes:
            assert 64 * 1024 <= size <= 1024 * 1024
            taken = min(size, self.left)
            self.left -= taken
            return b"x" * taken

    spool = UploadSpool(tmp_path, reserve=0)
    spool.create(ID, Endless.left)
    tracemalloc.start()
    try:
        spool.append(ID, Endless(), at=0, total=Endless.left)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


KILLED = """
import os, sys
from pathlib import Path
from media.uploads import UploadSpool

class Dying:
    pieces = [b"x" * 1000, b"y" * 1000]
    def read(self, size=-1, /):
        if not self.pieces:
            os.kill(os.getpid(), 9)
        return self.pieces.pop(0)

from media.checksums import Checksum
check = Checksum("sha1", bytes(20)) if sys.argv[2] == "checked" else None
UploadSpool(Path(sys.argv[1])).append("upload-1", Dying(), at=0, total=9999, checksum=check)
"""


@pytest.mark.parametrize(("mode", "safe"), [("plain", 2000), ("checked", 0)])
def test_after_a_kill_the_offset_is_what_rests_on_the_disk(
    spool: UploadSpool, tmp_path: Path, mode: str, safe: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "spool"), mode]
    done = subprocess.run(command, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -9

    assert spool.offset(ID) == safe
    spool.append(ID, BytesIO(LECTURE[: TOTAL - safe]), at=safe, total=TOTAL)
    assert content(spool)[safe:] == LECTURE[: TOTAL - safe]


def test_other_troubles_of_the_disk_are_not_called_full(spool: UploadSpool, tmp_path: Path) -> None:
    (tmp_path / "spool" / f"{ID}.part").unlink()
    (tmp_path / "spool" / f"{ID}.part").mkdir()
    with pytest.raises(OSError) as caught:
        spool.append(ID, BytesIO(b"x"), at=0, total=TOTAL)
    assert caught.value.errno == errno.EISDIR


@given(cuts=st.lists(st.integers(0, 4000), max_size=8), checked=st.booleans())
@settings(max_examples=40, deadline=None)
def test_however_the_line_is_cut_the_file_arrives(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], checked: bool
) -> None:
    spool = UploadSpool(tmp_path_factory.mktemp("spool"), block=700, reserve=0)
    spool.create(ID, TOTAL)

    def bodies() -> Iterator[int | None]:
        yield from cuts
        yield None

    for cut in bodies():
        at = spool.offset(ID)
        rest = LECTURE[at:]
        try:
            check = checksum(rest) if checked else None
            spool.append(ID, Wire(rest, cut_after=cut), at=at, total=TOTAL, checksum=check)
        except ConnectionResetError:
            assert cut is not None
            assert spool.offset(ID) == (at if checked else min(at + cut, TOTAL))

    storage = MemoryStorage()
    stored = spool.finish(ID, storage, total=TOTAL)
    assert stored.sha256 == hashlib.sha256(LECTURE).hexdigest()
