"""Bytes a token on disk, and how fast they are read back."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import Spread

from harvest_parts.synthetic import probability_error, scorings
from potstill.models.base import Keep
from potstill.models.scorings import POSITIONS, Scoring, from_table, positions, to_table
from potstill.store.tables import read, stream, write

KEEPS = {"k20": Keep(size=20), "k64": Keep(size=64), "sampled12": Keep("sampled", 12)}
DISTILLKIT = {"k50": 114, "k128": 300}
"""Bytes a token that DistillKit's README gives for its own format."""
PIECE = 512
"""Rows read at a time."""


def measure_bytes(quick: bool) -> dict[str, Any]:
    """Bytes a token of a whole scorings file, realised log-probability and rank included, at three vocabularies."""
    cases = {"32000": _synthetic(32_000, 20 if quick else 100), "151936": _synthetic(151_936, 20 if quick else 100)}
    real = Path(os.environ.get("POTSTILL_DATA", "")) / "stories260K" / "hf"
    if real.exists():
        cases["512"] = _real(real, 20 if quick else 200)
    largest = cases["151936"]
    figures = {f"bytes_{name}": largest[name]["bytes"] for name in KEEPS}
    error = max(case[name]["probability_error"] for case in cases.values() for name in ("k20", "k64"))
    return {**figures, "max_prob_error": error, "vocabularies": cases, "distillkit_published": DISTILLKIT}


def _synthetic(vocabulary: int, traces: int) -> dict[str, Any]:
    return dict(zip(KEEPS, map(_stored, scorings(vocabulary, traces, list(KEEPS.values()))), strict=True))


def _real(folder: Path, prompts: int) -> dict[str, Any]:
    """Stories that the real model tells."""
    from potstill.models import LocalModel, Sampling, open_model
    from potstill.types import Prompt

    model = open_model(f"hf:{folder}")
    assert isinstance(model, LocalModel)
    asked = [Prompt((), reference=f"{n}", source=f"{n}") for n in range(prompts)]
    found = {}
    for name, keep in KEEPS.items():
        groups = model.draw(asked, Sampling(max_new_tokens=160), keep)
        found[name] = _stored([Scoring(f"{n:016x}", "0" * 16, "sampled", group[0].outlook) for n, group in enumerate(groups)])
    return found


def _stored(given: Sequence[Scoring]) -> dict[str, float]:
    tokens = sum(len(one.outlook) for one in given)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scorings.parquet"
        write(path, to_table(given))
        size = path.stat().st_size
        back = [one.outlook for one in from_table(read(path))]
    return {"bytes": size / tokens, "tokens": tokens, "probability_error": probability_error([one.outlook for one in given], back)}


def measure_reading(quick: bool) -> dict[str, Any]:
    """Positions a second from the file into arrays, of a top 20 at a vocabulary of 151,936, and memory at one and at ten times the rows."""
    (kept,) = scorings(151_936, 10 if quick else 30, [KEEPS["k20"]])
    with tempfile.TemporaryDirectory() as folder:
        folders = {times: _grown(Path(folder) / str(times), kept, times) for times in (20, 200)}
        runs = {times: [_read_apart(place) for _ in range(3 if quick else 5)] for times, place in folders.items()}
    rates = {times: Spread(tuple(run["positions_per_s"] for run in measured)) for times, measured in runs.items()}
    memory = {times: Spread(tuple(run["memory_mib"] for run in measured)) for times, measured in runs.items()}
    return {
        "read_positions_per_s": rates[200].median,
        "read_positions": {"1x": runs[20][0]["positions"], "10x": runs[200][0]["positions"]},
        "read_rates": {"1x": rates[20].to_json(), "10x": rates[200].to_json()},
        "read_memory_mib": {"1x": memory[20].to_json(), "10x": memory[200].to_json()},
    }


def _grown(folder: Path, kept: Sequence[Scoring], times: int) -> Path:
    """The same scorings again and again, ten times in a shard, each time of other traces."""
    folder.mkdir()
    for shard in range(times // 10):
        rows = [replace(one, trace_id=f"{shard:08x}{copy}{one.trace_id[-7:]}") for copy in range(10) for one in kept]
        write(folder / f"scorings-{shard:05d}.parquet", to_table(rows))
    return folder


def _read_apart(folder: Path) -> dict[str, float]:
    """One reading in a process of its own."""
    code = f"import sys; sys.path[:0] = {sys.path!r}; from harvest_parts.storing import read_all; read_all({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def read_all(folder: str) -> None:
    """Read a folder's positions, and print how many there were, how many a CPU second, and the memory above that of the start."""
    before, started, count = _memory(), time.process_time(), 0
    for piece in stream(Path(folder), "scorings", POSITIONS, PIECE):
        for some in positions(piece):
            count += len(some.ids)
    seconds = time.process_time() - started
    print(json.dumps({"positions": count, "positions_per_s": count / seconds, "memory_mib": _memory() - before}))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
