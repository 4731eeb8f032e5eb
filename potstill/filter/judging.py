"""Judging: every filter says what it thinks of every trace, and a policy decides. What is in memory does not grow with the traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from potstill.errors import InputError, StoreError
from potstill.filter.base import ReadyFilter, ready
from potstill.filter.pairing import SIZE, TRACES, VERDICTS, Batch, batches
from potstill.filter.policy import Decision, decide
from potstill.registry import find
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import from_rows, rows
from potstill.types import Part, Trace, Verdict

DECISIONS = "decisions"
"""The table of where each trace goes, in the traces' order."""
COLUMNS = pa.schema([("trace_id", pa.string()), ("prompt_id", pa.string()), ("part", pa.string()), ("because", pa.list_(pa.string()))])
PARTS: tuple[Part, ...] = ("keep", "hazard", "noise")
POLICY = "2"
"""Raised when the same verdicts would give another decision."""


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


def judge(run: Run, traces: Artifact) -> Cut:
    """Verdicts of every filter of the recipe on every trace, and the decision over them.

    Where the stage `generate` kept the best of several draws, its verdicts stand beside the filters' and count as theirs do.

    Args:
        run: its recipe names the filters.
        traces: what `generate.draw` made.

    Returns:
        the artifact: `verdicts-00000.parquet`, … and `decisions-00000.parquet`, …, a row a trace in the traces' order.

    Raises:
        RecipeError: an unknown filter, setting or judge.
        InputError: no trace is kept; the message says which filter took how many.
        StoreError: the traces are of other prompts than the run's.
    """
    filters = [ready(section, f"filters.{i}") for i, section in enumerate(run.recipe.filters)]
    prompts = run.artifact("prompts")
    if traces.manifest.inputs.get("prompts") != prompts.content:
        raise StoreError("these traces answer other prompts", where=str(traces.folder), fix="run `potstill generate` again")
    parts = {"policy": POLICY, **{f"filter {one.info.name}": one.info.version for one in filters}}
    parts.update(_judges(prompts, filters))

    def work(workspace: Workspace) -> Mapping[str, Any]:
        _collect(filters, traces, prompts)
        with run.log.task("filter", traces.count(TRACES), "traces") as task:
            for batch in batches(traces, prompts):
                if not all(workspace.has_table(name, batch.number) for name in (VERDICTS, DECISIONS)):
                    _judge(workspace, batch, filters)
                task.advance(len(batch.traces))
        summary = _summary(workspace)
        _check_some_kept(summary)
        run.log.say("filter: " + ", ".join(f"{summary[part]} {part}" for part in PARTS))
        return summary

    section = {"filters": [{"kind": one.info.name, **one.settings.model_dump()} for one in filters]}
    inputs = {"prompts": prompts, "generate": traces}
    made = run.perform("filter", section=section, inputs=inputs, parts=parts, work=work)
    return Cut(made.folder, made.manifest, traces)


def _judges(prompts: Artifact, filters: Sequence[ReadyFilter]) -> dict[str, str]:
    """The versions of all judges that a verdict may depend on."""
    graders = {getattr(one.settings, "grader", None) for one in filters}
    for table in prompts.stream("prompts", ["grader"]):
        graders.update(pc.unique(table["grader"]).to_pylist())
    return {f"judge {name}": find("judge", name, where="grader").version for name in sorted(filter(None, graders))}


def _collect(filters: Sequence[ReadyFilter], traces: Artifact, prompts: Artifact) -> None:
    """Show the traces to the filters that compare them."""
    comparing = [one for one in filters if one.compares]
    for batch in batches(traces, prompts) if comparing else ():
        for one in comparing:
            one.collect(batch.candidates, batch.prompts)


def _judge(workspace: Workspace, batch: Batch, filters: Sequence[ReadyFilter]) -> None:
    """Judge a batch and write what comes of it."""
    verdicts = [*batch.said, *(verdict for one in filters for verdict in one.judge(batch.traces, batch.prompts))]
    decisions = decide(batch.traces, batch.prompts, verdicts)
    workspace.write_table(VERDICTS, from_rows(verdicts, Verdict), batch.number)
    workspace.write_table(DECISIONS, _table(decisions), batch.number)


def _table(decisions: Sequence[Decision]) -> pa.Table:
    columns = [[getattr(decision, name) for decision in decisions] for name in COLUMNS.names]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, COLUMNS, strict=True)], schema=COLUMNS)


def _summary(workspace: Workspace) -> dict[str, Any]:
    """How many traces are in each part, what each filter said, and how many it could not judge."""
    parts: Counter[str] = Counter()
    for table in workspace.stream(DECISIONS, ["part"]):
        parts.update(table["part"].to_pylist())
    said: dict[str, dict[str, int]] = {}
    for table in workspace.stream(VERDICTS, ["by", "part", "score"]):
        unjudged = ("score", "count", pc.CountOptions(mode="only_null"))
        for row in table.group_by(["by", "part"], use_threads=False).aggregate([("part", "count"), unjudged]).to_pylist():
            counts = said.setdefault(row["by"], {"keep": 0, "hazard": 0, "noise": 0, "unjudged": 0})
            counts[row["part"]] += row["part_count"]
            counts["unjudged"] += row["score_count"]
    return {**{part: parts[part] for part in PARTS}, "filters": said}


def _check_some_kept(summary: Mapping[str, Any]) -> None:
    if summary["keep"]:
        return
    total = sum(summary[part] for part in PARTS)
    taken = Counter({(by, part): counts[part] for by, counts in summary["filters"].items() for part in PARTS if part != "keep"})
    told = ", ".join(f"{by!r} put {count} of {total} into {part}" for (by, part), count in taken.most_common() if count)
    fix = "look at the verdicts' reasons with other filters, or ask other prompts"
    raise InputError(f"no trace is kept: {told or 'all are of half B, which only evaluates'}", where="filters", fix=fix)
