"""Measuring one row beside the bare view, and counting what it asks the database."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Engine, event

from core.db import db
from tests.benchmarks.processes import cpu_ms
from tests.benchmarks.rows import Row, Step, expect
from tests.benchmarks.seeding import Seeded
from tests.benchmarks.senders import InProcess, OverHttp

NO_WORK = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked: rounds of a row, requests of the bare view beside each, steps before the first."""

    rounds: int = 3
    bare_requests: int = 400
    warm_up: int = 10
    share: float = 1.0
    """Of a row's own number of steps."""


LITTLE = Load(rounds=1, bare_requests=20, warm_up=2, share=0.02)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one row: CPU of all server processes per step, the time its client waited, the bare view's CPU beside it."""

    cpu_ms: float
    wall_ms: float
    bare_ms: float
    statements: float | None = None

    @property
    def ratio(self) -> float:
        """How many bare views it costs."""
        return self.cpu_ms / self.bare_ms if self.bare_ms else 0.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it answers, and the processes whose time counts (its own, the database's)."""

    sender: OverHttp
    roots: list[int]


def measure(row: Row, facts: Seeded, site: Server, bare: Server, load: Load) -> Figures:
    """Row and bare view take turns, so that a busy machine slows both alike."""
    step = row.prepare(site.sender, facts)
    steps = max(1, round(row.steps * load.share))
    for number in range(load.warm_up):
        step(number)
        constant(bare, 5)
    used = bare_used = 0.0
    waits: list[float] = []
    for round_ in range(load.rounds):
        bare_used += constant(bare, load.bare_requests)
        before = cpu_ms(site.roots)
        waits += _steps(step, range(round_ * steps, (round_ + 1) * steps))
        used += cpu_ms(site.roots) - before
    return Figures(
        used / (load.rounds * steps), statistics.median(waits), bare_used / (load.rounds * load.bare_requests)
    )


def constant(bare: Server, requests: int) -> float:
    """CPU milliseconds of so many requests of the bare view."""
    before = cpu_ms(bare.roots)
    for _request in range(requests):
        expect(bare.sender.send("GET", "/"), 200, b"a constant")
    return cpu_ms(bare.roots) - before


def _steps(step: Step, numbers: range) -> list[float]:
    waits = []
    for number in numbers:
        start = time.perf_counter()
        step(number)
        waits.append((time.perf_counter() - start) * 1000)
    return waits


def statements(row: Row, facts: Seeded, app: Flask, steps: int = 4) -> float:
    """SQL statements per step, transactions' own aside; the same requests, put to the application in this process."""
    with app.app_context():
        engine = db.engine
    step = row.prepare(InProcess(app), facts)
    step(0)
    with counting(engine) as seen:
        for number in range(1, steps + 1):
            step(number)
    return len(seen) / steps


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    """Collects the statements sent inside."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(NO_WORK):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
