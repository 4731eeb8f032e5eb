"""What every benchmark shares: the file of results, medians with their spread, a table on the screen."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from potstill.store.atomic import write_text
from potstill.store.environment import code_revision, environment

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        return cls(tuple(values))

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def to_json(self) -> dict[str, float]:
        return {"median": self.median, "low": min(self.values), "high": max(self.values), "n": len(self.values)}

    def __str__(self) -> str:
        return f"{self.median:.3g} ({min(self.values):.3g} to {max(self.values):.3g})"


def keep(name: str, figures: Mapping[str, float], *, seeds: Sequence[int], threads: int | None = None, **details: Any) -> Path:
    """Write `benchmarks/results/NAME.json`, or NAME.quick.json when `--quick` was asked for.

    Args:
        figures: the keys that are quoted elsewhere; they stand at the top.
        seeds: of everything random.
        threads: that computed; None: as many as torch takes by itself.
        details: how the figures came about: every measurement, with its spread.
    """
    path = RESULTS / f"{name}{'.quick' if '--quick' in sys.argv else ''}.json"
    origin = {
        "command": " ".join(["python", *map(_shown, sys.argv)]),
        "commit": code_revision(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_model(),
        "threads": threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "load": round(os.getloadavg()[0], 2),
        "seeds": list(seeds),
        "environment": environment(),
    }
    write_text(path, json.dumps({**figures, **origin, **details}, indent=2) + "\n")
    print(f"written: {_shown(str(path))}")
    return path


def _shown(word: str) -> str:
    """A path within the repository as it is seen from its root; another word as it is."""
    path = Path(word).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) and path.exists() else word


def _cpu_model() -> str:
    """The processor's name; empty where the system does not say."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def show(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """A table on the screen, a column for each key of the first row."""
    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(column, justify="left" if isinstance(rows[0][column], str) else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row.values()))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
