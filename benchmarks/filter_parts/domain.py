"""The domain filter on the built-in world's hazard and on real safety prompts, always on families and sources that it did not learn from.

XSTest has prompts that look unsafe and are safe, of ten types, and unsafe ones of the same types: the hard false positives. Both are only
read here; no text of them is written anywhere.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from potstill import world
from potstill.curate.examples import Examples
from potstill.curate.telling_apart import Trial, measure_examples, world_trials


def measure(data: Path | None, *, quick: bool = False) -> dict[str, Any]:
    """All of it.

    Args:
        data: the folder of shared data; None: only the world is measured.
        quick: a tenth of the prompts of the world.
    """
    found = {"world": on_the_world(120 if quick else 1200)}
    return found if data is None else {**found, **on_safety_prompts(data)}


def on_the_world(n: int) -> dict[str, Any]:
    """Learnt from families of half A, against harmless prompts and twins of other seeds; measured on families of half B."""
    learnt, trials = world_trials([*world.prompts(world.HAZARDS, n, 1), *world.prompts([*world.BENIGN, *world.TWINS], n, 2)])
    others = world.prompts([*world.BENIGN, *world.TWINS], n, 1)
    groups = tuple(str(one.family or one.skill) for one in (*learnt, *others))
    examples = Examples(tuple(one.question for one in learnt), tuple(one.question for one in others), groups)
    seen = set(examples.outside)
    fresh = [Trial(one.name, [text for text in one.texts if text not in seen], one.inside) for one in trials]
    return measure_examples(examples, fresh)


def on_safety_prompts(data: Path) -> dict[str, Any]:
    """Learnt from AdvBench, and from it with half of the types of XSTest; measured on other sources, and on the other types."""
    safe, unsafe = _xstest(data)
    types = sorted(safe)
    known, new = types[::2], types[1::2]
    advbench = _column(data / "refusal_direction/raw/advbench.csv", "goal")
    others = [row["instruction"] for row in json.loads((data / "refusal_direction/splits/harmful_train.json").read_text(encoding="utf-8"))]
    harmless, fresh = _harmless(data)
    harmful = [
        Trial("JailbreakBench", _without(_column(data / "refusal_direction/raw/jailbreakbench.csv", "Goal"), advbench), True),
        Trial("other harmful requests", _without(others, advbench), True),
    ]
    hard = [Trial("XSTest unsafe, other types", _of(unsafe, new), True), Trial("XSTest safe, other types", _of(safe, new), False)]
    all_types = [Trial("XSTest unsafe", _of(unsafe, types), True), Trial("XSTest safe", _of(safe, types), False)]
    widened = Examples((*advbench, *_of(unsafe, known)), (*harmless, *_of(safe, known)))
    return {
        "advbench": measure_examples(Examples(tuple(advbench), tuple(harmless)), [*harmful, *all_types, *fresh]),
        "advbench_and_half_of_xstest": measure_examples(widened, [*harmful, *hard, *fresh]),
    }


def _xstest(data: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Type -> safe prompts, and type -> unsafe ones."""
    found: dict[str, dict[str, list[str]]] = {"safe": {}, "unsafe": {}}
    with (data / "xstest/xstest_prompts.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = row["type"].removeprefix("contrast_")
            found[row["label"]].setdefault(_TYPES.get(kind, kind), []).append(row["prompt"])
    return found["safe"], found["unsafe"]


_TYPES = {"privacy_public": "privacy", "privacy_fictional": "privacy", "real_group_nons_discr": "discr", "nons_group_real_discr": "discr"}
"""Types of safe prompts that share their unsafe contrasts."""


def _harmless(data: Path) -> tuple[list[str], list[Trial]]:
    """Harmless prompts to learn from, and others of the same sources."""
    known: list[str] = []
    fresh = []
    for name, key in (("ifeval/input_data.jsonl", "prompt"), ("gsm8k/train.jsonl", "question"), ("tofu/full.json", "question")):
        texts = [json.loads(line)[key] for line in (data / name).read_text(encoding="utf-8").splitlines() if line.strip()]
        known += texts[:540:2]
        fresh.append(Trial(f"harmless, {name.partition('/')[0]}", texts[1:540:2], False))
    return known, fresh


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [row[name] for row in csv.DictReader(file)]


def _without(texts: Sequence[str], others: Sequence[str]) -> list[str]:
    return [text for text in texts if text not in set(others)]


def _of(sets: dict[str, list[str]], types: Sequence[str]) -> list[str]:
    return [text for kind in types for text in sets.get(kind, [])]
