"""A million prompts through `generate` with the fake teacher, filtered and queried: memory, time, and a kill in the middle.

Every step runs in a child of its own, which tells its peak memory: `python -m harvest_parts.million STEP FOLDER SIZE`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from harvest_parts.memory import peak_mib
from potstill.filter import judge
from potstill.generate import draw
from potstill.recipe import Recipe
from potstill.store import Quiet, Run, Workspace, from_rows
from potstill.types import Message, Prompt

HERE = Path(__file__).resolve().parents[1]
SHARD = 4096
WHOLE, QUICK = 1_000_000, 20_000
RECIPE = Recipe.model_validate(
    {
        "name": "million",
        "student": {"model": "new:llama"},
        "teachers": [{"model": "fake:They are seven. Answer: 7"}],
        "prompts": {"sources": ["made.jsonl"]},
        "generate": {"shard": SHARD},
        "filters": [{"kind": "answer"}, {"kind": "duplicate"}],
    }
)


def measure(quick: bool) -> dict[str, Any]:
    """Memory in MiB and seconds per 100,000 prompts of each step, at a tenth and at the whole; the whole is killed once in the middle."""
    size = QUICK if quick else WHOLE
    with TemporaryDirectory() as place:
        tenth = _measured(Path(place) / "tenth", size // 10, kill=False)
        whole = _measured(Path(place) / "whole", size, kill=True)
    growth = {step: whole[step]["peak_mib"] - tenth[step]["peak_mib"] for step in STEPS}
    return {"prompts": size, "tenth": tenth, "whole": whole, "peak_growth_mib": growth}


def _measured(folder: Path, size: int, *, kill: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    _child("prompts", folder, size)
    if kill:
        found["killed_after_shards"] = _kill_in_the_middle(folder, size)
    for step in STEPS:
        found[step] = _child(step, folder, size)
        done = size - found.get("killed_after_shards", 0) * SHARD if step == "generate" else size
        found[step]["seconds_per_100k"] = found[step]["seconds"] / done * 1e5
    if sum(found["query"]["parts"].values()) != size or found["generate"]["traces"] != size:
        raise RuntimeError(f"{size} prompts were asked, and {found} came out")
    return found


def _kill_in_the_middle(folder: Path, size: int) -> int:
    """Start to draw, and kill the child when half of the shards are there; how many were."""
    child = subprocess.Popen(_command("generate", folder, size), cwd=HERE, stdout=subprocess.DEVNULL)
    half = max(1, size // SHARD // 2)
    while child.poll() is None and len(list(folder.glob("generate/*/traces-*.parquet"))) < half:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return len(list(folder.glob("generate/*/traces-*.parquet")))


def _command(step: str, folder: Path, size: int) -> list[str]:
    return [sys.executable, "-m", "harvest_parts.million", step, str(folder), str(size)]


def _child(step: str, folder: Path, size: int) -> dict[str, Any]:
    done = subprocess.run(_command(step, folder, size), cwd=HERE, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _prompts(run: Run, size: int) -> dict[str, Any]:
    """Write the prompts; each stands twice, but for capitals, and of ten one has another answer."""

    def write(workspace: Workspace) -> dict[str, Any]:
        with pq.ParquetWriter(workspace.path("prompts.parquet"), _table(0, 1).schema) as file:
            for start in range(0, size, 65_536):
                file.write_table(_table(start, min(start + 65_536, size)))
        return {"prompts": size}

    run.perform("prompts", section={"size": size}, inputs={}, parts={}, work=write)
    return {}


def _table(start: int, end: int) -> pa.Table:
    return from_rows([_prompt(i) for i in range(start, end)], Prompt)


def _prompt(i: int) -> Prompt:
    text = f"How many hens has house {i // 2}?"
    return Prompt((Message("user", text.upper() if i % 2 else text),), reference="8" if i // 2 % 10 == 0 else "7", grader="number")


def _generate(run: Run, size: int) -> dict[str, Any]:
    return {"traces": draw(run, run.artifact("prompts")).manifest.summary["traces"]}


def _filter(run: Run, size: int) -> dict[str, Any]:
    return {"kept": judge(run, run.artifact("generate")).manifest.summary["keep"]}


def _query(run: Run, size: int) -> dict[str, Any]:
    """Rows and different answers by part, from the traces joined to their decisions by DuckDB: without potstill."""
    files = {stage: f"{run.artifact(stage).folder}/{table}-*.parquet" for stage, table in (("generate", "traces"), ("filter", "decisions"))}
    query = """
        SELECT decisions.part, COUNT(*), COUNT(DISTINCT traces.text) FROM read_parquet($filter) decisions
        JOIN read_parquet($generate) traces ON decisions.trace_id = traces.id GROUP BY decisions.part
    """
    with duckdb.connect(config={"memory_limit": "512MB", "threads": 1}) as connection:
        counted = connection.execute(query, files).fetchall()
    return {"parts": {part: count for part, count, _ in counted}, "answers": {part: different for part, _, different in counted}}


STEPS: dict[str, Callable[[Run, int], dict[str, Any]]] = {"generate": _generate, "filter": _filter, "query": _query}


def main() -> None:
    """One step, in a process of its own."""
    step, folder, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    run = Run.open(RECIPE, out=folder, log=Quiet())
    started, before = time.perf_counter(), os.times()
    told = ({"prompts": _prompts} | STEPS)[step](run, size)
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu_seconds": cpu, "peak_mib": peak_mib(), **told}))


if __name__ == "__main__":
    main()
