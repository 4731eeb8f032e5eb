"""Judging: every filter says what it thinks of every trace, and a policy decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from potstill.errors import InputError, StoreError
from potstill.filter.base import ReadyFilter, ready
from potstill.filter.policy import Decision, decide
from potstill.registry import find
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import from_rows, rows
from potstill.types import Part, Prompt, Trace, Verdict

DECISIONS = pa.schema([("trace_id", pa.string()), ("prompt_id", pa.string()), ("part", pa.string()), ("because", pa.list_(pa.string()))])
POLICY = "1"
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
        return self._of("keep")

    @property
    def hazard(self) -> list[Trace]:
        """What it must not learn: half A may be used against it, half B only evaluates."""
        return self._of("hazard")

    @property
    def noise(self) -> list[Trace]:
        """What is wrong, or said before."""
        return self._of("noise")

    def parts(self) -> dict[str, Part]:
        """Trace id -> where it goes."""
        return dict(self._parts)

    @cached_property
    def _parts(self) -> dict[str, Part]:
        table = self.table("decisions")
        return dict(zip(table["trace_id"].to_pylist(), table["part"].to_pylist(), strict=True))

    @cached_property
    def _traces(self) -> list[Trace]:
        return list(rows(self.traces.table("traces"), Trace))

    def _of(self, part: Part) -> list[Trace]:
        return [trace for trace in self._traces if self._parts[trace.id] == part]


def judge(run: Run, traces: Artifact) -> Cut:
    """Verdicts of every filter of the recipe on every trace, and the decision over them.

    Args:
        run: its recipe names the filters.
        traces: what `generate.draw` made.

    Returns:
        the artifact: `verdicts.parquet` and `decisions.parquet`.

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
    asked = {prompt.id: prompt for prompt in rows(prompts.table("prompts"), Prompt)}
    parts.update(_judges(asked.values(), filters))

    def work(workspace: Workspace) -> Mapping[str, Any]:
        found = list(rows(traces.table("traces"), Trace))
        verdicts = [verdict for one in filters for verdict in one.judge(found, asked)]
        decisions = decide(found, asked, verdicts)
        _check_some_kept(decisions, verdicts)
        workspace.write_table("verdicts", from_rows(verdicts, Verdict))
        workspace.write_table("decisions", _table(decisions))
        summary = _summary(decisions, verdicts)
        run.log.say("filter: " + ", ".join(f"{summary[part]} {part}" for part in ("keep", "hazard", "noise")))
        return summary

    section = {"filters": [{"kind": one.info.name, **one.settings.model_dump()} for one in filters]}
    inputs = {"prompts": prompts, "generate": traces}
    made = run.perform("filter", section=section, inputs=inputs, parts=parts, work=work)
    return Cut(made.folder, made.manifest, traces)


def _judges(prompts: Any, filters: Sequence[ReadyFilter]) -> dict[str, str]:
    """The versions of all judges that a verdict may depend on."""
    graders = {prompt.grader for prompt in prompts} | {getattr(one.settings, "grader", None) for one in filters}
    return {f"judge {name}": find("judge", name, where="grader").version for name in sorted(filter(None, graders))}


def _table(decisions: Sequence[Decision]) -> pa.Table:
    columns = [[getattr(decision, name) for decision in decisions] for name in DECISIONS.names]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, DECISIONS, strict=True)], schema=DECISIONS)


def _check_some_kept(decisions: Sequence[Decision], verdicts: Sequence[Verdict]) -> None:
    if any(decision.part == "keep" for decision in decisions):
        return
    taken = Counter((verdict.by, verdict.part) for verdict in verdicts if verdict.part != "keep")
    told = ", ".join(f"{by!r} put {count} of {len(decisions)} into {part}" for (by, part), count in taken.most_common())
    fix = "look at the verdicts' reasons with other filters, or ask other prompts"
    raise InputError(f"no trace is kept: {told or 'all are of half B, which only evaluates'}", where="filters", fix=fix)


def _summary(decisions: Sequence[Decision], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """How many traces are in each part, what each filter said, and how many it could not judge."""
    parts = Counter(decision.part for decision in decisions)
    filters: dict[str, dict[str, int]] = {}
    for verdict in verdicts:
        counts = filters.setdefault(verdict.by, {"keep": 0, "hazard": 0, "noise": 0, "unjudged": 0})
        counts[verdict.part] += 1
        counts["unjudged"] += verdict.score is None
    return {"keep": parts["keep"], "hazard": parts["hazard"], "noise": parts["noise"], "filters": filters}
