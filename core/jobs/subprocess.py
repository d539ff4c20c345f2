"""Running another program from a job: limited in time, memory and output, and never outliving its worker."""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.db import db
from core.jobs.registry import JobContext, JobFailed

LAUNCH = Path(__file__).with_name("launch.py")
LOOK_SECONDS = 0.5
CHUNK = 64 * 1024
KEEP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use. A program that asks for more is stopped by the kernel and the job sees its failure."""

    cpu_seconds: int = 4 * 3600
    memory_bytes: int = 4 * 1024**3
    file_bytes: int = 64 * 1024**3
    """Size of the largest file it may write."""
    niceness: int = 10
    """Added to the worker's, so that pages stay quick while videos are encoded."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended. Of long output the last mebibyte is kept. A negative ``code`` is the signal it died of."""

    code: int
    output: str
    errors: str


class TookTooLong(Exception):
    """The program was still running when its time was up; it has been stopped."""


def launched(command: Sequence[str | Path], *, death_signal: int, limits: Sequence[str] = ()) -> list[str]:
    """The command line that runs ``command`` so that it gets ``death_signal`` when the thread that starts it ends."""
    launcher = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(death_signal)), *limits, "--"]
    return [*launcher, *map(str, command)]


def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    context: JobContext | None = None,
    on_line: Callable[[str], None] | None = None,
    limits: Limits | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Runs a program without a shell and waits for it, ``timeout`` seconds at most (else :class:`TookTooLong`).

    ``on_line`` gets each line of its standard output as it comes and may raise. With ``context`` the program is stopped
    as soon as the job has to stop. The job's session must not be inside a transaction meanwhile: on SQLite nobody else
    could write for as long as the program runs.
    """
    if context is not None and db.session().in_transaction():
        raise RuntimeError("commit (context.commit()) before starting a program that may take long")
    program = str(command[0])
    if shutil.which(program) is None:
        raise JobFailed("jobs.program_missing", program=program)
    child = subprocess.Popen(
        launched(command, death_signal=signal.SIGKILL, limits=_words(limits or Limits())),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd=cwd,
        env=env,
    )
    output, errors = _Tail(on_line), _Tail(None)
    try:
        _watch(child, {child.stdout: output, child.stderr: errors}, time.monotonic() + timeout, context)
    finally:
        _stop(child)
    return Finished(child.returncode, output.text(), errors.text())


class _Tail:
    """The last part of a stream, and its lines as they come. ffmpeg ends progress lines with a carriage return."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self._on_line = on_line
        self._kept = bytearray()
        self._line = bytearray()

    def add(self, data: bytes) -> None:
        self._kept += data
        del self._kept[:-KEEP_BYTES]
        if self._on_line is None:
            return
        *lines, rest = (self._line + data).replace(b"\r", b"\n").split(b"\n")
        self._line = rest[-KEEP_BYTES:]
        for line in lines:
            if line:
                self._on_line(line.decode(errors="replace"))

    def text(self) -> str:
        return self._kept.decode(errors="replace")


def _watch(
    child: "subprocess.Popen[bytes]", tails: Mapping[object, _Tail], until: float, context: JobContext | None
) -> None:
    with selectors.DefaultSelector() as streams:
        for stream, tail in tails.items():
            streams.register(stream, selectors.EVENT_READ, tail)  # type: ignore[arg-type]
        over = False
        while not over:
            over = child.poll() is not None
            events = streams.select(LOOK_SECONDS) if streams.get_map() else _wait_a_moment(child)
            for key, _mask in events:
                over = False
                data = os.read(key.fd, CHUNK)
                if data:
                    key.data.add(data)
                else:
                    streams.unregister(key.fileobj)
            if context is not None:
                context.checkpoint()
            if time.monotonic() > until and child.poll() is None:
                raise TookTooLong(f"{child.args!r} ran out of time")


def _wait_a_moment(child: "subprocess.Popen[bytes]") -> list[Any]:
    """A program that closed its streams and goes on."""
    try:
        child.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    return []


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """Ends what is left of the child and of what it started itself; harmless when all is over."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def _words(limits: Limits) -> list[str]:
    return [
        f"RLIMIT_CPU={limits.cpu_seconds}",
        f"RLIMIT_AS={limits.memory_bytes}",
        f"RLIMIT_FSIZE={limits.file_bytes}",
        f"nice={limits.niceness}",
    ]
