"""The site as it really runs: gunicorn in a process of its own, and nginx in front of it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from flask import Flask

from core.app import create_app
from core.config import write_secret
from core.db import db
from tests.jobs.workers import ROOT, wait_until
from tests.postgres import free_port

JINKE = [sys.executable, "-c", "from core.cli import main; main()"]


@dataclass
class Running:
    """A site that answers; ``app`` works on the same instance folder, for making rows and running jobs."""

    app: Flask
    url: str
    pid: int

    def memory(self) -> int:
        """Bytes resident in the process that answers requests."""
        return max(_resident(pid) for pid in below(self.pid))

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far."""
        return sum(_cpu(pid) for pid in below(self.pid))


@contextmanager
def running_site(home: Path, **settings: str) -> Iterator[Running]:
    """``jinke serve`` without a worker, on a free port."""
    write_secret(home)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JINKE_")}
    chosen = {f"JINKE_{name.upper()}": value for name, value in settings.items()}
    environment |= {"JINKE_HOME": str(home), "JINKE_RATE_LIMITS": "false", **chosen}
    subprocess.run([*JINKE, "init"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    with (home / "errors").open("ab") as errors:
        process = subprocess.Popen(
            [*JINKE, "serve", "--no-worker", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{url}/healthz"), 40)
        app = create_app(home=home, rate_limits=False)
        with app.app_context():
            yield Running(app, url, process.pid)
            db.session.remove()
    finally:
        process.terminate()
        process.wait(40)


@contextmanager
def nginx_before(site: Running, folder: Path) -> Iterator[str]:
    """An nginx with the configuration we document, apart from ports and folders, that lets 1 MB bodies through."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: `make test` installs it")
    port = free_port()
    documented = (ROOT / "docs" / "nginx.conf").read_text()
    block = (
        documented.replace("listen 80;", f"listen 127.0.0.1:{port};")
        .replace("http://127.0.0.1:8000", site.url)
        .replace("client_max_body_size 25m;", "client_max_body_size 1m;")
        .replace("/var/lib/jinke/media/", f"{site.app.extensions['jinke'].media_root}/")
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    me = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {me} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{block}\n}}"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/healthz"), 20)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def below(pid: int) -> Iterator[int]:
    """Every process below one."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from below(int(child))


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
