"""Real worker processes for tests: started, killed, frozen."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

from flask import Flask

from core.config import Settings

ROOT = Path(__file__).parents[2]


class Workers:
    """Workers on the application's database; each is known by its pid."""

    def __init__(self, nursery: "subprocess.Popen[str]") -> None:
        self._nursery = nursery
        self.pids: list[int] = []

    def start(self) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write("\n")
        self._nursery.stdin.flush()
        pid = int(self._nursery.stdout.readline())
        self.pids.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """As the power supply or the kernel would: no chance to say anything."""
        self.pids.remove(pid)
        os.kill(pid, signal.SIGKILL)

    def stop(self, pid: int) -> None:
        """Politely; returns when it has left."""
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(pid), 20)
        self.pids.remove(pid)


@contextmanager
def workers_of(app: Flask) -> Iterator[Workers]:
    """A place to start workers; whatever the test did to them, they are gone afterwards."""
    settings: Settings = app.extensions["jinke"]
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.nursery", str(settings.home), settings.database_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    workers = Workers(nursery)
    try:
        yield workers
    finally:
        for pid in list(workers.pids):
            workers.kill(pid)
        nursery.kill()
        nursery.communicate()


def is_alive(pid: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    """Looks ten times a second; fails the test when ``condition`` does not come true in time."""
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until, f"not true after {seconds} s"
        Event().wait(0.1)
