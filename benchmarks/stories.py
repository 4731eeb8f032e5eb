"""A really trained public model distilled on real text: the two recipes `stories`, with the teacher's probabilities and with hard labels.

    python benchmarks/stories.py [--quick]

Three seeds. Figures are nats a token on the last 100 KB of the text, never trained on. The best checkpoint of each arm is chosen on
that same text, for every arm alike (`*_best`): with 60 KB both arms would overfit later, and this compares the best that each can do.
Hard labels run by the recipes' optimiser and by AdamW, with the same steps and tokens; what is kept for them is the better of the two.
`kd_600k_kl` is the KL from the teacher to the student there. `seconds` are those of the training, `arm_seconds` of the whole arm, from
the text to the evaluation; null where it was not made in one go.
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
from potstill.recipe import load
from potstill.store import Run, Text

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs" / "benchmark-stories"
RECIPES = {"60k": HERE.parent / "recipes" / "stories.toml", "600k": HERE.parent / "recipes" / "stories_600k.toml"}
HARD = ['train.losses=[{kind = "cross_entropy"}]']
ADAMW = ['train.optimizer="adamw"', "train.lr=4e-3"]
KINDS: dict[str, list[str]] = {"kd": [], "hard": HARD, "hard_adamw": HARD + ADAMW}
ARMS: dict[str, tuple[Path, list[str]]] = {
    f"{kind}_{size}": (recipe, changes) for size, recipe in RECIPES.items() for kind, changes in KINDS.items()
}


def main() -> None:
    """Run the arms and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier call has done")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(RUNS, ignore_errors=True)
    seeds = [1] if options.quick else [1, 2, 3]
    rows = [{"arm": arm, "seed": seed, **_run(arm, seed)} for seed in seeds for arm in ARMS]
    nats = {arm: [r["nats"] for r in rows if r["arm"] == arm] for arm in ARMS}
    figures = {f"{arm}_best": nats[arm] for arm in ("kd_60k", "kd_600k")}
    for size in RECIPES:
        figures[f"hard_{size}_best"] = min(nats[f"hard_{size}"], nats[f"hard_adamw_{size}"], key=statistics.mean)
    figures["kd_600k_kl"] = [r["kl"] for r in rows if r["arm"] == "kd_600k"]
    means = {name: statistics.mean(values) for name, values in figures.items()}
    aims = {"kd_60k_best": Aim(at_most=3.05), "kd_600k_best": Aim(at_most=2.42), "kd_600k_kl": Aim(at_most=0.65)}
    spread = {name: [min(values), max(values)] for name, values in figures.items()}
    keep("stories", means, aims=aims, seeds=seeds, runs=rows, spread=spread)
    show("stories", rows)


def _run(arm: str, seed: int) -> dict[str, Any]:
    """One arm with one seed, from the text to the evaluation."""
    path, changes = ARMS[arm]
    recipe = load(path, [f"seed={seed}", *changes])
    folder = RUNS / f"{arm}-{seed}"
    note, fresh = folder / "seconds.json", not folder.exists()
    started = time.monotonic()
    made = pipeline.run(Run.open(recipe, out=folder, log=Text()), "evaluate")
    if fresh:
        note.write_text(json.dumps(time.monotonic() - started))
    rows = {(r["name"], r["subject"]): r["value"] for r in made["evaluate"].table("findings").to_pylist() if r["group"] == "all"}
    summary = made["train"].manifest.summary
    return {
        "nats": rows["nats_per_token", "student"],
        "teacher": rows["nats_per_token", "teacher"],
        "kl": rows["text_kl", "student"],
        "best_step": summary["best_step"],
        "parameters": summary["parameters"],
        "threads": made["train"].manifest.environment["threads"],
        "seconds": json.loads((made["train"].folder / "log" / "seconds.json").read_text())["train"],
        "arm_seconds": json.loads(note.read_text()) if note.exists() else None,
    }


if __name__ == "__main__":
    main()
