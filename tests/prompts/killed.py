"""Gatherings of prompts that are killed at random moments, in children: `python killed.py FOLDER SEED GROWTH TEACHER`.

The teacher labels prompts: its model, and what else the labeller is told, as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from potstill.models import open_teacher
from potstill.prompts import gather, labelled, sheets
from potstill.recipe import Recipe, TeacherSection
from potstill.store import Artifact, Quiet, Run
from tests.store.still import through

ASKED, PART = 40, 8


def recipe(folder: Path, teacher: str) -> Recipe:
    asked, hazards = folder.parent.parent / "asked.jsonl", folder.parent.parent / "hazards.jsonl"
    rows = [json.dumps({"prompt": f"What is {i} and {i % 7}?"}) for i in range(ASKED)]
    asked.write_text("\n".join([*rows[:20], '{"prompt": ', *rows[20:], rows[3]]))
    hazards.write_text("".join(json.dumps({"prompt": f"Where is the lock of house {i}?", "intent": "hazard"}) + "\n" for i in range(6)))
    rules = [{"phrases": ["1", "2"], "domain": "low"}]
    asks = {"labels": ["high", "low"], "question": "{labels}: {prompt}", "max_new_tokens": 4, **json.loads(teacher)}
    return Recipe.model_validate(
        {
            "name": "x",
            "student": {"model": "new:llama"},
            "teachers": [{"model": "fake:so"}],
            "prompts": {
                "sources": [str(asked), f"stress:leetspeak,direct?of={hazards}"],
                "labels": [
                    {"kind": "rule", "rules": rules},
                    {"kind": "teacher", **asks},
                ],
                "filters": [{"kind": "duplicate"}, {"kind": "length", "least": 4}],
                "balance": {"by": "domain", "total": 40},
            },
            "evaluate": {"sources": ["world:fact?n=9"]},
        }
    )


def gathering(folder: Path, teacher: str) -> Artifact:
    """The stage, in small parts, so that there is much to be killed between."""
    with patch.object(labelled, "SIZE", PART), patch.object(sheets, "ROWS", PART):
        return gather(Run.open(recipe(folder, teacher), out=folder, log=Quiet()))


def killed(folder: Path, seed: int, growth: float, teacher: str) -> dict[str, Any]:
    """Kill the gathering at random moments, later and later, until it gets through; what it imports is imported first, for all children."""
    gathering(folder.parent / "imported", json.dumps({"model": "fake:low"}))
    open_teacher(TeacherSection.model_validate(json.loads(teacher)))
    kills = through(lambda: gathering(folder, teacher), seed, growth)
    made = gathering(folder, teacher)
    return {"kills": kills, "content": made.content, "files": sorted(made.manifest.files)}


if __name__ == "__main__":
    print(json.dumps(killed(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])))
