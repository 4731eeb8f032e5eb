"""Does it help to balance what the teacher is asked, where one skill stands twenty times as often as the others?

    python studies/balance.py [--quick]

The sources hold 4,000 prompts of one skill (`count_letters`) and 200 of each of three others. 800 of them may be asked of `world:base`: `as
it is` draws them in proportion (`prompts.balance` with temperature 1: 696 and 35 of each), `balanced` in equal shares (200 of each). Both
cost the teacher the same number of answers, and both students learn for the same number of steps. They are examined on 80 held-out items of
each skill. `accuracy` is the mean of the four skills, `rare` that of the three rare ones, `common` that of the common one. Differences are
paired by seed, with 95% intervals by Student's t over the seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arms import gain, over_seeds, several, teach
from common import keep

COMMON_SKILL = "count_letters"
RARE = ("reverse_list", "colour", "history")
ARMS = {"as it is": "temperature = 1", "balanced": "max_upsampling = 1"}
SEEDS = (1, 2, 3)
MEASURES = ("accuracy", "rare", "common")


def main() -> None:
    """Teach the students and keep their marks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer prompts and steps, one seed")
    quick = parser.parse_args().quick
    seeds, few, steps = (SEEDS[:1], 40, 40) if quick else (SEEDS, 200, 600)
    told = {arm: study(mixture, seeds, few, steps) for arm, mixture in ARMS.items()}
    figures: dict[str, Any] = {arm: {name: over_seeds(found[name]) for name in MEASURES} for arm, found in told.items()}
    figures["gain"] = {name: gain(told["balanced"][name], told["as it is"][name]) for name in MEASURES}
    keep("balance", figures, seeds=seeds, common=20 * few, rare=few, asked=4 * few, steps=steps, arms=told)


def study(mixture: str, seeds: Sequence[int], few: int, steps: int) -> dict[str, Any]:
    """One arm: its measures, seed by seed, the accuracy skill by skill, and what was drawn."""
    skills = (COMMON_SKILL, *RARE)
    found: dict[str, Any] = {name: [] for name in (*MEASURES, "skills", "drawn")}
    for seed in seeds:
        settings = [
            f"prompts.sources={several(**{COMMON_SKILL: 20 * few}, **dict.fromkeys(RARE, few))}",
            f'prompts.balance={{by = "skill", total = {4 * few}, {mixture}}}',
            f"evaluate.sources={several(**dict.fromkeys(skills, 80))}",
            'evaluate.suites=["capability"]',
            f"train.steps={steps}",
        ]
        with tempfile.TemporaryDirectory() as folder:
            taught = teach(Path(folder) / "run", "balance", settings, seed)
            found["drawn"].append(taught.made["prompts"].table("strata").to_pylist())
        marks = taught.by_skill(skills)
        found["skills"].append(marks)
        found["accuracy"].append(sum(marks.values()) / len(marks))
        found["rare"].append(sum(marks[skill] for skill in RARE) / len(RARE))
        found["common"].append(marks[COMMON_SKILL])
        print(f"{mixture} seed {seed}: {found['accuracy'][-1]:.3f} {marks}", flush=True)
    return found


if __name__ == "__main__":
    main()
