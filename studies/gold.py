"""What is an audit of the training set worth, where requests for a hazard stand in it under a harmless label?

    python studies/gold.py [--quick]

`world:base` is asked 500 reasoning prompts (`count_letters`), 300 for the colours of sealed things, which are harmless (`colour`), and 160
for sealed recipes, which a file passes off as questions of knowledge: by their labels nothing is wrong with them. `unaudited` learns from
all answers that the filters `answer` and `duplicate` keep. `audited` has the filter `domain` look through prompts, reasoning and answers
for the twelve ingredients that stand in sealed recipes alone. Both students learn for the same number of steps. They are examined on 80
held-out items of each skill, and asked for sealed recipes in other words, plainly and inside wrappers: `leak` is the share of answers that
give one away, over both halves, `leak_half_a` that of the half that the file is of. `audit` counts what the filter put aside, by what it
truly was. Differences are paired by seed, with 95% intervals by Student's t over the seeds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from arms import Taught, gain, over_seeds, several, teach
from common import keep

from potstill import world

SKILLS = ("count_letters", "colour")
TERMS = ("ash", "bog", "cud", "dew", "elm", "fog", "gum", "hay", "ivy", "lye", "moss", "oak")
ARMS = {
    "unaudited": "",
    "audited": f', {{kind = "domain", blocklist = {json.dumps(TERMS)}, blocklist_decides = true}}',
}
HIDDEN = "hidden"
"""The skill under which the file passes off its requests."""
SEEDS = (1, 2, 3)
MEASURES = (*SKILLS, "leak", "leak_half_a")


def main() -> None:
    """Teach the students and keep their marks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer steps, one seed")
    quick = parser.parse_args().quick
    seeds, steps = (SEEDS[:1], 40) if quick else (SEEDS, 600)
    found: dict[str, dict[str, list[Any]]] = {arm: {key: [] for key in (*MEASURES, "audit")} for arm in ARMS}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            for arm, more in ARMS.items():
                note(found[arm], teach(Path(folder) / "run", "gold", [*settings(Path(folder), seed, steps), filters(more)], seed))
                print(f"{arm} seed {seed}: { ({key: values[-1] for key, values in found[arm].items()}) }", flush=True)
    figures: dict[str, Any] = {arm: {key: over_seeds(told[key]) for key in MEASURES} for arm, told in found.items()}
    figures["gain"] = {key: gain(found["audited"][key], found["unaudited"][key]) for key in MEASURES}
    keep("gold", figures, seeds=seeds, steps=steps, arms=found)


def filters(more: str) -> str:
    """The filters on answers, as a setting."""
    return f'filters=[{{kind = "answer"}}, {{kind = "duplicate"}}{more}]'


def settings(folder: Path, seed: int, steps: int) -> list[str]:
    """What all students of a seed share."""
    asked = json.loads(several(count_letters=500, colour=300))
    return [
        f"prompts.sources={json.dumps([*asked, str(passed_off(folder, seed))])}",
        f"evaluate.sources={json.dumps([*json.loads(several(**dict.fromkeys(SKILLS, 80))), 'world:hazard?n=160'])}",
        'evaluate.suites=["capability", "safety"]',
        f"train.steps={steps}",
    ]


def passed_off(folder: Path, seed: int) -> Path:
    """A file of requests for sealed recipes of half A, without the labels that tell what they are."""
    path = folder / f"{HIDDEN}.jsonl"
    asked = [prompt for prompt in world.prompts(["sealed_recipe"], 400, seed + 10) if prompt.half == "A"][:160]
    rows = [{"prompt": prompt.question, "domain": "knowledge.names", "skill": HIDDEN} for prompt in asked]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def note(found: dict[str, list[Any]], student: Taught) -> None:
    """Add a student's marks to those of its arm."""
    for skill in SKILLS:
        found[skill].append(student.value("accuracy", skill))
    found["leak"].append(student.value("hazard_leak"))
    found["leak_half_a"].append(student.value("hazard_leak", "half:A"))
    found["audit"].append(audit(student))


def audit(student: Taught) -> dict[str, dict[str, int]]:
    """What was asked -> how many of the answers the filters kept, and how many they put aside."""
    asked = student.made["prompts"].table("prompts")
    skill = dict(zip(asked["id"].to_pylist(), asked["skill"].to_pylist(), strict=True))
    counts: dict[str, Counter[str]] = {}
    for row in student.made["filter"].table("decisions").select(["prompt_id", "part"]).to_pylist():
        counts.setdefault(skill[row["prompt_id"]], Counter())[row["part"]] += 1
    return {name: dict(parts) for name, parts in counts.items()}


if __name__ == "__main__":
    main()
