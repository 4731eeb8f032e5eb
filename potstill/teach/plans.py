"""All that the world raises, in the order in which one stands on another: its teachers, then its classifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType

from potstill import world
from potstill.store.artifact import digest_file
from potstill.store.log import Log
from potstill.teach.classifiers import CLASSIFIERS, ClassifierPlan, teach_classifier
from potstill.teach.curriculum import ARCHITECTURE, CURRICULA, Curriculum
from potstill.teach.teachers import DATA, WEIGHTS, teach
from potstill.types import content_id

TEACHING = "2"
"""Raised when the same plan would be taught otherwise: other rows, examinations or settings of the loop."""
PLANS: Mapping[str, Curriculum | ClassifierPlan] = MappingProxyType({**CURRICULA, **CLASSIFIERS})


def raise_model(name: str, folder: Path, log: Log, *, seed: int = 0, into: Path | None = None) -> dict[str, float]:
    """Raise one teacher or classifier and write its weights; what was measured of it on unseen items.

    Args:
        name: a key of `PLANS`.
        folder: checkpoints; the same call goes on from them, and one with another plan, seed, world or start begins anew beside them.
        log: where progress is told.
        seed: of the first weights and of the lessons.
        into: the folder of the finished weights; None: the package's own.
    """
    raised = teach_classifier if name in CLASSIFIERS else teach
    return raised(name, folder / f"{name}-{_identity(name, seed, into or DATA / 'teachers')[:8]}", log, seed=seed, into=into)


def _identity(name: str, seed: int, teachers: Path) -> str:
    """A hash of what the finished weights follow from: the world, the way of teaching, the plan, the seed and the weights at the start."""
    plan = PLANS[name]
    facts = {field.name: getattr(plan, field.name) for field in fields(plan) if field.name not in ("description", "lesson")}
    start = teachers / plan.start / WEIGHTS if plan.start is not None else None
    before = digest_file(start) if start is not None and start.is_file() else None
    settings = {key: dict(v) if isinstance(v, Mapping) else v for key, v in facts.items()}
    return content_id([world.VERSION, TEACHING, dict(ARCHITECTURE), name, seed, before, settings])
