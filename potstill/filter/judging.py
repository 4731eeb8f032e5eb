"""Judging: every filter says what it thinks of every trace, and a policy decides. What is in memory does not grow with the traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow.compute as pc

from potstill.curate.base import Context, ReadyFilter, ready
from potstill.curate.deciding import DECISIONS, Judged, check_some_kept, policy_of, write_decisions
from potstill.curate.judging import opinions
from potstill.curate.measuring import Bench
from potstill.curate.policy import PARTS, UNMEASURED, VERSION
from potstill.curate.reading import SIZE, TRACES, VERDICTS, Subject
from potstill.curate.rulings import identity
from potstill.errors import StoreError
from potstill.models import spending_of
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import rows
from potstill.types import Part, Prompt, Trace

SECTIONS = ("filters", "policy", "measure")
"""The sections of the recipe that verdicts and decisions follow, beside the seed."""


@dataclass(frozen=True)
class Cut(Artifact):
    """The traces in three parts: the artifact of the decisions, and the traces that they are about.

    Attributes:
        traces: the artifact of the stage `generate`.
    """

    traces: Artifact

    @property
    def keep(self) -> list[Trace]:
        """What the student learns from."""
        return list(self.of("keep"))

    @property
    def hazard(self) -> list[Trace]:
        """What it must not learn: half A may be used against it, half B only evaluates."""
        return list(self.of("hazard"))

    @property
    def noise(self) -> list[Trace]:
        """What is wrong, or said before."""
        return list(self.of("noise"))

    def of(self, part: Part) -> Iterator[Trace]:
        """The traces of one part, one at a time."""
        decided = self.stream(DECISIONS, ["part"], SIZE)
        for traces, decisions in zip(self.traces.stream(TRACES, size=SIZE), decided, strict=True):
            yield from rows(traces.filter(pc.equal(decisions["part"], part)), Trace)

    def parts(self) -> dict[str, Part]:
        """Trace id -> where it goes."""
        return dict(self._parts)

    @cached_property
    def _parts(self) -> dict[str, Part]:
        table = self.table(DECISIONS)
        return dict(zip(table["trace_id"].to_pylist(), table["part"].to_pylist(), strict=True))


def judge(run: Run, traces: Artifact, *, measure: bool = False) -> Cut:
    """Verdicts of every filter of the recipe on every trace, and the decision over them.

    What a filter thinks is kept by filter, so that a changed threshold, policy or ruling decides anew in seconds, and a changed filter
    alone judges again. Where the stage `generate` kept the best of several draws, its verdicts stand beside the filters'.

    Args:
        run: its recipe names the filters.
        traces: what `generate.draw` made.
        measure: the filters' errors are measured first, where that has not been done. What is known of them stands in the verdicts.

    Returns:
        the artifact: `verdicts-00000.parquet`, … and `decisions-00000.parquet`, …, a row a trace in the traces' order.

    Raises:
        RecipeError: an unknown filter, setting or judge.
        InputError: no trace is kept; the message says which filter took how many.
        StoreError: the traces are of other prompts than the run's.
    """
    prompts = run.artifact("prompts")
    if traces.manifest.inputs.get("prompts") != prompts.content:
        raise StoreError("these traces answer other prompts", where=str(traces.folder), fix="run `potstill generate` again")
    subject = Subject(prompts, traces)

    def evaluation() -> Iterator[Prompt]:
        return (prompt for table in prompts.stream("evaluation") for prompt in rows(table, Prompt))

    context = Context(run.recipe.seed, spending_of(run), subject.teachers(), evaluation)

    def fresh() -> list[ReadyFilter]:
        return ready(run.recipe.filters, "filters", context)

    filters = fresh()
    known = Bench(run, "filter", {"prompts": prompts}, True, fresh).measured(filters, make=measure)
    rates = {by: one.rates for by, one in known.items()}
    found = [Judged(one, opinions(run, "filter", one, subject), rates.get(one.by, UNMEASURED)) for one in filters]

    def work(workspace: Workspace) -> Mapping[str, Any]:
        summary = write_decisions(workspace, subject, found, policy_of(run, subject))
        check_some_kept(summary, "trace", "filters")
        run.log.say("filter: " + ", ".join(f"{summary[part]} {part}" for part in PARTS))
        return {**summary, "measured": {by: one.facts() for by, one in known.items()}} if known else summary

    section = {"filters": [{"kind": one.info.name, **one.settings.model_dump()} for one in filters], "policy": run.recipe.policy}
    read = [*(each.opinions for each in found), *(each.measures for each in known.values())]
    inputs = {"prompts": prompts, "generate": traces, **{each.manifest.stage: each for each in read}}
    parts = {"policy": VERSION, **identity(run)}
    made = run.perform("filter", section=section, inputs=inputs, parts=parts, work=work, beside=[VERDICTS])
    return Cut(made.folder, made.manifest, traces)
