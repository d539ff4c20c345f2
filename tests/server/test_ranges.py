"""A range near the end of a large file costs as little as one near its beginning."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, send_file
from gunicorn.http.wsgi import FileWrapper
from werkzeug.test import Client

from core.server.ranges import seekable_files

SIZE = 2 * 1024 * 1024
LAST_TEN = {"Range": f"bytes={SIZE - 10}-"}


class CountingWrapper(FileWrapper):  # type: ignore[misc]
    """Gunicorn's wrapper, which cannot seek, counting the bytes that go through it."""

    count = 0

    def __next__(self) -> bytes:
        data: bytes = super().__next__()
        CountingWrapper.count += len(data)
        return data


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """A site with one file."""
    (tmp_path / "lecture.mp4").write_bytes(bytes(SIZE - 10) + b"0123456789")
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: send_file(tmp_path / "lecture.mp4", conditional=True))
    CountingWrapper.count = 0
    return app


def _get(application: Any, headers: dict[str, str]) -> tuple[int, bytes]:
    environ = {"wsgi.file_wrapper": CountingWrapper}
    with Client(application).get("/", headers=headers, environ_overrides=environ) as answer:
        return answer.status_code, answer.data


def test_the_servers_own_wrapper_reads_everything_before_the_range(site: Flask) -> None:
    assert _get(site, LAST_TEN) == (206, b"0123456789")
    assert CountingWrapper.count == SIZE, "the reason for the middleware is gone: remove it"


def test_with_the_middleware_a_range_is_read_alone(site: Flask) -> None:
    assert _get(seekable_files(site), LAST_TEN) == (206, b"0123456789")
    assert CountingWrapper.count == 0


def test_a_whole_file_still_takes_the_servers_fast_way(site: Flask) -> None:
    status, data = _get(seekable_files(site), {})
    assert (status, len(data)) == (200, SIZE)
    assert CountingWrapper.count == SIZE
