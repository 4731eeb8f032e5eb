"""The examination before a run pays its teachers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from potstill.doctor.examination import cases, examine
from potstill.doctor.result import Diagnosis
from potstill.errors import CapabilityError
from potstill.models import Teacher
from potstill.store import Artifact, Run, rows
from potstill.types import Prompt

FILE = "doctor.json"
"""What was found, in the log folder of the stage's artifact."""
LOOKED_AT = 512
"""Prompts among which those are chosen that the teachers are asked."""


def examine_before(run: Run, prompts: Artifact, teachers: Sequence[Teacher], log: Path) -> None:
    """Examine a run's teachers, write down what was found, and stop where a student would be trained on garbage.

    Args:
        run: the run.
        prompts: what `prompts.gather` made.
        teachers: of its recipe, opened.
        log: the folder to write in.

    Raises:
        CapabilityError: something is refused that the recipe's losses need, or the teacher's terms forbid it.
        PotstillError: a teacher cannot be asked.
    """
    head = list(rows(next(prompts.stream("prompts", size=LOOKED_AT)), Prompt))
    found = [examine(case, teacher) for case, teacher in zip(cases(run.recipe, head), teachers, strict=True)]
    (log / FILE).write_text(json.dumps([diagnosis.facts() for diagnosis in found], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for place, diagnosis in enumerate(found):
        run.log.say(f"doctor: {diagnosis.teacher}: {diagnosis.summary()}")
        _stop(diagnosis, f"teachers.{place} ({diagnosis.teacher})")


def _stop(diagnosis: Diagnosis, where: str) -> None:
    """Raise the first of what is refused."""
    refused = diagnosis.of("refused")
    if refused:
        first, others = refused[0], len(refused) - 1
        more = f" (and {others} more: `potstill doctor` shows all)" if others else ""
        raise CapabilityError(f"the doctor refuses it: {first.name}: {first.seen}{more}", where=where, fix=first.advice)
