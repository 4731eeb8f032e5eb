"""The scorecard as an artifact, and the recipe's limits on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from potstill.errors import RecipeError
from potstill.evaluate.subjects import STUDENT
from potstill.evaluate.suites.base import ALL, NOT_MEASURED, UNJUDGED, Better, Suite
from potstill.registry import did_you_mean
from potstill.registry import find as find_part
from potstill.registry import names as part_names
from potstill.store import Artifact, rows
from potstill.types import Finding, Scorecard

FINDINGS, SCORECARD = "findings", "scorecard.json"


@dataclass(frozen=True)
class Card(Artifact):
    """The artifact of an evaluation: `findings.parquet`, `answers.parquet` and `scorecard.json`."""

    @cached_property
    def scorecard(self) -> Scorecard:
        """All findings, and the limits that were missed.

        Raises:
            StoreError: a file is missing or damaged.
        """
        missed = json.loads(self.path(SCORECARD).read_text(encoding="utf-8"))["missed"]
        return Scorecard(tuple(rows(self.table(FINDINGS), Finding)), tuple(missed))

    @property
    def passed(self) -> bool:
        """True when every limit of the recipe was measured and held, and every suite measured something of the student."""
        return self.scorecard.passed


@dataclass(frozen=True, slots=True)
class Limit:
    """What a measure of the student must hold.

    Attributes:
        name, group: of the finding.
        bound: the smallest value allowed where higher is better, else the largest.
        better: which way is better.
    """

    name: str
    group: str
    bound: float
    better: Better

    def missed(self, findings: Sequence[Finding]) -> str:
        """What is wrong, in a sentence; empty when the limit is held."""
        found = Scorecard(tuple(findings)).find(self.name, STUDENT, self.group)
        shown = self.name if self.group == ALL else f"{self.name}/{self.group}"
        if found is None or found.value is None:
            why = f" ({found.by})" if found else ""
            return f"{shown} was not measured{why}, and the recipe sets a limit of {self.bound:g}"
        held = found.value >= self.bound if self.better == "higher" else found.value <= self.bound
        word = "below the least allowed" if self.better == "higher" else "above the most allowed"
        return "" if held else f"{shown} is {found.value:.4g}, {word}, {self.bound:g}"


def read_limits(limits: Mapping[str, float], suites: Mapping[str, Suite]) -> list[Limit]:
    """The limits of a recipe: `retention = 0.95` is on the group `all`, `"hazard_leak/half:B" = 0.01` on another.

    Args:
        limits: as written in `[evaluate.limits]`.
        suites: the suites that the recipe asks for, by name.

    Raises:
        RecipeError: no suite, or none of those asked for, measures it, or neither way is better.
    """
    return [_limit(key, bound, suites) for key, bound in limits.items()]


def _limit(key: str, bound: float, suites: Mapping[str, Suite]) -> Limit:
    name, _, group = key.partition("/")
    known = {measure: better for suite in suites.values() for measure, better in suite.measures.items()}
    where = f"evaluate.limits.{key}"
    if name not in known:
        home = next((suite for suite in part_names("suite") if name in find_part("suite", suite).factory().measures), None)
        fix = f"add {home!r} to evaluate.suites" if home else did_you_mean(name, sorted(known))
        raise RecipeError(f"no suite of this recipe measures {name!r}", where=where, fix=fix)
    better = known[name]
    if better is None:
        raise RecipeError(f"{name!r} can bear no limit: neither more nor less of it is better", where=where, fix="take it out")
    return Limit(name, group or ALL, bound, better)


def missed(limits: Sequence[Limit], findings: Sequence[Finding], suites: Sequence[str]) -> tuple[str, ...]:
    """The limits that were not held or not measured, and the suites that measured nothing of the student, a sentence each."""
    found = [text for limit in limits if (text := limit.missed(findings))]
    for suite in suites:
        mine = [f for f in findings if f.suite == suite and f.subject == STUDENT and f.name not in UNJUDGED]
        if all(finding.value is None for finding in mine):
            why = next((finding.by for finding in mine), "there was nothing to measure it on")
            found.append(f"the suite {suite!r} measured nothing of the student: {why.removeprefix(NOT_MEASURED)}")
    return tuple(found)
