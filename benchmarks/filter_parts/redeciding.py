"""A million verdicts decided anew: 250,000 answers judged by four filters, and the same run folder with another threshold.

The other threshold lets wrong answers pass, so that a tenth of the answers goes elsewhere.

Every step runs in a process of its own: `python -m filter_parts.redeciding STEP FOLDER SIZE`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from common import Spread
from harvest_parts.memory import peak_mib

from potstill.filter import judge
from potstill.recipe import Recipe
from potstill.store import Quiet, Run, Workspace, from_rows
from potstill.types import Message, Prompt, TeacherCard, Trace

HERE = Path(__file__).resolve().parents[1]
WHOLE, QUICK = 250_000, 25_000
REPEATS = 3
RECIPE: dict[str, Any] = {
    "name": "redecide",
    "student": {"model": "new:llama"},
    "teachers": [{"model": "fake:ok"}],
    "prompts": {"sources": ["made.jsonl"]},
}
SAID = "Two and five more make seven hens in all. Answer: 7"
FILTERS: list[dict[str, Any]] = [{"kind": "answer"}, {"kind": "duplicate"}, {"kind": "length"}, {"kind": "repetition"}]


def measure(quick: bool) -> dict[str, Any]:
    """Seconds and MiB of judging, and of deciding anew by another threshold each time, with and without the start of Python."""
    size = QUICK if quick else WHOLE
    with TemporaryDirectory() as place:
        for step in ("prompts", "generate"):
            _child(step, Path(place), size)
        judged = _child("judge", Path(place), size)
        again = [_child(f"again-{n}", Path(place), size) for n in range(1 if quick else REPEATS)]
    names = ("seconds", "cpu_seconds", "process_s")
    spread, cpu, process = (Spread.of(one[name] * WHOLE / size for one in again) for name in names)
    told = {
        "peak_mib": max(one["peak_mib"] for one in again),
        "parts": [one["parts"] for one in again],
        "process": process.to_json(),
        "cpu": cpu.to_json(),
    }
    return {"redecide_1m_s": spread.median, "spread": spread.to_json(), "verdicts": 4 * size, "judging": judged, "again": told}


def _child(step: str, folder: Path, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "filter_parts.redeciding", step, str(folder), str(size)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, check=True)
    return {**json.loads(done.stdout), "process_s": time.perf_counter() - start}


def _prompts(run: Run, size: int) -> None:
    """Write the prompts; each stands twice, but for capitals, and of ten one has another answer."""

    def write(workspace: Workspace) -> dict[str, Any]:
        table = from_rows([_prompt(i) for i in range(size)], Prompt)
        pq.write_table(table, workspace.path("prompts.parquet"), row_group_size=65_536)
        return {"prompts": size}

    run.perform("prompts", section={"size": size}, inputs={}, parts={}, work=write)


def _prompt(i: int) -> Prompt:
    text = f"How many hens has house {i // 2}?"
    return Prompt((Message("user", text.upper() if i % 2 else text),), reference="8" if i // 2 % 10 == 0 else "7", grader="number")


def _generate(run: Run, size: int) -> None:
    """Write an answer to each prompt."""
    prompts = run.artifact("prompts")

    def write(workspace: Workspace) -> dict[str, Any]:
        card = TeacherCard("made")
        workspace.write_table("teachers", from_rows([card], TeacherCard))
        for number, table in enumerate(prompts.stream("prompts", ["id"], 65_536)):
            traces = [Trace(id_, card.name, 0, SAID, teacher_id=card.id) for id_ in table["id"].to_pylist()]
            workspace.write_table("traces", from_rows(traces, Trace), number)
        return {"traces": size}

    run.perform("generate", section={"size": size}, inputs={"prompts": prompts}, parts={}, work=write)


def _judge(run: Run, size: int) -> dict[str, Any]:
    return {"parts": {part: judge(run, run.artifact("generate")).manifest.summary[part] for part in ("keep", "hazard", "noise")}}


STEPS: dict[str, Callable[[Run, int], dict[str, Any] | None]] = {
    "prompts": _prompts,
    "generate": _generate,
    "judge": _judge,
    "again": _judge,
}


def main() -> None:
    """One step, in a process of its own."""
    step, folder, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    step, _, number = step.partition("-")
    filters = [dict(FILTERS[0], threshold=-0.1 * int(number)), *FILTERS[1:]] if number else FILTERS
    run = Run.open(Recipe.model_validate({**RECIPE, "filters": filters}), out=folder, log=Quiet())
    start, before = time.perf_counter(), os.times()
    told = STEPS[step](run, size) or {}
    after = os.times()
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu_seconds": cpu, "peak_mib": peak_mib(), **told}))


if __name__ == "__main__":
    main()
