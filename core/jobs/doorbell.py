"""The doorbell: a datagram that tells this machine's workers to look now. Losing one loses nothing: they also poll.

Each worker process listens on a socket of its own below ``$JINKE_HOME/doorbell``. Sockets are addressed through
``/proc/self/fd``, because a socket's path may have 107 bytes at most and an instance folder may lie deeper.
"""

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

SOCKETS = "doorbell"


def ring(home: Path) -> None:
    """Wakes every worker of the site whose instance folder is ``home``. Never waits."""
    folder = home / SOCKETS
    try:
        names = os.listdir(folder)  # noqa: PTH208 - on the path of every enqueueing request
    except FileNotFoundError:
        return
    with _handle(folder) as handle, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.setblocking(False)
        for name in names:
            try:
                bell.sendto(b"!", f"/proc/self/fd/{handle}/{name}")
            except ConnectionRefusedError:
                (folder / name).unlink(missing_ok=True)  # the worker that listened here was killed
            except OSError:
                pass  # a full queue has been rung already


class Listener:
    """A worker's ear. Where no socket can be made (no /proc, a foreign file system) it only tells time."""

    def __init__(self, home: Path) -> None:
        folder = home / SOCKETS
        self._path = folder / f"{os.getpid()}-{os.urandom(4).hex()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._deaf = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _handle(folder) as handle:
                self._socket.bind(f"/proc/self/fd/{handle}/{self._path.name}")
        except OSError as error:
            log.warning("no doorbell below %s (%s): new jobs are noticed by polling only", home, error)
            self._deaf = True

    def wait(self, seconds: float) -> bool:
        """True when the bell was rung within ``seconds``."""
        if self._deaf:
            time.sleep(seconds)
            return False
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(16)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Stops listening and removes the socket."""
        self._path.unlink(missing_ok=True)
        self._socket.close()


@contextmanager
def _handle(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)
