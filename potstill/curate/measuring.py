"""Measuring: how many injected faults a filter finds, and how many clean items it puts aside, in opinions that thresholds follow from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potstill.curate.base import HARD, Comparing, Fault, Item, Measurable, ReadyFilter
from potstill.curate.clean import CleanSource, clean_items, open_clean
from potstill.curate.judging import opinions_table
from potstill.curate.policy import Rates, parts
from potstill.judges.shares import proportion
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run

CLEAN, FAULTS, KIND = "clean", "faults", "kind"
VERSION = "2"
"""Raised when the same filter would be measured on other items."""
Facts = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of n items were put aside."""

    aside: int = 0
    n: int = 0

    @property
    def share(self) -> float | None:
        """None where there were none."""
        return self.aside / self.n if self.n else None

    def facts(self) -> Facts:
        """The share as plain values with its 95% interval, as `proportion`."""
        estimate = proportion(self.aside, self.n)
        return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": self.n}


@dataclass(frozen=True, slots=True)
class Measured:
    """A filter's errors by its thresholds of today.

    Attributes:
        measures: the artifact that they follow from.
        clean: of the clean items, those that it put aside; what it could not judge does not count, but where that is put aside.
        faults: kind -> of the injected faults of that kind, those that it put aside; one that it could not judge it did not find. Empty for
            a filter of which no faults can be made.
    """

    measures: Artifact
    clean: Tally
    faults: Mapping[str, Tally]

    @property
    def found(self) -> Tally:
        """All plain kinds of faults together."""
        return _together(tally for kind, tally in self.faults.items() if not kind.startswith(HARD))

    @property
    def hard(self) -> Tally:
        """All hard kinds of faults together."""
        return _together(tally for kind, tally in self.faults.items() if kind.startswith(HARD))

    @property
    def rates(self) -> Rates:
        """What its verdicts carry."""
        return Rates(self.found.share, self.hard.share, self.clean.share)

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        kinds = {kind: tally.facts() for kind, tally in self.faults.items()}
        rates = {"recall": self.found, "hard_recall": self.hard, "false_positive_rate": self.clean}
        return {**{name: tally.facts() for name, tally in rates.items()}, "faults": kinds}


def _together(tallies: Iterable[Tally]) -> Tally:
    given = list(tallies)
    return Tally(sum(one.aside for one in given), sum(one.n for one in given))


@dataclass(frozen=True)
class Bench:
    """Where a stage's filters are measured.

    Attributes:
        run: whose folder the measures are kept in, as `<stage>.measures.<filter>`.
        stage: on whose behalf.
        inputs: what opinions may depend on beside the items: the artifact that holds the evaluation's prompts.
        answers: whether answers are judged, or prompts alone.
        fresh: the stage's filters, new at every call.
    """

    run: Run
    stage: str
    inputs: Mapping[str, Artifact]
    answers: bool
    fresh: Callable[[], Sequence[ReadyFilter]]

    def measured(self, filters: Sequence[ReadyFilter], *, make: bool) -> dict[str, Measured]:
        """The errors of the stage's filters by name, of those that have been measured; with `make` of all, as `measures`."""
        found = {one.by: self.measures(one, make=make) for one in filters}
        return {one.by: measured(measures, one) for one in filters if (measures := found[one.by]) is not None}

    def measures(self, one: ReadyFilter, *, make: bool) -> Artifact | None:
        """What a filter thinks of clean items and of faults.

        Args:
            one: the filter, with the settings of today; it is neither shown anything nor asked.
            make: whether it is measured where that has not been done.

        Returns:
            the artifact: `clean.parquet` and `faults.parquet`, opinions with the columns of `judging.COLUMNS`, and the faults' `kind`.
            None: it has not been measured with these settings, on these sources.

        Raises:
            InputError: there is no clean item.
        """
        name = f"{self.stage}.measures.{one.by}"
        if not make and not (self.run.folder / name).exists():
            return None
        told: dict[str, Any] = {"section": self._section(one), "inputs": self.inputs, "parts": {**self._parts, **one.identity}}
        return self.run.perform(name, **told, work=lambda to: self._measure(one.by, to)) if make else self.run.find(name, **told)

    def _section(self, one: ReadyFilter) -> dict[str, Any]:
        return {"kind": one.info.name, **one.settings.decisive(), "measure": self.run.recipe.measure.model_dump(), "answers": self.answers}

    @cached_property
    def _sources(self) -> list[CleanSource]:
        return open_clean(self.run.recipe.measure, self.run.recipe.seed)

    @cached_property
    def _parts(self) -> dict[str, str]:
        opened = [one.opened for one in self._sources]
        read = {f"clean {one.spec}": f"{one.kind} {one.version} {one.source.fingerprint()}" for one in opened}
        return {"measuring": VERSION, **read}

    @cached_property
    def _clean(self) -> list[Item]:
        recipe = self.run.recipe
        return clean_items(self._sources, recipe.measure, answers=self.answers, seed=recipe.seed)

    def _measure(self, by: str, workspace: Workspace) -> dict[str, Any]:
        one, again = (next(each for each in self.fresh() if each.by == by) for _ in range(2))
        with self.run.log.task(f"measure {self.stage} {by}", 2, "passes") as task:
            workspace.write_table(CLEAN, opinions_table(self._clean, _think(one, self._clean, self._clean)))
            task.advance(1)
            faults = self._faults(again)
            items = [fault.item for fault in faults]
            found = opinions_table(items, _think(again, [*self._clean, *items], items))
            workspace.write_table(FAULTS, found.append_column(KIND, pa.array([fault.kind for fault in faults], pa.string())))
            task.advance(1)
        return {"filter": by, CLEAN: len(self._clean), FAULTS: len(faults)}

    def _faults(self, one: ReadyFilter) -> list[Fault]:
        if not isinstance(one.part, Measurable):
            return []
        rng = random.Random(f"{self.run.recipe.seed}/{one.info.name}")
        return list(_at_most(one.part.faults(self._clean, rng), self.run.recipe.measure.faults))


def _at_most(faults: Iterable[Fault], most: int) -> Iterator[Fault]:
    """The first so many of each kind."""
    seen: Counter[str] = Counter()
    for fault in faults:
        seen[fault.kind] += 1
        if seen[fault.kind] <= most:
            yield fault


def _think(one: ReadyFilter, shown: Sequence[Item], asked: Sequence[Item]) -> Sequence[Any]:
    """The opinions on the items asked, of a filter that compares items among those shown."""
    if isinstance(one.part, Comparing):
        one.part.collect(shown)
    return one.part.judge(asked)


def measured(measures: Artifact, one: ReadyFilter) -> Measured:
    """A filter's errors, by its thresholds of today; nothing is judged.

    Args:
        measures: as `Bench.measures` gives them.
        one: the filter with the settings of today. One that only measures, with the part `keep`, is taken as if it put aside.
    """
    clean, faults = measures.table(CLEAN), measures.table(FAULTS)
    aside, kinds = _aside(faults, one), np.array(faults[KIND].to_pylist(), object)
    of_kinds = {kind: Tally(int(aside[kinds == kind].sum()), int((kinds == kind).sum())) for kind in sorted(set(kinds))}
    wrong = _aside(clean, one)
    counts = wrong | ~np.asarray(pc.and_(clean["applies"], pc.is_null(clean["score"])))
    return Measured(measures, Tally(int(wrong.sum()), int(counts.sum())), of_kinds)


def _aside(opinions: pa.Table, one: ReadyFilter) -> np.ndarray:
    """[items] whether each is put aside."""
    if one.settings.part == "keep":
        one = replace(one, settings=one.settings.model_copy(update={"part": "noise"}))
    return np.asarray(pc.not_equal(parts(opinions, one), "keep"), bool)
