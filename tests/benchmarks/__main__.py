"""``make bench``: seeds a large site on each database, serves it as ``jinke serve`` does, and prints what rows cost."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from core.app import create_app
from core.db import db
from tests.benchmarks import measuring, report, seeding
from tests.benchmarks.errands import ERRANDS, Bench, Errand
from tests.benchmarks.measuring import LITTLE, Figures, Load, Server
from tests.benchmarks.processes import JINKE, ROOT, environment, parent_of, serving
from tests.benchmarks.rows import ROWS
from tests.benchmarks.seeding import SMALL, Size
from tests.benchmarks.senders import OverHttp
from tests.postgres import postgres_server

LINES: list[report.Line] = [*ROWS, *ERRANDS]
DATABASES = ("sqlite", "postgresql")
BARE = [sys.executable, "-m", "tests.benchmarks.bare"]
Results = list[tuple[report.Line, Figures]]


def main(arguments: list[str] | None = None) -> None:
    """Measures what the command line asks for."""
    chosen = _parser().parse_args(arguments)
    rows = [row for row in LINES if not chosen.rows or row.name in chosen.rows]
    size, load = (SMALL, LITTLE) if chosen.quick else (Size(), Load())
    databases: dict[str, Results] = {}
    for database in chosen.databases:
        print(f"\n{database}: {size.courses:,} courses, {size.learners:,} learners", flush=True)
        try:
            with _database(database) as url:
                databases[database] = _measure_all(rows, size, load, url)
        except pytest.skip.Exception as missing:
            print(f"left out: {missing}")
            continue
        print(report.table(databases[database]), flush=True)
    target = chosen.json or ROOT / "bench-results" / "latest.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report.as_json(databases, asdict(size)), indent=2, ensure_ascii=False))
    print(f"\n{target}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=[row.name for row in LINES], metavar="ROW", help="only these rows")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: bench-results/latest.json")
    parser.add_argument("--quick", action="store_true", help="a small site and few requests: shows that it runs")
    return parser


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """The URL of an empty database; empty for SQLite, which lies in the instance folder."""
    if kind == "sqlite":
        yield ""
        return
    with postgres_server(durable=True) as url:
        yield url


def _measure_all(rows: list[report.Line], size: Size, load: Load, database_url: str) -> Results:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jinke-bench-")))
        subprocess.run(
            [*JINKE, "init"], cwd=ROOT, env=environment(home, database_url), check=True, stdout=subprocess.DEVNULL
        )
        app = _application(home, database_url)
        facts = seeding.seed(app, size)
        url, pid = stack.enter_context(serving([*JINKE, "serve", "--no-worker", "--port", "0"], home, database_url))
        database = _postmaster(app, database_url)
        site = Server(OverHttp(url), [pid, *database])
        url, pid = stack.enter_context(serving(BARE, home))
        bare = Server(OverHttp(url), [pid])
        bench = Bench(app, size, home, database_url, database, bare)
        results: Results = []
        for row in rows:
            if isinstance(row, Errand):
                figures = row.run(bench)
            else:
                figures = measuring.measure(row, facts, site, bare, load)
                figures = replace(figures, statements=measuring.statements(row, facts, app))
            print(f"  {row.name}: {figures.cpu_ms:.2f} ms, {figures.ratio:.1f} × bare", flush=True)
            results.append((row, figures))
        with app.app_context():
            db.engine.dispose()
        return results


def _application(home: Path, database_url: str) -> Flask:
    """The same site in this process: for seeding it, and for counting its statements."""
    return create_app(home=home, database_url=database_url) if database_url else create_app(home=home)


def _postmaster(app: Flask, database_url: str) -> list[int]:
    if not database_url:
        return []
    with app.app_context(), db.engine.connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return [parent_of(backend)]


if __name__ == "__main__":
    main()
