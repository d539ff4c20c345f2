"""Starting the servers that are measured, and reading how much processor time their processes have used."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
JINKE = [sys.executable, "-c", "from core.cli import main; main()"]
PATIENCE = 120.0
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(roots: list[int]) -> float:
    """User and system time that the processes below ``roots`` have used so far, themselves included, in milliseconds.

    Of a process that has ended its parent keeps the account, so nothing is lost. Read from ``/proc/<pid>/stat``.
    """
    return sum(_ticks(pid) for root in roots for pid in _tree(root)) * TICK_MS


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield from _tree(int(child))


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # utime, stime and those of children that have been waited for: fields 14 to 17 of proc(5), 1 being the pid.
    return sum(map(int, fields[11:15]))


def parent_of(pid: int) -> int:
    """The process that started ``pid``."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def environment(home: Path, database_url: str = "") -> dict[str, str]:
    """The environment of a site of its own, whatever the caller's is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JINKE_")}
    return {**kept, "JINKE_HOME": str(home)} | ({"JINKE_DATABASE_URL": database_url} if database_url else {})


@contextmanager
def serving(command: list[str], home: Path, database_url: str = "") -> Iterator[tuple[str, int]]:
    """Runs a server that prints its address when it answers; yields the address and its pid, and stops it."""
    with (home / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(home, database_url),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield _address(server, home / "server.log"), server.pid
    finally:
        stop(server)


def stop(server: "subprocess.Popen[Any]") -> None:
    """Ctrl-C, and after a long wait the end."""
    server.send_signal(signal.SIGINT)
    try:
        server.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        server.kill()
        server.communicate()


def _address(server: "subprocess.Popen[str]", log: Path) -> str:
    assert server.stdout is not None
    while select.select([server.stdout], [], [], PATIENCE)[0]:
        line = server.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found.group()
        if not line:
            break
    raise SystemExit(f"a server did not start:\n{log.read_text()}")
