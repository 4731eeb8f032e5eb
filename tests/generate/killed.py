"""Harvests that are killed at random moments, in children: `python killed.py FOLDER SEED GROWTH TEACHER…` reports what came out.

Where there is a file of rules beside the folder's own, answers are revised by them; else the best of them is kept.
A teacher is a model, or its section of a recipe as JSON; GROWTH is the factor by which patience grows after each kill.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from potstill.filter import judge
from potstill.generate import draw
from potstill.models import open_teacher
from potstill.prompts import gather
from potstill.recipe import Recipe
from potstill.store import Artifact, Quiet, Run
from tests.store.still import through

N = 2


def recipe(folder: Path, teachers: list[str]) -> Recipe:
    asked, rules = folder.parent / "asked.jsonl", folder.parent.parent / "rules.toml"
    best = {"best_of": {"judge": "callable:tests.generate.test_selection:length", "least": 0}}
    revision = {"revision": {"constitution": str(rules), "mode": "whole", "rounds": 2}}
    asked.write_text("".join(json.dumps({"prompt": f"What is {i}?"}) + "\n" for i in range(12)))
    return Recipe.model_validate(
        {
            "name": "x",
            "student": {"model": "new:llama"},
            "teachers": [{"top_k": 3, **(json.loads(each) if each.startswith("{") else {"model": each})} for each in teachers],
            "prompts": {"sources": [str(asked)]},
            "generate": {
                "shard": 2,
                "n": N,
                "max_new_tokens": 8,
                "committee": len(teachers) > 1,
                **(revision if rules.exists() else best),
            },
            "filters": [{"kind": "duplicate"}],
            "policy": {"noise_votes": 2 if rules.exists() else 1},
        }
    )


def harvest(folder: Path, teachers: list[str]) -> tuple[Artifact, Artifact]:
    run = Run.open(recipe(folder, teachers), out=folder, log=Quiet())
    made = draw(run, gather(run))
    return made, judge(run, made)


def killed(folder: Path, seed: int, growth: float, teachers: list[str]) -> dict[str, Any]:
    """Kill the harvest at random moments, later and later, until it gets through; what it imports is imported first, for all children."""
    harvest(folder.parent / "imported", ["fake:so"])
    for section in recipe(folder, teachers).teachers:
        open_teacher(section)
    kills = through(lambda: harvest(folder, teachers), seed, growth)
    made, cut = harvest(folder, teachers)
    return {"kills": kills, "generate": made.content, "filter": cut.content, "files": sorted(made.manifest.files)}


if __name__ == "__main__":
    print(json.dumps(killed(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])))
