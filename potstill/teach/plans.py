"""All that the world raises, in the order in which one stands on another: its teachers, then its classifiers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from potstill.store.log import Log
from potstill.teach.classifiers import CLASSIFIERS, ClassifierPlan, teach_classifier
from potstill.teach.curriculum import CURRICULA, Curriculum
from potstill.teach.teachers import teach

PLANS: Mapping[str, Curriculum | ClassifierPlan] = MappingProxyType({**CURRICULA, **CLASSIFIERS})


def raise_model(name: str, folder: Path, log: Log, *, seed: int = 0, into: Path | None = None) -> dict[str, float]:
    """Raise one teacher or classifier and write its weights; what was measured of it on unseen items.

    Args:
        name: a key of `PLANS`.
        folder: checkpoints; the same call goes on from them.
        log: where progress is told.
        seed: of the first weights and of the lessons.
        into: the folder of the finished weights; None: the package's own.
    """
    raised = teach_classifier if name in CLASSIFIERS else teach
    return raised(name, folder, log, seed=seed, into=into)
