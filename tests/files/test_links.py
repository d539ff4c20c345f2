"""What a signed link opens, for how long, and which bytes of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import clock
from core.files import links
from core.files.models import Asset, AssetState
from tests.conftest import CountQueries
from tests.factories import Factory
from tests.files.conftest import StoreAsset

DATA = bytes(range(256)) * 40


@pytest.fixture
def asset(make: Factory, store_asset: StoreAsset) -> Asset:
    return store_asset(make.course(), DATA, name="第一讲 50%.mp4")


@pytest.fixture
def link(app: Flask, asset: Asset) -> str:
    with app.test_request_context():
        return links.playback_url(asset)


def _link(app: Flask, make_url: Callable[..., str], *arguments: object, **options: object) -> str:
    with app.test_request_context():
        return str(make_url(*arguments, **options))


def test_a_link_gives_the_whole_file_and_says_what_it_is(client: FlaskClient, link: str, asset: Asset) -> None:
    answer = client.get(link)
    assert (answer.status_code, answer.data) == (200, DATA)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Length"] == str(len(DATA))
    assert answer.headers["ETag"] == f'"{asset.sha256}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "第一讲" in unquote(answer.headers["Content-Disposition"])


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=10000-", 10000, 10240), ("bytes=-7", 10233, 10240)],
)
def test_a_range_gives_those_bytes(client: FlaskClient, link: str, wanted: str, start: int, end: int) -> None:
    answer = client.get(link, headers={"Range": wanted})
    assert (answer.status_code, answer.data) == (206, DATA[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert answer.headers["Content-Length"] == str(end - start)


def test_a_range_beyond_the_end_is_416_with_the_size(client: FlaskClient, link: str) -> None:
    answer = client.get(link, headers={"Range": "bytes=10240-"})
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */10240"


def test_head_tells_the_size_and_sends_nothing(client: FlaskClient, link: str) -> None:
    answer = client.head(link, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(DATA))


def test_if_range_asks_for_the_part_of_this_file_or_the_whole_of_another(
    client: FlaskClient, link: str, asset: Asset
) -> None:
    same = client.get(link, headers={"Range": "bytes=0-9", "If-Range": f'"{asset.sha256}"'})
    assert (same.status_code, same.data) == (206, DATA[:10])
    other = client.get(link, headers={"Range": "bytes=0-9", "If-Range": '"something-else"'})
    assert (other.status_code, other.data) == (200, DATA)


def test_what_the_browser_has_is_not_sent_again(client: FlaskClient, link: str, asset: Asset) -> None:
    answer = client.get(link, headers={"If-None-Match": f'"{asset.sha256}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_link_works_for_its_bearer_until_it_expires(client: FlaskClient, app: Flask, asset: Asset) -> None:
    link = _link(app, links.playback_url, asset, user_id=7, expires_in=timedelta(minutes=5))
    assert client.get(link).status_code == 200
    with clock.shifted(timedelta(minutes=4)):
        assert client.get(link).status_code == 200
    with clock.shifted(timedelta(minutes=5)):
        late = client.get(link)
    assert late.status_code == 403
    assert "已过期" in late.text


def test_an_altered_link_opens_nothing(client: FlaskClient, link: str) -> None:
    token = link.split("/")[3]
    for broken in (token[:-1], token.swapcase(), "x" * 3000, "a.b"):
        answer = client.get(link.replace(token, broken), headers={"Accept": "application/json"})
        assert answer.status_code == 403
        assert answer.mimetype == "application/problem+json"
        assert "无效" in answer.get_json()["detail"]


def test_the_file_must_be_ready_and_the_very_one(
    client: FlaskClient, app: Flask, store_asset: StoreAsset, make: Factory
) -> None:
    unready = store_asset(make.course(), b"x", state=AssetState.PROBING)
    assert client.get(_link(app, links.playback_url, unready)).status_code == 404
    ready = store_asset(make.course(), b"y")
    other = Asset(id=ready.id, sha256="0" * 64, name="y.mp4")
    assert client.get(_link(app, links.playback_url, other)).status_code == 404
    assert client.get(_link(app, links.playback_url, ready)).data == b"y"


@pytest.mark.parametrize(
    ("media_type", "extension", "shown"),
    [
        ("video/mp4", "mp4", True),
        ("application/pdf", "pdf", True),
        ("text/html", "html", False),
        ("image/svg+xml", "svg", False),
    ],
)
def test_only_what_cannot_run_scripts_is_shown(
    client: FlaskClient,
    app: Flask,
    make: Factory,
    store_asset: StoreAsset,
    media_type: str,
    extension: str,
    shown: bool,
) -> None:
    asset = store_asset(make.course(), b"<script>" + media_type.encode(), extension, media_type=media_type)
    answer = client.get(_link(app, links.playback_url, asset))
    kind, _, _ = answer.headers["Content-Disposition"].partition(";")
    assert kind == ("inline" if shown else "attachment")
    assert answer.headers["Content-Type"] == (media_type if shown else "application/octet-stream")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert ("sandbox" in answer.headers["Content-Security-Policy"]) == (media_type != "application/pdf")


def test_a_download_is_saved_under_its_own_name(client: FlaskClient, app: Flask, asset: Asset) -> None:
    header = client.get(_link(app, links.download_url, asset)).headers["Content-Disposition"]
    assert header.startswith("attachment; ")
    plain, full = re.findall(r"filename=\"(.*?)\"|filename\*=UTF-8''(\S+)", header)
    assert plain[0].isascii()
    assert plain[0].endswith(".mp4")
    assert unquote(full[1]) == "第一讲 50%.mp4"


def test_a_fetch_under_a_stream_is_told_once(client: FlaskClient, app: Flask, asset: Asset) -> None:
    heard: list[str] = []
    links.on_fetch(heard.append)
    try:
        link = _link(app, links.playback_url, asset, stream_id=f"stream-{asset.sha256[:8]}-{asset.id}-once")
        client.head(link)
        assert heard == [], "asking for the size is not watching"
        for start in range(3):
            client.get(link, headers={"Range": f"bytes={start}-"})
    finally:
        links._listeners.remove(heard.append)
    assert heard == [f"stream-{asset.sha256[:8]}-{asset.id}-once"]


def test_the_next_fetch_asks_the_database_nothing(client: FlaskClient, link: str, count_queries: CountQueries) -> None:
    client.get(link)
    with count_queries() as statements:
        assert client.get(link, headers={"Range": "bytes=5000-"}).status_code == 206
    assert statements == []
