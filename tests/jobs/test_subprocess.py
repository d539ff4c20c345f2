"""Programs run from jobs: what they say, what they may use, and that they never stay behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.db import db
from core.jobs.registry import Cancelled, JobFailed
from core.jobs.subprocess import Limits, TookTooLong, run
from tests.jobs.workers import ROOT, is_alive, wait_until

PYTHON = sys.executable

SLEEPER = """
from core.jobs.subprocess import run
run(["sh", "-c", "echo $$; exec sleep 60"], timeout=50, on_line=lambda line: print(line, flush=True))
"""


class Context:
    """A job that is called off at its third checkpoint."""

    job_id = attempt = 1

    def __init__(self) -> None:
        self.checkpoints = 0

    def checkpoint(self) -> None:
        self.checkpoints += 1
        if self.checkpoints == 3:
            raise Cancelled

    def progress(self, permille: int, code: str | None = None, **params: Any) -> None:
        raise AssertionError("nobody asked for this")

    def commit(self) -> None:
        raise AssertionError("nobody asked for this")

    def result(self, **values: Any) -> None:
        raise AssertionError("nobody asked for this")


def test_output_errors_and_status_come_back() -> None:
    ended = run([PYTHON, "-c", "import sys; print('课'); sys.stderr.write('oh'); sys.exit(3)"], timeout=20)
    assert (ended.code, ended.output, ended.errors) == (3, "课\n", "oh")


def test_lines_arrive_while_the_program_runs() -> None:
    lines: list[str] = []
    program = "import sys; sys.stdout.write('frame=1\\rframe=2\\nprogress='); sys.stdout.flush(); print('end')"
    run([PYTHON, "-c", program], timeout=20, on_line=lines.append)
    assert lines == ["frame=1", "frame=2", "progress=end"]


def test_a_line_that_cannot_be_taken_stops_the_program() -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="hello"):
        run(["sh", "-c", "echo hello; sleep 60"], timeout=50, on_line=refuse)


def test_arguments_are_never_read_by_a_shell(tmp_path: Path) -> None:
    name = f"a; touch {tmp_path}/hacked"
    assert run(["echo", name], timeout=20).output == f"{name}\n"
    assert not (tmp_path / "hacked").exists()


def test_time_runs_out() -> None:
    with pytest.raises(TookTooLong):
        run(["sleep", "60"], timeout=0.2)


def test_a_program_that_is_not_installed_is_a_failure_in_words() -> None:
    with pytest.raises(JobFailed) as failure:
        run(["no-such-program"], timeout=1)
    assert (failure.value.code, failure.value.params) == ("jobs.program_missing", {"program": "no-such-program"})


@pytest.mark.parametrize(
    ("limits", "program", "sign"),
    [
        (Limits(file_bytes=1000), "open('big', 'wb').write(bytes(5000))", -signal.SIGXFSZ),
        (Limits(cpu_seconds=1), "while True: pass", -signal.SIGKILL),
        (Limits(memory_bytes=200 * 1024**2), "bytearray(400 * 1024**2)", 1),
    ],
    ids=["file", "processor", "memory"],
)
def test_limits_hold(limits: Limits, program: str, sign: int, tmp_path: Path) -> None:
    # Python itself ignores SIGXFSZ; ffmpeg does not.
    program = f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n{program}"
    ended = run([PYTHON, "-c", program], timeout=30, limits=limits, cwd=tmp_path)
    assert ended.code == sign


def test_it_runs_nicely() -> None:
    assert int(run(["nice"], timeout=20, limits=Limits(niceness=7)).output) == os.nice(0) + 7


@pytest.mark.usefixtures("app")
def test_a_cancelled_job_takes_its_program_and_what_that_started_with_it() -> None:
    pids: list[int] = []
    db.session.commit()
    with pytest.raises(Cancelled):
        run(
            ["sh", "-c", "sleep 60 & echo $!; echo $$; wait"],
            timeout=50,
            context=Context(),
            on_line=lambda line: pids.append(int(line)),
        )
    assert len(pids) == 2
    wait_until(lambda: not any(is_alive(pid) for pid in pids), 5)


@pytest.mark.usefixtures("app")
def test_a_long_program_inside_a_transaction_is_refused() -> None:
    db.session.connection()
    with pytest.raises(RuntimeError, match="commit"):
        run(["true"], timeout=1, context=Context())


def test_a_killed_worker_takes_its_program_with_it() -> None:
    worker = subprocess.Popen([PYTHON, "-c", SLEEPER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    child = int(worker.stdout.readline())
    assert is_alive(child)
    worker.kill()
    worker.communicate()
    wait_until(lambda: not is_alive(child), 5)
