"""Judging: what each filter thinks of each item, kept by filter, so that a changed one alone judges again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from potstill.curate.base import Comparing, Item, Opinion, ReadyFilter, Telling
from potstill.curate.reading import SIZE, Batch, Subject
from potstill.errors import RecipeError
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run

OPINIONS = "opinions"
COLUMNS = pa.schema(
    [
        ("trace_id", pa.string()),
        ("prompt_id", pa.string()),
        ("applies", pa.bool_()),
        ("score", pa.float64()),
        ("why", pa.string()),
        ("evidence", pa.string()),
        ("within", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
    ]
)
"""A row an item, in their order: whose it is, and the fields of an `Opinion`."""


def check_reads(filters: Sequence[ReadyFilter], *, answers: bool, where: str) -> None:
    """Every filter can be given what it reads.

    Args:
        filters: of the recipe.
        answers: whether there are answers; else prompts are judged alone.
        where: the recipe's key.

    Raises:
        RecipeError: a filter reads answers, and there are none.
    """
    for i, one in enumerate(filters):
        if not answers and one.reads - {"prompt"}:
            what = f"the filter {one.info.name!r} judges answers, and there are none before the teachers are asked"
            raise RecipeError(what, where=f"{where}.{i}", fix="move it to [[filters]]")


def opinions(run: Run, stage: str, one: ReadyFilter, subject: Subject) -> Artifact:
    """What a filter thinks of every item: kept where it is there, else made, a batch at a time.

    Args:
        run: whose folder it is kept in, as `<stage>.<filter>`.
        stage: on whose behalf.
        one: a fresh filter.
        subject: what is judged.

    Returns:
        the artifact: `opinions-00000.parquet`, …, with the columns `COLUMNS`.
    """

    def work(workspace: Workspace) -> dict[str, Any]:
        if isinstance(one.part, Comparing):
            for batch in subject.batches(SIZE):
                one.part.collect(batch.candidates)
        with run.log.task(f"{stage} {one.by}", subject.count(), "items") as task:
            for batch in subject.batches(SIZE):
                if not workspace.has_table(OPINIONS, batch.number):
                    workspace.write_table(OPINIONS, opinions_table(batch.items, _judge(one, subject, batch)), batch.number)
                task.advance(len(batch.items))
        told = dict(one.part.told()) if isinstance(one.part, Telling) else {}
        if told:
            run.log.say(f"{stage} {one.by}: " + ", ".join(f"{name} {value}" for name, value in told.items()))
        return {"filter": one.by, "items": subject.count(), **told}

    section = {"kind": one.info.name, **one.settings.decisive()}
    return run.perform(f"{stage}.{one.by}", section=section, inputs=subject.inputs, parts=one.identity, work=work)


def _judge(one: ReadyFilter, subject: Subject, batch: Batch) -> list[Opinion]:
    if "scorings" not in one.reads:
        return one.part.judge(batch.items)
    return list(chain.from_iterable(one.part.judge(some) for some in subject.with_scorings(batch.items)))


def opinions_table(items: Sequence[Item], found: Sequence[Opinion]) -> pa.Table:
    """[items] what was thought of each, with the columns `COLUMNS`."""
    if len(items) != len(found):
        raise ValueError(f"{len(items)} items and {len(found)} opinions")
    columns = [[getattr(one, name) for one in (items if name in ("trace_id", "prompt_id") else found)] for name in COLUMNS.names]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, COLUMNS, strict=True)], schema=COLUMNS)
