"""Labelling: what was gathered, with the labels that the recipe's labellers give; kept by itself, for it may have been paid for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from potstill.models import spending_of
from potstill.prompts.gathering import CANDIDATES, EVALUATION, VALIDATION, WILD
from potstill.sources.labels import Help, ReadyLabeller, Tally, label, ready_labellers
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import SCHEMAS, file_name, from_rows, rows
from potstill.types import Prompt

LABELLED = "prompts.labelled"
TABLES = (CANDIDATES, VALIDATION, EVALUATION, WILD)
SIZE = 1024
"""Prompts a part: an interrupted run has paid for no more than these again."""


def labelled(run: Run, gathered: Artifact) -> Artifact:
    """The prompts that were gathered, labelled.

    Args:
        run: its recipe names the labellers.
        gathered: what `gathering.gathered` made.

    Returns:
        the artifact: the tables of `gathered` but what was set aside, and its numbers. Without labellers `gathered` itself.

    Raises:
        RecipeError: an unknown labeller or setting.
        InputError, ModelError: what a labeller needs cannot be read or used.
    """
    labellers = ready_labellers(run.recipe.prompts.labels, Help(run.recipe.seed, spending_of(run)))
    if not labellers:
        return gathered

    def work(workspace: Workspace) -> Mapping[str, Any]:
        tables = [name for name in TABLES if file_name(name, 0) in gathered.manifest.files]
        found = [Tally() for _ in labellers]
        with run.log.task("prompts.labels", sum(map(gathered.count, tables)), "prompts") as task:
            for name in tables:
                if not gathered.count(name):
                    workspace.write_table(name, SCHEMAS[Prompt].empty_table(), 0)
                for number, table in enumerate(gathered.stream(name, size=SIZE)):
                    for tally, more in zip(found, _part(workspace, name, number, table, labellers), strict=True):
                        tally.add(more)
                    task.advance(len(table))
        for one, tally in zip(labellers, found, strict=True):
            run.log.say(_told(one.by, tally))
        return {**gathered.manifest.summary, "labels": {one.by: asdict(tally) for one, tally in zip(labellers, found, strict=True)}}

    section = [{"kind": one.info.name, **one.settings.model_dump(mode="json")} for one in labellers]
    parts = {key: value for one in labellers for key, value in one.identity.items()}
    return run.perform(LABELLED, section={"labels": section}, inputs={gathered.manifest.stage: gathered}, parts=parts, work=work)


def _part(workspace: Workspace, name: str, number: int, table: pa.Table, labellers: list[ReadyLabeller]) -> list[Tally]:
    """Label some prompts and write them, where an interrupted run has not; what became of what the labellers said."""
    place = workspace.scratch / f"{name}-{number}.json"
    if not (workspace.has_table(name, number) and place.is_file()):
        tallies = [Tally() for _ in labellers]
        found = label(list(rows(table, Prompt)), labellers, tallies)
        place.write_text(json.dumps([asdict(tally) for tally in tallies]), encoding="utf-8")
        workspace.write_table(name, from_rows(found, Prompt, table["id"].to_pylist()), number)
    return [Tally(**told) for told in json.loads(place.read_text(encoding="utf-8"))]


def _told(by: str, tally: Tally) -> str:
    line = f"prompts: {by} labelled {tally.labelled}, could not tell {tally.unlabelled}"
    if tally.conflicts:
        line += f"; {tally.conflicts} have another label, which holds, the first {tally.first or 'without a source'}"
    return line
