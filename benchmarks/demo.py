"""The demo's student against its teacher, and against the same student trained on the answers alone: five seeds, equal budget.

    python benchmarks/demo.py [--quick]

Every arm sees the same prompts, the same number of optimiser steps and the same tokens a batch. `reasoning_retention` is the student's
accuracy on the traced skills as a share of the teacher's; `beats_answers_only` is the margin of accuracy over the student of answers alone,
mean over seeds, with the number of seeds in which it is above zero beside it; `seconds` is the whole demo, prompts to report, of the first
seed that was made in one go: null when every seed was interrupted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from common import Aim, keep, show

from potstill import pipeline
from potstill.cli import shipped
from potstill.evaluate import Card
from potstill.recipe import Recipe, load
from potstill.store import Run, Text

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs" / "benchmark-demo"
ANSWERS = {"learn": "answer", "losses": [{"kind": "cross_entropy"}]}


def main() -> None:
    """Run the arms and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier call has done")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(RUNS, ignore_errors=True)
    recipe = load(shipped.recipe("demo"))
    seeds = range(recipe.seed, recipe.seed + (1 if options.quick else 5))
    results = [_seed(recipe.model_copy(update={"seed": seed})) for seed in seeds]
    retention = [r["retention"] for r in results]
    margin = [r["student"] - r["answers_only"] for r in results]
    keep(
        "demo",
        {
            "size_ratio": results[0]["size_ratio"],
            "reasoning_retention": statistics.mean(retention),
            "seconds": next((r["seconds"] for r in results if r["seconds"] is not None), None),
            "beats_answers_only": statistics.mean(margin),
        },
        aims={
            "size_ratio": Aim(at_least=10),
            "reasoning_retention": Aim(at_least=0.95),
            "seconds": Aim(at_most=300),
            "beats_answers_only": Aim(at_least=0),
        },
        seeds=list(seeds),
        runs=results,
        spread={
            "reasoning_retention": [min(retention), max(retention)],
            "beats_answers_only": [min(margin), max(margin)],
            "seeds_above_zero": sum(m > 0 for m in margin),
        },
    )
    show("demo", results)


def _seed(recipe: Recipe) -> dict[str, Any]:
    """The whole demo with one seed, and the same with the answers alone."""
    folder = RUNS / f"seed-{recipe.seed}"
    note, fresh = folder / "seconds.json", not (folder / "demo").exists()
    started = time.monotonic()
    made = pipeline.run(Run.open(recipe, out=folder / "demo", log=Text()))
    if fresh:
        note.write_text(json.dumps(time.monotonic() - started))
    control = recipe.model_copy(
        update={"train": recipe.train.model_validate({**recipe.train.model_dump(exclude={"losses", "learn"}), **ANSWERS})}
    )
    shutil.copytree(folder / "demo", folder / "answers", dirs_exist_ok=True)
    answers = pipeline.run(Run.open(control, out=folder / "answers", log=Text()), "evaluate")
    teacher, student = (_accuracy(made["evaluate"], subject) for subject in ("teacher", "student"))
    return {
        "seed": recipe.seed,
        "teacher": teacher,
        "student": student,
        "answers_only": _accuracy(answers["evaluate"], "student"),
        "retention": student / teacher,
        "size_ratio": _parameters(made["export"], "teacher") / _parameters(made["export"], "safetensors"),
        "threads": made["train"].manifest.environment["threads"],
        "seconds": json.loads(note.read_text()) if note.exists() else None,
    }


def _accuracy(card: Card, subject: str) -> float:
    finding = card.scorecard.find("accuracy", subject, "reasoning")
    if finding is None or finding.value is None:
        raise RuntimeError(f"no accuracy of {subject}")
    return finding.value


def _parameters(export: Any, subject: str) -> float:
    row = next(r for r in export.table("findings").to_pylist() if (r["name"], r["subject"]) == ("parameters", subject))
    return float(row["value"])


if __name__ == "__main__":
    main()
