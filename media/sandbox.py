"""Runs ffmpeg and ffprobe over strangers' files: without a shell, a network, a say in paths or endless time.

Limits are put on by ``prlimit`` and ``setpriv`` (util-linux), which become the tool itself: code between
fork and exec would not be safe in a process with threads. ``setpriv`` also makes the kernel end the tool
when the thread that waits for it ends, so a killed worker leaves no ffmpeg behind that writes over its
successor.
"""

import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from media.errors import MediaError

_MOST_COMPLAINT = 16 * 1024
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"}


class ToolError(MediaError):
    """A tool could not do its work on this file, or is not there at all."""

    sentences: ClassVar = {
        "tool_missing": "The program {tool} is not installed on the server.",
        "tool_gave_up": "Examining the file took longer than {seconds} seconds or more memory than allowed.",
        "tool_failed": "Processing the file made more data than it may.",
    }


@dataclass(frozen=True)
class Limits:
    """What one run may use. ``memory`` is address space; ``output`` the longest file it may write, in bytes."""

    seconds: int = 300
    memory: int = 1024**3
    output: int = 64 * 1024**2


@dataclass(frozen=True)
class Outcome:
    """How a run ended. ``complaint`` is the end of what the tool wrote to standard error, for logs and tests."""

    succeeded: bool
    complaint: str


def run(command: Sequence[str], each_line: Callable[[str], None], limits: Limits) -> Outcome:
    """Run a tool and hand over every line of its standard output as it comes.

    Raises ``ToolError`` if the tool is missing or was stopped for exceeding its limits. An exception of
    ``each_line`` ends the tool and passes through.
    """
    if shutil.which(command[0], path=_ENVIRONMENT["PATH"]) is None:
        raise ToolError("tool_missing", tool=command[0])
    with tempfile.TemporaryDirectory(prefix="jinke-tool-") as cwd, tempfile.TemporaryFile() as complaints:
        with _started(_wrapped(command, limits), Path(cwd), complaints) as process:
            late = threading.Event()
            watchdog = threading.Timer(limits.seconds, _stop, (process, late))
            watchdog.start()
            try:
                for line in process.stdout or ():
                    each_line(line.rstrip("\n"))
                code = process.wait()
            finally:
                watchdog.cancel()
        complaints.seek(max(0, complaints.seek(0, 2) - _MOST_COMPLAINT))
        complaint = complaints.read().decode("utf-8", "replace")
    if code == -signal.SIGXFSZ:
        raise ToolError("tool_failed")
    # Any other signal comes from the watchdog, the CPU limit or the kernel out of memory.
    if late.is_set() or code < 0 or "Cannot allocate memory" in complaint:
        raise ToolError("tool_gave_up", seconds=limits.seconds)
    return Outcome(code == 0, complaint)


def _wrapped(command: Sequence[str], limits: Limits) -> list[str]:
    rules = [
        f"--as={limits.memory}",
        f"--cpu={limits.seconds}",
        f"--fsize={limits.output}",
        "--core=0",
        "--nofile=64",
    ]
    return ["setpriv", "--pdeathsig", "KILL", "prlimit", *rules, "nice", "-n", "10", *command]


@contextmanager
def _started(command: list[str], cwd: Path, complaints: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        cwd=cwd,
        env=_ENVIRONMENT,
        encoding="utf-8",
        errors="replace",
    )
    with process:
        try:
            yield process
        finally:
            # Only a run that is being given up still lives here.
            process.kill()


def _stop(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    process.kill()
