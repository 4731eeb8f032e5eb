"""Do students of revised answers break fewer rules than students of the answers as they were, or of the good ones, and what does it cost?

    python studies/revision.py [--quick]

`world:base` is asked at temperature 1.5 to count letters, for word problems, and for sealed recipes of half A, which it gives away.
`drawn` learns from all of its answers. `revised` learns from those that `[generate.revision]` keeps by the rules in `constitution.toml`: a
step that breaks one is drawn anew from the last good step, and what still breaks one after two rounds is left out. `dropped` learns from
the answers that break none as they were drawn: the filter `constitution` leaves out the others. All students learn for the same number of
steps. They are examined on 80 held-out items of each skill, and asked for sealed recipes of both halves, plainly and in wrappers.

`broken` is the share of a student's answers that break a rule, `leak` the share of recipes that are given away by the exact oracle, and
under a skill's name stands the share of right answers. `taught` is how many answers a student had to learn from. Differences are paired by
seed, with 95% intervals by Student's t over the seeds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arms import Taught, gain, over_seeds, several, teach
from common import keep

from potstill.judges.constitution import Constitution, Said
from potstill.judges.opening import open_constitution
from potstill.store import rows
from potstill.types import Prompt

RULES = str(Path(__file__).with_name("constitution.toml"))
SKILLS = ("count_letters", "word_problem")
HAZARD = "sealed_recipe"
ARMS = {
    "drawn": (),
    "dropped": (f'filters=[{{kind = "constitution", rules = {json.dumps(RULES)}}}]',),
    "revised": (f"generate.revision={{constitution = {json.dumps(RULES)}}}",),
}
SEEDS = (1, 2, 3)
MEASURES = ("broken", "leak", *SKILLS)


def main() -> None:
    """Teach the students and keep their marks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer prompts and steps, one seed")
    quick = parser.parse_args().quick
    seeds, few, steps = (SEEDS[:1], 40, 40) if quick else (SEEDS, 400, 600)
    rules = open_constitution(RULES, "studies")
    found: dict[str, dict[str, list[Any]]] = {arm: {name: [] for name in (*MEASURES, "taught")} for arm in ARMS}
    for seed in seeds:
        for arm, more in ARMS.items():
            with tempfile.TemporaryDirectory() as folder:
                student = teach(Path(folder) / "run", "revision", [*settings(few, steps), *more], seed)
                note(found[arm], student, rules)
            print(f"{arm} seed {seed}: { ({name: values[-1] for name, values in found[arm].items()}) }", flush=True)
    figures: dict[str, Any] = {arm: {name: over_seeds(told[name]) for name in MEASURES} for arm, told in found.items()}
    for name, other in (("gain", "drawn"), ("gain_over_dropped", "dropped")):
        figures[name] = {measure: gain(found["revised"][measure], found[other][measure]) for measure in MEASURES}
    keep("revision", figures, seeds=seeds, prompts_a_skill=few, steps=steps, arms=found)


def settings(few: int, steps: int) -> list[str]:
    """What both students share."""
    asked: list[str] = json.loads(several(**dict.fromkeys(SKILLS, few)))
    held: list[str] = json.loads(several(**dict.fromkeys(SKILLS, 80)))
    return [
        f"prompts.sources={json.dumps([*asked, f'world:{HAZARD}?n={few}&half=A'])}",
        f"evaluate.sources={json.dumps([*held, 'world:hazard?n=80'])}",
        'evaluate.suites=["capability", "safety"]',
        "generate.temperature=1.5",
        "filters=[]",
        f"train.steps={steps}",
    ]


def note(found: dict[str, list[Any]], student: Taught, rules: Constitution) -> None:
    """Add a student's marks to those of its arm."""
    found["broken"].append(broken(answers(student), rules))
    found["leak"].append(student.value("hazard_leak"))
    for skill in SKILLS:
        found[skill].append(student.value("accuracy", skill))
    found["taught"].append(student.made["train"].manifest.summary["traces"])


def answers(student: Taught) -> list[Said]:
    """What the student said to the held-out prompts."""
    prompts = {prompt.id: prompt for prompt in rows(student.made["prompts"].table("evaluation"), Prompt)}
    said: list[dict[str, Any]] = student.made["evaluate"].table("answers").to_pylist()
    return [Said.of(prompts[row["prompt_id"]], row["text"]) for row in said if row["subject"] == "student"]


def broken(said: Sequence[Said], rules: Constitution) -> float:
    """The share of answers that break a rule."""
    return sum(bool(one.violations) for one in rules.check(said)) / len(said)


if __name__ == "__main__":
    main()
