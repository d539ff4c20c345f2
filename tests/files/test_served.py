"""Bytes in and out of a real server: gunicorn alone, and behind nginx with X-Accel-Redirect."""

import base64
import hashlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from core.courses.models import Course
from core.db import db
from core.files import links, stores
from core.files.models import Asset
from media.storage import content_key
from tests.factories import Factory
from tests.files.servers import Running, nginx_before, running_site
from tests.files.tus_client import PIECE, metadata, token_of
from tests.jobs.workers import wait_until

MB = 1024 * 1024


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """gunicorn answers by itself."""
    with running_site(tmp_path_factory.mktemp("alone")) as site:
        yield site


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """gunicorn decides, nginx sends."""
    settings = {"accel_prefix": "/_media/", "proxy_hops": "1"}
    with (
        running_site(tmp_path_factory.mktemp("behind"), **settings) as site,
        nginx_before(site, tmp_path_factory.mktemp("nginx")) as url,
    ):
        yield site, url


@dataclass
class Line:
    """Somebody with a token who uploads into a course over real connections."""

    url: str
    course: Course
    token: str

    @classmethod
    def into(cls, url: str) -> "Line":
        make = Factory()
        teacher = make.user()
        return cls(url, make.course(leader=teacher), token_of(teacher))

    @property
    def headers(self) -> dict[str, str]:
        return {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"}

    def create(self, length: int) -> str:
        told = metadata(filename="第一讲.mp4", filetype="video/mp4")
        headers = {**self.headers, "Upload-Length": str(length), "Upload-Metadata": told}
        answer = requests.post(f"{self.url}/files/uploads/{self.course.slug}", headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
        return self.url + answer.headers["Location"]

    def send(self, address: str, offset: int, data: Any) -> requests.Response:
        headers = {**self.headers, **PIECE, "Upload-Offset": str(offset)}
        return requests.patch(address, headers=headers, data=data, timeout=120)

    def offset(self, address: str) -> int:
        return int(requests.head(address, headers=self.headers, timeout=30).headers["Upload-Offset"])

    def open_piece(self, address: str, offset: int, length: int) -> socket.socket:
        """A connection on which ``length`` bytes are announced and none sent yet."""
        parts = urlsplit(address)
        headers = {**self.headers, **PIECE, "Upload-Offset": str(offset), "Content-Length": str(length)}
        lines = [f"PATCH {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
        connection = socket.create_connection((parts.hostname or "", parts.port or 80))
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return connection


def _stored(data: bytes) -> Asset:
    sha256 = hashlib.sha256(data).hexdigest()
    key = content_key(sha256, "mp4")
    stores.store().put_bytes(data, key)
    make = Factory()
    return make.asset(make.course(), name="第一讲.mp4", sha256=sha256, key=key, size=len(data))


def _link(site: Running, asset: Asset) -> str:
    with site.app.test_request_context():
        return links.playback_url(asset)


def test_a_cut_connection_keeps_what_arrived(alone: Running) -> None:
    line = Line.into(alone.url)
    data = os.urandom(300_000)
    address = line.create(len(data))
    assert line.send(address, 0, data[:100_000]).status_code == 204
    connection = line.open_piece(address, 100_000, 200_000)
    connection.sendall(data[100_000:250_000])
    connection.close()
    wait_until(lambda: line.offset(address) > 200_000, 20)
    arrived = line.offset(address)
    assert 100_000 < arrived <= 250_000
    assert line.send(address, arrived, data[arrived:]).headers["Upload-Offset"] == "300000"
    assert stores.spool().path(address.rsplit("/", 1)[1]).read_bytes() == data


def test_nobody_waits_for_a_body_and_a_newer_connection_takes_over(alone: Running) -> None:
    line = Line.into(alone.url)
    address = line.create(1000)
    silent = line.open_piece(address, 0, 1000)
    silent.sendall(b"x" * 10)
    try:
        wait_until(lambda: bool(list(stores.spool()._folder.glob("*.claim"))), 20)
        # A writer of SQLite, while the other connection is in the middle of its body.
        other = line.create(5)
        assert line.send(other, 0, b"12345").status_code == 204
        assert line.send(address, 0, b"y" * 500).headers["Upload-Offset"] == "500"
    finally:
        silent.sendall(b"x" * 990)
        answer = silent.recv(4096).decode()
        silent.close()
    assert " 423 " in answer.splitlines()[0]
    assert line.offset(address) == 500
    assert stores.spool().path(address.rsplit("/", 1)[1]).read_bytes() == b"y" * 500


def test_memory_stays_flat_while_200_megabytes_come_in(alone: Running, tmp_path: Path) -> None:
    line = Line.into(alone.url)
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(200 * MB)
    line.send(line.create(10), 0, b"warming up")
    address = line.create(200 * MB)
    before = alone.memory()
    with film.open("rb") as file:
        answer = line.send(address, 0, file)
    assert answer.headers["Upload-Offset"] == str(200 * MB)
    assert alone.memory() - before < 30 * MB
    requests.delete(address, headers=line.headers, timeout=30)


@pytest.mark.parametrize("through", ["gunicorn", "nginx"])
def test_ranges_are_right_over_the_wire(request: pytest.FixtureRequest, through: str) -> None:
    if through == "gunicorn":
        site: Running = request.getfixturevalue("alone")
        url = site.url
    else:
        site, url = request.getfixturevalue("behind")
    data = os.urandom(3 * MB + 17)
    with site.app.app_context():
        link = url + _link(site, _stored(data))
    whole = requests.get(link, timeout=30)
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Accept-Ranges"] == "bytes"
    for wanted, part in (("0-9", data[:10]), ("-5", data[-5:]), (f"{2 * MB}-", data[2 * MB :])):
        answer = requests.get(link, headers={"Range": f"bytes={wanted}"}, timeout=30)
        assert (answer.status_code, answer.content) == (206, part)
    beyond = requests.get(link, headers={"Range": f"bytes={len(data)}-"}, timeout=30)
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(data)}")
    same = requests.get(link, headers={"Range": "bytes=1-2", "If-Range": whole.headers["ETag"]}, timeout=30)
    assert (same.status_code, same.content) == (206, data[1:3])
    other = requests.get(link, headers={"Range": "bytes=1-2", "If-Range": '"other"'}, timeout=30)
    assert (other.status_code, other.content) == (200, data)
    head = requests.head(link, timeout=30)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(data)))
    known = requests.get(link, headers={"If-None-Match": whole.headers["ETag"]}, timeout=30)
    assert known.status_code == 304


def test_nginx_gives_nothing_away_by_itself(behind: tuple[Running, str]) -> None:
    site, url = behind
    with site.app.app_context():
        asset = _stored(b"secret")
    assert requests.get(f"{url}/_media/{asset.key}", timeout=30).status_code == 404
    direct = requests.get(site.url + _link(site, asset), timeout=30)
    assert direct.headers["X-Accel-Redirect"] == f"/_media/{asset.key}"
    assert direct.content == b""


def test_the_end_of_a_large_file_costs_no_more_than_its_beginning(alone: Running) -> None:
    with alone.app.app_context():
        asset = _stored(bytes(200 * MB))
    link = alone.url + _link(alone, asset)

    def cost(start: int) -> float:
        before = alone.cpu_seconds()
        for _time in range(20):
            answer = requests.get(link, headers={"Range": f"bytes={start}-{start + 99_999}"}, timeout=30)
            assert len(answer.content) == 100_000
        return (alone.cpu_seconds() - before) / 20

    cost(0)
    first, last = cost(0), cost(200 * MB - 100_000)
    # A clock tick is 10 ms, so twenty requests may differ by one; reading 200 MB would cost 70 ms each.
    assert last < first + 0.005
    before = alone.cpu_seconds()
    assert len(requests.get(link, headers={"Range": "bytes=0-"}, timeout=60).content) == 200 * MB
    assert alone.cpu_seconds() - before < 0.5, "the kernel sends the file"


def test_pieces_of_one_megabyte_pass_an_nginx_that_lets_no_more_through(behind: tuple[Running, str]) -> None:
    site, url = behind
    with site.app.app_context():
        line = Line.into(url)
        data = os.urandom(2 * MB + 5)
        address = line.create(len(data))
        assert line.send(address, 0, data).status_code == 413
        for start in range(0, len(data), MB):
            answer = line.send(address, start, data[start : start + MB])
            assert answer.status_code == 204, answer.text
        assert line.offset(address) == len(data)
        assert stores.spool().path(address.rsplit("/", 1)[1]).read_bytes() == data


def test_what_arrived_before_nginx_lost_the_line_is_kept(behind: tuple[Running, str]) -> None:
    site, url = behind
    with site.app.app_context():
        line = Line.into(url)
        address = line.create(MB)
        connection = line.open_piece(address, 0, MB)
        connection.sendall(b"x" * 500_000)
        wait_until(lambda: stores.spool().path(address.rsplit("/", 1)[1]).stat().st_size > 300_000, 20)
        connection.close()
        wait_until(lambda: not list(stores.spool()._folder.glob("*.claim")), 20)
        assert 300_000 < line.offset(address) <= 500_000


def _probe(line: Line) -> list[str]:
    """Everything an independent probe of tus servers asks, as the names of what failed."""
    created = f"{line.url}/files/uploads/{line.course.slug}"
    data = os.urandom(300_000)
    failed = []

    def check(name: str, holds: bool) -> None:
        if not holds:
            failed.append(name)

    offer = requests.options(created, timeout=30)
    check("OPTIONS", offer.status_code == 204 and "1.0.0" in offer.headers["Tus-Version"])
    address = line.create(len(data))
    head = requests.head(address, headers=line.headers, timeout=30)
    check("no-store", "no-store" in head.headers["Cache-Control"])
    check("Tus-Resumable", head.headers["Tus-Resumable"] == "1.0.0")
    check("first part", line.send(address, 0, data[:100_000]).headers["Upload-Offset"] == "100000")
    check("wrong offset", line.send(address, 5, b"x").status_code == 409)
    check("resume to the end", line.send(address, 100_000, data[100_000:]).headers["Upload-Offset"] == "300000")
    check("beyond the length", line.send(address, len(data), b"yy").status_code >= 400)
    unknown = requests.head(f"{created}/nonexistent0000", headers=line.headers, timeout=30)
    check("unknown upload", unknown.status_code == 404)
    small = line.create(5)
    wrong = base64.b64encode(hashlib.sha1(b"other", usedforsecurity=False).digest()).decode()
    headers = {**line.headers, **PIECE, "Upload-Offset": "0", "Upload-Checksum": f"sha1 {wrong}"}
    check("checksum", requests.patch(small, headers=headers, data=b"hello", timeout=30).status_code == 460)
    check("termination", requests.delete(address, headers=line.headers, timeout=30).status_code == 204)
    check("gone", requests.head(address, headers=line.headers, timeout=30).status_code == 404)
    return failed


def test_the_protocol_holds_over_real_connections(alone: Running) -> None:
    with alone.app.app_context():
        assert _probe(Line.into(alone.url)) == []


def test_the_protocol_holds_through_nginx(behind: tuple[Running, str]) -> None:
    site, url = behind
    with site.app.app_context():
        assert _probe(Line.into(url)) == []


def test_many_pieces_of_many_files_at_once(alone: Running) -> None:
    with alone.app.app_context():
        line = Line.into(alone.url)
        addresses = [line.create(400_000) for _file in range(4)]
        contents = [os.urandom(400_000) for _file in addresses]
        db.session.commit()

    def upload(address: str, data: bytes) -> None:
        for start in range(0, len(data), 100_000):
            line.send(address, start, data[start : start + 100_000])

    threads = [Thread(target=upload, args=pair) for pair in zip(addresses, contents, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    folder: Path = alone.app.extensions["jinke"].upload_root
    for address, data in zip(addresses, contents, strict=True):
        assert (folder / f"{address.rsplit('/', 1)[1]}.part").read_bytes() == data
