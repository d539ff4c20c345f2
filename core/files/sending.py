"""Answers whose body is a stored file: ranges, validators, headers that keep strangers' bytes harmless.

Behind nginx the answer names the file and nginx sends it (``X-Accel-Redirect``; the configuration that goes with it is
``docs/nginx.conf``). Otherwise the kernel sends it from here, or, where the store has no path for it, block by block.
"""

from collections.abc import Iterable, Iterator
from email.utils import format_datetime
from urllib.parse import quote

from flask import Response, request

from core.files import stores
from core.files.queries import StoredFile
from core.server.ranges import rest_of
from media.ranges import Answer, answer_range
from media.storage import Storage

BLOCK = 256 * 1024
ENOUGH_SECONDS = 4 * 60 * 60
"""How long a browser may keep what came through a link. The bytes of an asset never change."""

SHOWN = frozenset(
    {
        "application/pdf",
        "audio/aac",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "image/avif",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "video/ogg",
        "video/webm",
    }
)
"""What a browser may show by itself. Everything else is offered for saving: markup could carry scripts."""


def send(file: StoredFile, *, as_download: bool, cache: str = f"private, max-age={ENOUGH_SECONDS}") -> Response:
    """The answer to a GET or HEAD for a stored file, by RFC 9110."""
    storage = stores.store(file.store)
    accel = storage.accel_path(file.key)
    etag = f'"{file.sha256}"'
    ranges = request.headers.get("Range") if request.method == "GET" else None
    answer = answer_range(
        file.size,
        range_header=ranges,
        if_range=request.headers.get("If-Range"),
        etag=etag,
        last_modified=file.created_at,
    )
    headers = {
        "Content-Type": file.media_type if file.media_type in SHOWN else "application/octet-stream",
        "Content-Disposition": disposition(file.name, as_download=as_download or file.media_type not in SHOWN),
        "Content-Security-Policy": _policy(file.media_type),
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": cache,
    }
    if accel is not None:
        # Ranges and validators are nginx's, by the file it finds.
        return Response(headers={**headers, "X-Accel-Redirect": quote(accel)})
    last_modified = format_datetime(file.created_at, usegmt=True)
    headers |= {"Accept-Ranges": "bytes", "ETag": etag, "Last-Modified": last_modified}
    if request.if_none_match.contains(file.sha256):
        return Response(status=304, headers=headers)
    if answer.content_range:
        headers["Content-Range"] = answer.content_range
    headers["Content-Length"] = str(answer.length)
    body = _body(storage, file.key, answer) if request.method == "GET" and answer.length else ()
    return Response(body, status=answer.status, headers=headers, direct_passthrough=True)


def disposition(name: str, *, as_download: bool) -> str:
    """A ``Content-Disposition`` with the name in ASCII for old programs and in full for the others (RFC 6266, 8187)."""
    kind = "attachment" if as_download else "inline"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    plain = "".join("_" if letter in '"\\%' or not letter.isprintable() else letter for letter in plain)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _body(storage: Storage, key: str, answer: Answer) -> Iterable[bytes]:
    if storage.local_path(key) is not None:
        opened = storage.open(key, answer.start)
        sent_by_server = rest_of(opened, request.environ)
        if sent_by_server is not None:
            return sent_by_server
        opened.close()
    return _blocks(storage, key, answer)


def _blocks(storage: Storage, key: str, answer: Answer) -> Iterator[bytes]:
    with storage.open(key, answer.start, answer.length) as opened:
        while block := opened.read(BLOCK):
            yield block


def _policy(media_type: str) -> str:
    """Nothing in the file may run, load or be framed elsewhere. The PDF viewers of browsers refuse a sandbox."""
    strict = "default-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    if media_type == "application/pdf":
        return f"{strict}; object-src 'self'; style-src 'unsafe-inline'"
    return f"{strict}; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
