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


@dataclass(frozen=True)
class Aim:
    """What a figure is to reach."""

    at_most: float | None = None
    at_least: float | None = None

    def missed(self, figure: float | None) -> bool:
        """Whether a figure does not reach it; one that was not measured does not."""
        if figure is None:
            return True
        over = self.at_most is not None and figure > self.at_most
        return over or (self.at_least is not None and figure < self.at_least)

    def to_json(self) -> dict[str, float]:
        return {name: value for name, value in (("at_most", self.at_most), ("at_least", self.at_least)) if value is not None}


def keep(
    name: str,
    figures: Mapping[str, float | None],
    *,
    aims: Mapping[str, Aim],
    seeds: Sequence[int],
    threads: int | None = None,
    **details: Any,
) -> Path:
    """Write `benchmarks/results/NAME.json`, or NAME.quick.json when `--quick` was asked for.

    Args:
        figures: the keys that are quoted elsewhere; they stand at the top.
        aims: what those are to reach that have a mark; which are missed stands in the file.
        seeds: of everything random.
        threads: that computed; None: as many as torch takes by itself.
        details: how the figures came about: every measurement, with its spread.
    """
    path = RESULTS / f"{name}{'.quick' if '--quick' in sys.argv else ''}.json"
    reached = {
        "aims": {key: aim.to_json() for key, aim in aims.items()},
        "missed": [key for key, aim in aims.items() if aim.missed(figures.get(key))],
    }
    write_text(path, json.dumps({**figures, **reached, **origin(threads), "seeds": list(seeds), **details}, indent=2) + "\n")
    print(f"missed: {', '.join(reached['missed']) or 'nothing'}\nwritten: {_shown(str(path))}")
    return path


def origin(threads: int | None = None) -> dict[str, Any]:
    """Where figures come from: the command, the commit, the time, the machine and what it runs."""
    return {
        "command": " ".join(["python", *map(_shown, sys.argv)]),
        "commit": code_revision(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_model(),
        "threads": threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        "load": round(os.getloadavg()[0], 2),
        "environment": environment(),
    }


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
