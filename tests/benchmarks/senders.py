"""Sending requests: to a running server over one connection that is kept, or to an application in this process."""

import http.client
import io
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from flask import Flask


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    """Lower-case names; of several cookies the last."""
    body: bytes


class Sender(Protocol):
    """Whatever requests are sent through."""

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request and its whole answer."""
        ...


@dataclass
class OverHttp:
    """A client with one connection, as a browser keeps it."""

    url: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """Sends and reads to the end; opens a new connection where the server has closed the old one."""
        for attempt in (1, 2):
            try:
                self.connection.request(method, path, body or None, headers or {})
                found = self.connection.getresponse()
                content = found.read()
                return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, content)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.connection.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")


@dataclass
class InProcess:
    """Calls an application as a server would, for counting what it asks the database."""

    app: Flask

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request through WSGI."""
        bare, _mark, query = path.partition("?")
        given = headers or {}
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": bare,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": given.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in given.items()},
        }
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
            said.update(status=int(status[:3]), headers={name.lower(): value for name, value in headers})

        parts = self.app.wsgi_app(environ, start)
        try:
            content = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return Answer(said["status"], said["headers"], content)
