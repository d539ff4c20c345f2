"""Starts workers quickly: imports everything once, then forks one for every line on standard input.

``python -m tests.jobs.nursery HOME DATABASE_URL``; answers each line with the new worker's pid.
"""

import logging
import os
import signal
import sys

from core.app import create_app
from core.jobs.worker import Worker, run_until_signalled
from tests.conftest import TEST_SETTINGS
from tests.jobs import kinds


def main(home: str, database_url: str) -> None:
    """Ends when standard input does."""
    logging.basicConfig(level=logging.ERROR)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            work(home, database_url)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def work(home: str, database_url: str) -> None:
    """One worker of two threads, until it is signalled."""
    assert kinds.applied is not None
    run_until_signalled(Worker(create_app(home=home, database_url=database_url, **TEST_SETTINGS), threads=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
