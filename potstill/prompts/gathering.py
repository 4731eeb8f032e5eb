"""Gathering: sources in, tables of prompts out, nothing twice and nothing in both. What is in memory does not grow with the prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from potstill.errors import InputError
from potstill.prompts.once import Once, Seen, numbers
from potstill.prompts.opening import Sources, open_sources
from potstill.prompts.sheets import Sheets
from potstill.prompts.sifting import Aside, sift
from potstill.store.artifact import Artifact, Workspace
from potstill.store.log import Task
from potstill.store.run import Run
from potstill.store.tables import SCHEMAS, from_rows
from potstill.types import Prompt

GATHERED = "prompts.gathered"
"""The part of the stage that reads sources: it is kept by itself, so that other filters and another mixture read nothing anew."""
CANDIDATES, VALIDATION, EVALUATION, QUARANTINE = "candidates", "validation", "evaluation", "quarantine"
ASIDE = pa.schema([(name, pa.string()) for name in ("where", "what", "fix", "raw", "source", "use")])
"""A row that was set aside: its place, what is wrong, the remedy, its text (cut), its source and the section of the recipe."""
TOGETHER = 256
"""Rows set aside that are held before they are handed on: each may be some KB."""
WILD = "wild"
"""The sample of what is asked in use: nothing is trained on it, and nothing is held out because of it."""
_NAMES = {"evaluate": EVALUATION, "validation": VALIDATION, "prompts": CANDIDATES, "wild": WILD}


def gathered(run: Run) -> Artifact:
    """The prompts of a recipe's sources: what may be trained on, what training is validated on, and what only evaluates.

    A prompt that stands twice is kept once; one that also validates or evaluates is not trained on. Malformed rows are set aside.

    Returns:
        the artifact: `candidates-00000.parquet`, …, `validation-…`, `evaluation-…`, and `quarantine-…` with the columns `ASIDE`.

    Raises:
        RecipeError: an unknown source, setting, column or grader.
        InputError: a source cannot be read, too much of one is malformed, the same prompt is labelled in two ways, or nothing is left to
            ask.
    """
    sources = open_sources(run.recipe)
    with run.locked():
        sources.keep(run.folder, run.log.say)
    most = run.recipe.prompts.max_quarantined
    section = {"max_quarantined": most, **{use: [one.facts() for one in some] for use, some in sources.uses().items()}}

    def work(workspace: Workspace) -> Mapping[str, Any]:
        with run.log.task("prompts", None, "prompts") as task:
            return _gather(workspace, sources, most, task)

    return run.perform(GATHERED, section=section, inputs={}, parts=sources.identity(), work=work)


def _gather(workspace: Workspace, sources: Sources, most: float, task: Task) -> dict[str, Any]:
    """Read all, and write it; the numbers of what was found."""
    quarantine = _Quarantine(Sheets(workspace, QUARANTINE, ASIDE))
    held: list[Seen] = []
    counts = Counter({"duplicates": 0, "otherwise": 0, "in_both": 0})
    for use, some in sources.uses().items():
        sheets = Sheets(workspace, _NAMES[use], SCHEMAS[Prompt])
        once = Once(sheets.source_of)
        for batch in once.of(sift(some, most, partial(quarantine.add, use))):
            kept = _without(batch, held) if use == "prompts" else batch
            counts["in_both"] += len(batch) - len(kept)
            sheets.add(from_rows([prompt for _, prompt in kept], Prompt, [id_ for id_, _ in kept]))
            task.advance(len(batch))
        counts.update({_NAMES[use]: sheets.close(), "duplicates": once.duplicates, "otherwise": once.otherwise})
        held.append(once.seen)
    if not counts[CANDIDATES]:
        where = ", ".join(one.opened.spec for one in sources.training)
        raise InputError("no prompts", where=where, fix="the sources are empty, or hold evaluation prompts only")
    return {**counts, "quarantined": quarantine.close(), "first_quarantined": quarantine.first}


def _without(batch: Sequence[tuple[str, Prompt]], held: Sequence[Seen]) -> list[tuple[str, Prompt]]:
    """Those of a batch that are not held out."""
    ids = numbers(id_ for id_, _ in batch)
    out = np.logical_or.reduce([seen.has(ids) for seen in held])
    return [pair for pair, held_out in zip(batch, out, strict=True) if not held_out]


@dataclass
class _Quarantine:
    """The rows that are set aside."""

    sheets: Sheets
    waiting: list[dict[str, str]] = field(default_factory=list)
    first: str = ""

    def add(self, use: str, aside: Aside) -> None:
        """One more."""
        self.first = self.first or aside.line()
        self.waiting.append({**asdict(aside.row), "source": aside.source, "use": use})
        if len(self.waiting) >= TOGETHER:
            self._hand_on()

    def close(self) -> int:
        """Write what is left; how many rows there are."""
        self._hand_on()
        return self.sheets.close()

    def _hand_on(self) -> None:
        self.sheets.add(pa.Table.from_pylist(self.waiting, ASIDE))
        self.waiting = []
