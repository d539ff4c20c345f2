"""The figures as a table beside those of today's platforms, and as JSON."""

import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from core import clock
from tests.benchmarks.errands import Errand
from tests.benchmarks.measuring import Figures
from tests.benchmarks.rows import Row

Line = Row | Errand

PEERS_BARE_MS = 0.45
"""CPU of the bare view where the peers' figures were measured: what makes figures of two machines comparable."""

HEADINGS = ("", "CPU ms", "wall p50", "× bare", "Moodle", "Kolibri", "goal", "holds", "SQL")


def allowed_ms(row: Line, figures: Figures) -> float | None:
    """The goal on this machine: the peers' milliseconds scaled by the two bare views."""
    return None if row.peers.goal is None else row.peers.goal * figures.bare_ms / PEERS_BARE_MS


def table(results: Iterable[tuple[Line, Figures]]) -> str:
    """Markdown. Peers' figures and goals are scaled to this machine by the bare view measured beside each row."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|" + "---:|" * (len(HEADINGS) - 1)]
    for row, figures in results:
        goal = allowed_ms(row, figures)
        scale = figures.bare_ms / PEERS_BARE_MS
        cells = (
            row.title,
            _number(figures.cpu_ms),
            _number(figures.wall_ms),
            f"{figures.ratio:.1f}",
            _scaled(row.peers.moodle, scale),
            _scaled(row.peers.kolibri, scale),
            _number(goal) if goal is not None else "–",
            "–" if goal is None else "yes" if figures.cpu_ms <= goal else "NO",
            "–" if figures.statements is None else f"{figures.statements:g}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def as_json(databases: dict[str, list[tuple[Line, Figures]]], size: object, **more: Any) -> dict[str, Any]:
    """Everything that was measured, and where."""
    return {
        "at": clock.now().isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "peers_bare_ms": PEERS_BARE_MS,
        "size": size,
        **more,
        "rows": [
            {
                "database": database,
                "row": row.name,
                **asdict(figures),
                "ratio": figures.ratio,
                "goal_ms": (goal := allowed_ms(row, figures)),
                "holds": None if goal is None else figures.cpu_ms <= goal,
            }
            for database, results in databases.items()
            for row, figures in results
        ],
    }


def _scaled(peer: str, scale: float) -> str:
    parts = [_number(float(part.replace(",", "")) * scale) for part in peer.split("–") if part]
    return "–".join(parts) or "–"


def _number(value: float) -> str:
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
