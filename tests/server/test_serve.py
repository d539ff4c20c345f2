"""``jinke serve`` as an operator meets it: it answers, comes back after a kill, and leaves nothing behind."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.jobs.workers import ROOT, is_alive, wait_until
from tests.postgres import free_port

JINKE = [sys.executable, "-c", "from core.cli import main; main()"]


class Served:
    """A running ``jinke serve``."""

    def __init__(self, home: Path) -> None:
        with (home / "errors").open("wb") as errors:
            self.process = subprocess.Popen(
                [*JINKE, "serve", "--port", "0"],
                cwd=ROOT,
                env=_environment(home),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        readable, _writable, _failed = select.select([self.process.stdout], [], [], 60)
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stdout.readline() if readable else "")
        if not found:
            self.end()
            pytest.fail((home / "errors").read_text())
        self.url = found.group()
        self.home = home

    def answers(self) -> bool:
        return requests.get(f"{self.url}/healthz", timeout=10).status_code == 200

    def descendants(self) -> set[int]:
        """Every process below the supervisor."""
        return set(_below(self.process.pid))

    def end(self) -> None:
        """Whatever the test did, nothing stays."""
        self.process.kill()
        self.process.communicate()


def _below(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from _below(int(child))


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JINKE_")}
    return {**kept, "JINKE_HOME": str(home)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder that is ready to serve."""
    folder = tmp_path_factory.mktemp("served")
    subprocess.run([*JINKE, "init"], cwd=ROOT, env=_environment(folder), check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    site = Served(home)
    yield site
    site.end()


def _gone(pids: set[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


def test_it_prints_its_address_when_it_answers_and_ctrl_c_leaves_nothing(served: Served) -> None:
    assert served.answers()
    everything = served.descendants()
    assert len(everything) >= 3, "gunicorn, its worker and the jobs' worker"

    served.process.send_signal(signal.SIGINT)

    assert served.process.wait(30) == 0
    assert _gone(everything)
    assert not list((served.home / "doorbell").iterdir())


def test_killed_children_come_back_and_nobody_is_refused_meanwhile(served: Served) -> None:
    for _round in range(2):
        before = served.descendants()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert served.answers(), "the connection waits while the server is restarted"
        wait_until(lambda: len(served.descendants() - before) >= 3, 20)  # noqa: B023 - called before the next round

    everything = served.descendants()
    served.process.terminate()
    assert served.process.wait(30) == 0
    assert _gone(everything)


def test_a_killed_supervisor_takes_everything_with_it(served: Served) -> None:
    everything = served.descendants()
    served.process.kill()
    wait_until(lambda: _gone(everything), 30)


def test_a_taken_port_is_said_in_one_sentence(served: Served, home: Path) -> None:
    port = served.url.rsplit(":", 1)[1]
    second = subprocess.run(
        [*JINKE, "serve", "--port", port], cwd=ROOT, env=_environment(home), capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 1
    assert port in second.stderr
    assert "Traceback" not in second.stderr


def test_a_database_that_is_behind_is_said_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("x" * 50)
    refused = subprocess.run(
        [*JINKE, "serve", "--port", str(free_port())],
        cwd=ROOT,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "jinke upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr
