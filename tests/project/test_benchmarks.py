"""The benchmark runs, and judges by the bare view. How long anything takes is never asserted."""

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.measuring import Figures
from tests.benchmarks.processes import ROOT
from tests.benchmarks.rows import ROWS

CATALOGUE = next(row for row in ROWS if row.name == "catalogue")


def test_goals_are_scaled_to_the_machine_by_the_bare_view() -> None:
    within = Figures(cpu_ms=7.5, wall_ms=9.0, bare_ms=0.9, statements=2)
    beyond = Figures(cpu_ms=7.7, wall_ms=9.0, bare_ms=0.9, statements=2)
    assert report.allowed_ms(CATALOGUE, within) == 3.8 * 2
    _heading, _line, first, second = report.table([(CATALOGUE, within), (CATALOGUE, beyond)]).splitlines()
    assert "| 76.0 | 54.0 | 7.60 | yes | 2 |" in first
    assert "| NO |" in second


def test_it_measures_a_served_site_and_writes_its_figures_down(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--databases", "sqlite", "--json", str(target)]
    ran = subprocess.run(
        [*command, "--rows", "catalogue", "heartbeat", "import"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = {row["row"]: row for row in json.loads(target.read_text())["rows"]}
    assert set(rows) == {"catalogue", "heartbeat", "import"}
    assert rows["heartbeat"]["statements"] == 5
    assert "| Catalogue, first page |" in ran.stdout
