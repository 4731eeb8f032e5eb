"""Does the advice of the shift report help, where the training prompts lack what is asked in use?

    python studies/shift.py [--quick]

Training asks `world:base` for two skills, 400 prompts of each; in use four are asked alike, and `prompts.wild` names 300 such prompts. The
report names the domains that are missing and how many prompts of each would bring it to its share. `as advised` adds these; `more of the
same` adds as many of the two that are there already, so that both arms ask the teacher equally often. Both students learn for the same
number of steps, and are examined on 80 held-out items of each of the four skills: `accuracy` is their mean, `lacked` that of the two that
were missing, `had` that of the others. `told_apart` is the accuracy of the report's classifier, wild prompts against training prompts
(chance is one half), before and for each arm. Differences are paired by seed, with 95% intervals by Student's t over the seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arms import gain, over_seeds, recipe_of, several, teach
from common import keep

from potstill.prompts import gather
from potstill.store import Quiet, Run
from potstill.world import SKILLS

HAD = ("count_letters", "colour")
LACKED = ("reverse_list", "history")
ALL = (*HAD, *LACKED)
SEEDS = (1, 2, 3)
MEASURES = ("accuracy", "had", "lacked")
KEPT = (*MEASURES, "skills", "told_apart", "asked")


def main() -> None:
    """Ask for advice, follow it, and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer prompts and steps, one seed")
    quick = parser.parse_args().quick
    seeds, each, steps = (SEEDS[:1], 60, 40) if quick else (SEEDS, 400, 600)
    before, arms = (
        [],
        {name: {key: [] for key in (*MEASURES, "skills", "told_apart", "asked")} for name in ("more of the same", "as advised")},
    )
    for seed in seeds:
        report = told_before(each, seed)
        before.append(report)
        added = {skill: more for skill in LACKED if (more := report["more"].get(SKILLS[skill].domain, 0))}
        same = dict.fromkeys(HAD, each + sum(added.values()) // 2)
        for name, counts in (("more of the same", same), ("as advised", {**dict.fromkeys(HAD, each), **added})):
            taught(arms[name], counts, seed, steps)
            print(f"{name} seed {seed}: {counts} {arms[name]['skills'][-1]}", flush=True)
    figures: dict[str, Any] = {"told_apart_before": over_seeds([one["told_apart"] for one in before])}
    figures |= {name: {key: over_seeds(found[key]) for key in (*MEASURES, "told_apart")} for name, found in arms.items()}
    figures["gain"] = {key: gain(arms["as advised"][key], arms["more of the same"][key]) for key in MEASURES}
    keep("shift", figures, seeds=seeds, each=each, steps=steps, before=before, arms=arms)


def wild(seed: int) -> str:
    """What is asked in use: other held-out items than those of the examination."""
    return several(**dict.fromkeys(ALL, 75), seed=seed + 1000)


def told_before(each: int, seed: int) -> dict[str, Any]:
    """What the report says of the prompts as they are: its advice, how many prompts more of each domain, and the classifier's accuracy."""
    recipe = recipe_of("shift", [f"prompts.sources={several(**dict.fromkeys(HAD, each))}", f"prompts.wild={wild(seed)}"], seed)
    with tempfile.TemporaryDirectory() as folder:
        summary = gather(Run.open(recipe, out=Path(folder) / "run", log=Quiet())).manifest.summary["shift"]
    return {"advice": summary["advice"], "more": summary["more"], "told_apart": summary["told_apart"]["accuracy"]["value"]}


def taught(found: dict[str, list[Any]], counts: Mapping[str, int], seed: int, steps: int) -> None:
    """Teach a student on so many prompts of each skill, and add its marks to those of its arm."""
    settings = [
        f"prompts.sources={several(**counts)}",
        f"prompts.wild={wild(seed)}",
        f"evaluate.sources={several(**dict.fromkeys(ALL, 80))}",
        'evaluate.suites=["capability"]',
        f"train.steps={steps}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        student = teach(Path(folder) / "run", "shift", settings, seed)
    marks = student.by_skill(ALL)
    found["skills"].append(marks)
    found["accuracy"].append(sum(marks.values()) / len(marks))
    found["had"].append(sum(marks[skill] for skill in HAD) / len(HAD))
    found["lacked"].append(sum(marks[skill] for skill in LACKED) / len(LACKED))
    found["told_apart"].append(student.made["prompts"].manifest.summary["shift"]["told_apart"]["accuracy"]["value"])
    found["asked"].append(dict(counts))


if __name__ == "__main__":
    main()
