"""What the studies of data share: small students that differ in one thing, taught and examined on the built-in world."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import ROOT

from potstill import pipeline
from potstill.recipe import Recipe, load
from potstill.store import Artifact, Quiet, Run, rows
from potstill.types import Finding

T_95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
"""Degrees of freedom -> the 97.5th percentile of Student's t."""
COMMON = (
    *("evaluate.batch_size=128", "evaluate.max_new_tokens=80", "generate.max_new_tokens=80"),
    *("train.batch_tokens=1024", "train.threads=1"),
)
"""How the students of these studies differ from those of recipes/selective.toml."""


@dataclass(frozen=True)
class Taught:
    """A student that was examined.

    Attributes:
        made: stage -> artifact.
        findings: of the evaluation.
    """

    made: Mapping[str, Artifact]
    findings: tuple[Finding, ...]

    def value(self, name: str, group: str = "all") -> float:
        """A measure of the student."""
        found = next(f for f in self.findings if (f.name, f.subject, f.group) == (name, "student", group))
        if found.value is None:
            raise ValueError(f"{name} of {group} was not measured")
        return found.value

    def by_skill(self, skills: Sequence[str]) -> dict[str, float]:
        """The student's accuracy on each skill."""
        return {skill: self.value("accuracy", skill) for skill in skills}


def teach(folder: Path, name: str, settings: Sequence[str], seed: int) -> Taught:
    """Run the stages up to the evaluation; what an earlier arm made in the same folder, with the same settings, is kept.

    Args:
        folder: of the run.
        name: of the run.
        settings: `key=value`, over those of recipes/selective.toml and `COMMON`.
        seed: of everything random.
    """
    made = pipeline.run(Run.open(recipe_of(name, settings, seed), out=folder, log=Quiet()), last="evaluate")
    return Taught(made, tuple(rows(made["evaluate"].table("findings"), Finding)))


def recipe_of(name: str, settings: Sequence[str], seed: int) -> Recipe:
    """The recipe of a run with these settings over those of recipes/selective.toml and `COMMON`."""
    return load(ROOT / "recipes" / "selective.toml", [f'name="{name}"', f"seed={seed}", "evaluate.limits={}", *COMMON, *settings])


def over_seeds(values: Sequence[float]) -> dict[str, Any]:
    """The mean over seeds with its 95% interval by Student's t, and the values; no interval for a single one."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return {"mean": mean, "low": None, "high": None, "values": list(values)}
    half = T_95[len(values) - 1] * statistics.stdev(values) / len(values) ** 0.5
    return {"mean": mean, "low": mean - half, "high": mean + half, "values": list(values)}


def gain(better: Sequence[float], worse: Sequence[float]) -> dict[str, Any]:
    """The difference of two arms, seed by seed, as `over_seeds`."""
    return over_seeds([one - other for one, other in zip(better, worse, strict=True)])


def several(seed: int | None = None, **counts: int) -> str:
    """Sources of the built-in world, skill by skill, as a setting: `["world:colour?n=100"]`.

    Args:
        seed: of the items; None: the run's.
        counts: skill -> items.
    """
    drawn = "" if seed is None else f"&seed={seed}"
    return "[" + ", ".join(f'"world:{skill}?n={count}{drawn}"' for skill, count in counts.items()) + "]"
