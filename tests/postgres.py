"""A PostgreSQL server of the test run's own: temporary folder, free port, no fsync, stopped by its own pid."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Starts a server and yields its URL. PostgreSQL refuses to run as root: as root it runs as user ``postgres``.

    ``durable``: with the settings of a real server, which waits for the disk at each commit.
    """
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: `make setup` with --test installs it")
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="jinke-pg-"))
    if as_user:
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": folder}
    initdb = [binaries / "initdb", "-D", data, "-U", "jinke", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run([*as_user, *map(str, initdb)], **quiet)  # type: ignore[call-overload]
    options = [] if durable else ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
    options += ["max_connections=300"]
    options += ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}"]
    command = [str(binaries / "postgres"), "-D", str(data), *(part for option in options for part in ("-c", option))]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*as_user, *command], stdout=log, stderr=log, cwd=folder)
    try:
        wait = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-U", "jinke", "-t", "1", "-q"]
        for _attempt in range(60):
            if subprocess.run(list(map(str, wait)), check=False).returncode == 0:
                break
            assert server.poll() is None, (folder / "log").read_text()
        create = [binaries / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "jinke", "jinke"]
        subprocess.run(list(map(str, create)), **quiet)  # type: ignore[call-overload]
        yield f"postgresql://jinke@127.0.0.1:{port}/jinke"
    finally:
        server.send_signal(signal.SIGINT)  # "fast": does not wait for connections of pools
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
