"""Byte ranges under gunicorn."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wsgi import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def seekable_files(application: "WSGIApplication") -> "WSGIApplication":
    """Middleware: a request for a range gets werkzeug's file wrapper instead of the server's.

    Werkzeug cuts the asked-for range out of what the wrapper yields. It can seek in its own wrapper; gunicorn's it
    must read from byte 0, which for the end of a long lecture is the whole file.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if "HTTP_RANGE" in environ:
            environ["wsgi.file_wrapper"] = FileWrapper
        return application(environ, start_response)

    return answer
