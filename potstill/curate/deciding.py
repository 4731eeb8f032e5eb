"""Deciding: opinions that are there already become verdicts and a decision. No filter, no model and no teacher is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from potstill.attacks import only_evaluates
from potstill.curate.base import ReadyFilter
from potstill.curate.judging import OPINIONS
from potstill.curate.policy import PARTS, UNMEASURED, Policy, Rates, count_parts, count_verdicts, decide, verdicts
from potstill.curate.reading import SIZE, TRACES, VERDICTS, Subject, judged
from potstill.curate.rulings import rulings
from potstill.errors import InputError
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import SCHEMAS
from potstill.types import Prompt, Verdict

DECISIONS = "decisions"
NO_VERDICTS = SCHEMAS[Verdict].empty_table()


@dataclass(frozen=True, slots=True)
class Judged:
    """A filter, what it thinks of every item, and what is known of its errors."""

    filter: ReadyFilter
    opinions: Artifact
    rates: Rates = UNMEASURED


def policy_of(run: Run, subject: Subject) -> Policy:
    """How a run decides on its items: as its recipe says, with what people ruled."""
    return Policy(run.recipe.policy, rulings(run), frozenset(_evaluating(subject)))


def _evaluating(subject: Subject) -> Iterator[str]:
    """The ids of prompts that only evaluate."""
    known: dict[tuple[Any, ...], bool] = {}
    names = ("intent", "half", "wrapper")
    for table in subject.prompts.stream(subject.table, ["id", *names]):
        for id_, *labels in zip(*(table[name].to_pylist() for name in ("id", *names)), strict=True):
            kind = tuple(labels)
            if kind not in known:
                known[kind] = only_evaluates(Prompt((), **dict(zip(names, kind, strict=True))))
            if known[kind]:
                yield id_


def write_decisions(workspace: Workspace, subject: Subject, found: Sequence[Judged], policy: Policy) -> dict[str, Any]:
    """Write the verdicts of all filters and the decision over them, a batch a file.

    Where the stage that drew the traces judged them itself, its verdicts stand before the filters' and count as theirs do.

    Returns:
        how many items are in each part, and under `filters` what each filter said and how many it could not judge.
    """
    streams = [one.opinions.stream(OPINIONS, size=SIZE) for one in found]
    own = [subject.traces.stream(VERDICTS, size=SIZE)] if subject.traces is not None and judged(subject.traces) else []
    for number, ids in enumerate(_ids(subject)):
        said = [next(each) for each in own]
        said += [verdicts(next(each), one.filter, one.rates) for each, one in zip(streams, found, strict=True)]
        workspace.write_table(VERDICTS, pa.concat_tables([NO_VERDICTS, *said]), number)
        workspace.write_table(DECISIONS, decide(said, ids, policy), number)
    decided = count_parts(workspace.stream(DECISIONS, ["part"]))
    return {**decided, "filters": count_verdicts(workspace.stream(VERDICTS, ["by", "part", "score", "applies"]))}


def _ids(subject: Subject) -> Iterator[pa.Table]:
    """The columns that `decide` needs of every item."""
    if subject.traces is not None:
        for table in subject.traces.stream(TRACES, ["id", "prompt_id", "finish_reason"], SIZE):
            yield table.rename_columns(["trace_id", "prompt_id", "finish_reason"])
        return
    for table in subject.prompts.stream(subject.table, ["id"], SIZE):
        blank = pa.repeat(pa.scalar(""), len(table))
        yield pa.table({"trace_id": blank, "prompt_id": table["id"], "finish_reason": pa.nulls(len(table), pa.string())})


def check_some_kept(summary: Mapping[str, Any], what: str, where: str) -> None:
    """Something is left.

    Args:
        summary: as `write_decisions` returns it.
        what: of which nothing else is left: `trace`.
        where: the recipe's key of the filters.

    Raises:
        InputError: nothing is kept; the message says which filter took how many.
    """
    if summary["keep"]:
        return
    total = sum(summary[part] for part in PARTS)
    taken = Counter({(by, part): counts[part] for by, counts in summary["filters"].items() for part in PARTS if part != "keep"})
    told = ", ".join(f"{by!r} put {count} of {total} into {part}" for (by, part), count in taken.most_common() if count)
    fix = "look at the verdicts' reasons with other filters, or ask other prompts"
    raise InputError(f"no {what} is kept: {told or 'all are of half B, which only evaluates'}", where=where, fix=fix)
