"""Tools that run over strangers' files are bounded in every direction and never outlive who waits for them."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from media.sandbox import Limits, Outcome, ToolError, run

QUICK = Limits(seconds=20)


def shell(script: str, limits: Limits = QUICK) -> tuple[list[str], Outcome]:
    lines: list[str] = []
    return lines, run(["sh", "-c", script], lines.append, limits)


def test_lines_are_handed_over_and_complaints_kept() -> None:
    lines, outcome = shell("echo one; echo two; echo trouble >&2; exit 3")
    assert lines == ["one", "two"]
    assert outcome == Outcome(False, "trouble\n")


def test_the_tool_sees_no_secret_and_an_empty_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JINKE_SECRET_KEY", "secret")
    lines, _ = shell("env; ls -A; pwd")
    assert not any("secret" in line for line in lines)
    assert not Path(lines[-1]).exists()


def test_limits_reach_the_tool() -> None:
    lines, _ = shell("ulimit -v; ulimit -t; ulimit -c; ulimit -n", Limits(seconds=7, memory=512 * 1024**2))
    assert lines == [str(512 * 1024), "7", "0", "64"]


def test_a_tool_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(ToolError) as caught:
        shell("exec sleep 60", Limits(seconds=1))
    assert (caught.value.code, caught.value.params) == ("tool_gave_up", {"seconds": 1})


def test_a_tool_that_writes_too_much_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        run(["cp", "/dev/zero", str(tmp_path / "endless")], lambda _: None, Limits(output=10_000))
    assert caught.value.code == "tool_failed"
    assert (tmp_path / "endless").stat().st_size == 10_000


def test_who_reads_the_lines_may_give_up() -> None:
    def refuse(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match=r"^1$"):
        run(["seq", "1000000000"], refuse, QUICK)


WAITING = """
from media.sandbox import Limits, run
run(["sh", "-c", "echo $$; exec sleep 60"], lambda line: print(line, flush=True), Limits())
"""


def test_a_killed_worker_leaves_no_tool_behind() -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, cwd=root) as worker:
        assert worker.stdout is not None
        tool = os.pidfd_open(int(worker.stdout.readline()))
        worker.send_signal(signal.SIGKILL)
    # A process descriptor becomes readable when its process ends.
    assert select.select([tool], [], [], 10)[0] == [tool]
    os.close(tool)
