"""What is measured and is no request: bringing in a list of people, and starting the site again."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from flask import Flask

from core.db import db
from core.institutions.models import Institution
from core.jobs.runner import work_off
from core.tenancy import institution_scope
from core.users import roster
from core.users.models import ImportState, RosterImport, RowOutcome
from core.users.roster_reading import entries_of
from core.users.roster_tables import read
from tests.benchmarks.measuring import Figures, Server, constant, counting
from tests.benchmarks.processes import PATIENCE, ROOT, cpu_ms, environment, stop
from tests.benchmarks.rows import NOBODY, Peers
from tests.benchmarks.seeding import Size
from tests.postgres import free_port


@dataclass(frozen=True, slots=True)
class Bench:
    """What an errand is run with: a seeded site, the processes of its database, the bare view beside it."""

    app: Flask
    size: Size
    home: Path
    database_url: str
    database: list[int]
    bare: Server


@dataclass(frozen=True, slots=True)
class Errand:
    """A line of the table that is measured once."""

    name: str
    title: str
    run: Callable[[Bench], Figures]
    peers: Peers = NOBODY


def _import_people(bench: Bench) -> Figures:
    """A list is read, checked and written by the jobs of the site; here they run in this process."""
    people = range(bench.size.imported)
    lines = ["姓名,学号,邮箱,班级", *(f"新生{n},N{n:06},new{n}@example.edu.cn,{n // 50 + 1}班" for n in people)]
    bare_ms = _bare_ms(bench)
    started, used = time.perf_counter(), time.process_time() * 1000 + cpu_ms(bench.database)
    with bench.app.app_context(), counting(db.engine) as statements:
        institution = db.session.get_one(Institution, 1)
        with institution_scope(1):
            entries = entries_of(read("\n".join(lines).encode("gb18030"), "people.csv"))
            asked = roster.begin(institution, entries, file_name="people.csv", actor_id=None).id
            db.session.commit()
            work_off(bench.app)
            roster.ask_to_apply(_reread(asked), None)
            db.session.commit()
            work_off(bench.app)
            found = _reread(asked)
            if found.state != ImportState.APPLIED or found.counts != {str(RowOutcome.CREATED): len(people)}:
                raise SystemExit(f"the import came out as {found.state}: {found.counts}")
        db.session.remove()
    used = time.process_time() * 1000 + cpu_ms(bench.database) - used
    return Figures(used, (time.perf_counter() - started) * 1000, bare_ms, len(statements))


def _reread(import_id: int) -> RosterImport:
    return db.session.get_one(RosterImport, import_id, populate_existing=True)


def _start_again(bench: Bench) -> Figures:
    """``make run`` on a site that has run before, until it answers; the time of every process it started."""
    bare_ms = _bare_ms(bench)
    _start(bench)  # brings the site to where a first start leaves it
    used, waited = _start(bench)
    return Figures(used, waited, bare_ms)


def _start(bench: Bench) -> tuple[float, float]:
    port = free_port()
    command = [sys.executable, "run.py", "run", "--port", str(port)]
    started = time.perf_counter()
    with (bench.home / "server.log").open("ab") as log:
        site = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(bench.home, bench.database_url),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while not _answers(port):
            if site.poll() is not None or time.perf_counter() - started > PATIENCE:
                raise SystemExit(f"the site did not start:\n{(bench.home / 'server.log').read_text()}")
            time.sleep(0.02)
        return cpu_ms([site.pid]), (time.perf_counter() - started) * 1000
    finally:
        stop(site)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with suppress(OSError, HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False


def _bare_ms(bench: Bench) -> float:
    requests = 600
    return constant(bench.bare, requests) / requests


ERRANDS = [
    Errand("import", "Importing 1,000 people (checked, then written)", _import_people, Peers("", "106,000", 10_600)),
    Errand("start", "Second start (`make run`, until it answers)", _start_again),
]
