"""The web process: gunicorn around the application, on a socket that the supervisor holds open.

The listening socket outlives this process: connections that arrive while it is being restarted wait instead of being
refused.
"""

from typing import Any

from gunicorn.app.base import BaseApplication

from core.app import create_app
from core.config import Settings
from core.server.ranges import seekable_files

GRACE_SECONDS = 10


class Site(BaseApplication):  # type: ignore[misc]
    """Gunicorn with one worker of many threads; more would each need their own memory, and SQLite has one writer."""

    def __init__(self, settings: Settings, *, socket_fd: int, threads: int) -> None:
        self._settings = settings
        self._options: dict[str, Any] = {
            "bind": f"fd://{socket_fd}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": threads,
            "timeout": 60,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": 15,
            "loglevel": "warning",
            "control_socket_disable": True,
            # Whether X-Forwarded-* are to be believed is the application's setting `proxy_hops`.
            "forwarded_allow_ips": "",
        }
        super().__init__()

    def load_config(self) -> None:
        """Our options; gunicorn's own configuration file and command line play no part."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, made in the worker."""
        app = create_app(self._settings)
        app.wsgi_app = seekable_files(app.wsgi_app)  # type: ignore[assignment,method-assign]
        return app
