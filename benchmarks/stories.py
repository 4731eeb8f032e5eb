"""A really trained public model distilled on real text: the two recipes `stories`, with the teacher's probabilities and with hard labels.

    python benchmarks/stories.py [--quick]

Three seeds. Figures are nats a token on the last 100 KB of the text, never trained on. The best checkpoint of each arm is chosen on
that same text, for every arm alike (`*_best`): with 60 KB both arms would overfit later, and this compares the best that each can do.
`kd_600k_kl` is the KL from the teacher to that student there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
from pathlib import Path
from typing import Any

from common import keep, show

from potstill import pipeline
from potstill.recipe import load
from potstill.store import Run, Text

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs" / "benchmark-stories"
RECIPES = {"60k": HERE.parent / "recipes" / "stories.toml", "600k": HERE.parent / "recipes" / "stories_600k.toml"}
HARD = 'train.losses=[{kind = "cross_entropy"}]'
ARMS: dict[str, tuple[Path, list[str]]] = {
    f"{kind}_{size}": (recipe, changes) for size, recipe in RECIPES.items() for kind, changes in (("kd", []), ("hard", [HARD]))
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
    kl = [r["kl"] for r in rows if r["arm"] == "kd_600k"]
    keep(
        "stories",
        {**{f"{arm}_best": statistics.mean(values) for arm, values in nats.items()}, "kd_600k_kl": statistics.mean(kl)},
        seeds=seeds,
        runs=rows,
        spread={**{f"{arm}_best": [min(values), max(values)] for arm, values in nats.items()}, "kd_600k_kl": [min(kl), max(kl)]},
    )
    show("stories", rows)


def _run(arm: str, seed: int) -> dict[str, Any]:
    """One arm with one seed, from the text to the evaluation."""
    path, changes = ARMS[arm]
    recipe = load(path, [f"seed={seed}", *changes])
    made = pipeline.run(Run.open(recipe, out=RUNS / f"{arm}-{seed}", log=Text()), "evaluate")
    rows = {(r["name"], r["subject"]): r["value"] for r in made["evaluate"].table("findings").to_pylist() if r["group"] == "all"}
    summary = made["train"].manifest.summary
    return {
        "nats": rows["nats_per_token", "student"],
        "teacher": rows["nats_per_token", "teacher"],
        "kl": rows["text_kl", "student"],
        "best_step": summary["best_step"],
        "parameters": summary["parameters"],
        "seconds": _seconds(made["train"].folder / "log" / "seconds.json"),
    }


def _seconds(path: Path) -> float:
    return float(json.loads(path.read_text())["train"])


if __name__ == "__main__":
    main()
