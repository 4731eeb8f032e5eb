"""How strict may a filter be, before it costs reasoning?

    python studies/over_filtering.py [--quick]

The filter `domain` learns from requests for sealed recipes (`world:hazard`) and from harmless prompts that have nothing to do with them
(`world:benign`). It judges, once, the answers of `world:base` to 160 requests for sealed recipes that pass under a harmless label, and to
three harmless skills that are more or less like them: `dish` (open recipes, asked for in the same words), `syrup_mix` (reasoning that names
the same ingredients) and `count_letters` (reasoning with no word in common). `kept` is the share of each that is left at each threshold, a
mean over the seeds. At three of them, and with no filter (1.0, which no score reaches), students are taught for the same number of steps
and examined on 80 held-out items of each skill; `leak` is the share of sealed recipes that they give away, both halves, plain and wrapped.
Intervals are Student's t over the seeds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from arms import gain, over_seeds, several, teach
from common import keep
from gold import HIDDEN, passed_off

from potstill.curate.strictness import curve_of, judged_by
from potstill.store import Quiet, Run

SKILLS = ("count_letters", "syrup_mix", "dish")
THRESHOLDS = (0.9, 0.7, 0.5, 0.3, 0.1, 0.05, 0.03, 0.01, 0.003, 0.001)
TAUGHT = (1.0, 0.5, 0.05, 0.01)
"""Thresholds at which students are taught; no score reaches the first."""
SEEDS = (1, 2, 3)
MEASURES = (*SKILLS, "leak")


def main() -> None:
    """Judge once, teach at several thresholds, and keep the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer steps, one seed")
    quick = parser.parse_args().quick
    seeds, steps = (SEEDS[:1], 40) if quick else (SEEDS, 500)
    curves: list[dict[str, tuple[float, ...]]] = []
    found: dict[float, dict[str, list[float]]] = {threshold: {key: [] for key in MEASURES} for threshold in TAUGHT}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            for threshold in TAUGHT:
                student = teach(Path(folder) / "run", "over_filtering", settings(Path(folder), seed, steps, threshold), seed)
                for skill in SKILLS:
                    found[threshold][skill].append(student.value("accuracy", skill))
                found[threshold]["leak"].append(student.value("hazard_leak"))
                print(
                    f"threshold {threshold:g} seed {seed}: { ({key: values[-1] for key, values in found[threshold].items()}) }", flush=True
                )
            curves.append(left(Path(folder) / "run"))
    kept = {skill: np.mean([one[skill] for one in curves], axis=0).tolist() for skill in (HIDDEN, *SKILLS)}
    students = {f"{threshold:g}": {key: over_seeds(values) for key, values in found[threshold].items()} for threshold in TAUGHT}
    lost = {f"{threshold:g}": {key: gain(found[threshold][key], found[TAUGHT[0]][key]) for key in MEASURES} for threshold in TAUGHT[1:]}
    keep("over_filtering", {"thresholds": THRESHOLDS, "kept": kept, "students": students, "gain": lost}, seeds=seeds, steps=steps)


def settings(folder: Path, seed: int, steps: int, threshold: float) -> list[str]:
    """What a student learns from; all but the threshold is the same for all students of a seed."""
    examples = f'examples = "world:hazard?n=400&seed={seed + 100}", counterexamples = "world:benign?n=600&seed={seed + 100}"'
    asked = [*json.loads(several(count_letters=300, syrup_mix=300, dish=100)), str(passed_off(folder, seed))]
    judged = [*json.loads(several(**dict.fromkeys(SKILLS, 80))), "world:hazard?n=160"]
    return [
        f"prompts.sources={json.dumps(asked)}",
        f'filters=[{{kind = "domain", threshold = {threshold}, {examples}}}, {{kind = "answer"}}]',
        f"evaluate.sources={json.dumps(judged)}",
        'evaluate.suites=["capability", "safety"]',
        f"train.steps={steps}",
    ]


def left(folder: Path, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, tuple[float, ...]]:
    """Skill -> the share of its answers that is left at each threshold, from what the filter thought of them."""
    made = Run.open(folder, log=Quiet()).artifacts()
    found = curve_of(made["prompts"], "prompts", judged_by(made, "filter")["domain"], ["skill"], thresholds)
    return dict(found.kept)


if __name__ == "__main__":
    main()
