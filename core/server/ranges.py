"""Byte ranges under gunicorn."""

from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from werkzeug.wsgi import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SERVERS_OWN = "jinke.server_file_wrapper"


def seekable_files(application: "WSGIApplication") -> "WSGIApplication":
    """Middleware: a request for a range gets werkzeug's file wrapper instead of the server's.

    Werkzeug cuts the asked-for range out of what the wrapper yields. It can seek in its own wrapper; gunicorn's it
    must read from byte 0, which for the end of a long lecture is the whole file.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if "HTTP_RANGE" in environ:
            environ[_SERVERS_OWN] = environ.get("wsgi.file_wrapper")
            environ["wsgi.file_wrapper"] = FileWrapper
        return application(environ, start_response)

    return answer


def rest_of(file: IO[bytes], environ: "WSGIEnvironment") -> Iterable[bytes] | None:
    """The body of an answer that begins where ``file`` stands, to be sent by the kernel without passing through here.

    For answers that have cut out their range themselves: the server sends as many bytes as ``Content-Length`` says.
    None where the server knows no such way.
    """
    wrapper = environ.get(_SERVERS_OWN) or environ.get("wsgi.file_wrapper")
    if wrapper is None or wrapper is FileWrapper:
        return None
    # The server recognises its own wrapper by comparing with what stands here.
    environ["wsgi.file_wrapper"] = wrapper
    body: Iterable[bytes] = wrapper(file)
    return body
