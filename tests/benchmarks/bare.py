"""The yardstick: a Flask view that returns a constant, behind the server that the site runs behind."""

import socket
from pathlib import Path
from typing import Any

from flask import Flask

from core.config import Settings
from core.server.ranges import seekable_files
from core.server.web import Site

THREADS = 64


class BareSite(Site):
    """The site's server with nothing in it."""

    def load(self) -> Any:
        """One view, no extension, no hook."""
        app = Flask("bare")
        app.add_url_rule("/", "constant", lambda: "a constant")
        app.wsgi_app = seekable_files(app.wsgi_app)  # type: ignore[assignment,method-assign]
        return app


def main() -> None:
    """Prints its address and serves until it is asked to stop."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    settings = Settings(home=Path.cwd(), secret_key="", database_url="")
    BareSite(settings, socket_fd=listener.fileno(), threads=THREADS).run()


if __name__ == "__main__":
    main()
