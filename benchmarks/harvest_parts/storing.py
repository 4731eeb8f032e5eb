"""Bytes a token on disk, and how fast they are read back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import Spread

from harvest_parts.memory import peak_mib
from harvest_parts.synthetic import at_random, probability_error, scorings
from potstill.models.base import Keep
from potstill.models.scorings import SUPPORTS, Scoring, from_table, supports, to_table
from potstill.store.tables import file_name, read, stream, write

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
    """Positions a CPU second from files into what training reads, of a top 20 at a vocabulary of 151,936; memory at 1x and 10x."""
    kept = at_random(300)
    with tempfile.TemporaryDirectory() as folder:
        folders = {times: _grown(Path(folder) / f"{times}x", kept, (2 if quick else 5) * times) for times in (1, 10)}
        runs = {f"{times}x": [_read_apart(place) for _ in range(3 if quick else 5)] for times, place in folders.items()}
    rates = {times: Spread(tuple(run["positions_per_s"] for run in measured)) for times, measured in runs.items()}
    memory = {times: Spread(tuple(run["memory_mib"] for run in measured)) for times, measured in runs.items()}
    return {
        "read_positions_per_s": rates["10x"].median,
        "read_positions": {times: measured[0]["positions"] for times, measured in runs.items()},
        "read_rates": {times: spread.to_json() for times, spread in rates.items()},
        "read_memory_mib": {times: spread.to_json() for times, spread in memory.items()},
    }


def _grown(folder: Path, kept: Sequence[Scoring], shards: int) -> Path:
    """A table of so many shards, each holding the same positions; no position stands twice in a shard."""
    folder.mkdir()
    write(folder / file_name("scorings", 0), to_table(kept))
    for shard in range(1, shards):
        shutil.copy(folder / file_name("scorings", 0), folder / file_name("scorings", shard))
    return folder


def _read_apart(folder: Path) -> dict[str, float]:
    """One reading in a process of its own."""
    code = f"import sys; sys.path[:0] = {sys.path!r}; from harvest_parts.storing import read_all; read_all({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def read_all(folder: str) -> None:
    """Read a folder's positions twice; print how many there are, how many a CPU second the second time, and how the peak of memory rose."""
    before = peak_mib()
    for _ in range(2):
        started, count = time.process_time(), 0
        for piece in stream(Path(folder), "scorings", SUPPORTS, PIECE):
            for one in supports(piece):
                count += len(one.ids)
    seconds = time.process_time() - started
    print(json.dumps({"positions": count, "positions_per_s": count / seconds, "memory_mib": peak_mib() - before}))
