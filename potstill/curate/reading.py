"""What is judged, a batch at a time: prompts alone, or answers and their prompts, read along in one order and never held whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from potstill.curate.base import Item
from potstill.errors import StoreError
from potstill.models.scorings import Scoring, from_table
from potstill.store.artifact import Artifact
from potstill.store.joining import Lookup
from potstill.store.tables import SCHEMAS, file_name, rows
from potstill.types import Prompt, TeacherCard, Trace

PROMPTS, TRACES, SCORINGS, VERDICTS, TEACHERS = "prompts", "traces", "scorings", "verdicts", "teachers"
SIZE = 8192
"""Items a batch."""
TOGETHER = 256
"""Items that are judged at a time with what teachers expected in them."""
UNREAD = ("token_ids", "token_ends", "usage", "request", "response")
"""Columns of traces that no filter reads."""
_READ = [name for name in SCHEMAS[Trace].names if name not in UNREAD]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some items.

    Attributes:
        number: which batch, from 0.
        items: in the artifact's order.
        kept: of each, whether the stage that drew it has not put it aside already.
    """

    number: int
    items: list[Item]
    kept: list[bool]

    @property
    def candidates(self) -> list[Item]:
        """The items that have not been put aside already."""
        return [item for item, kept in zip(self.items, self.kept, strict=True) if kept]


@dataclass(frozen=True)
class Subject:
    """What is judged.

    Attributes:
        prompts: the artifact whose table holds the prompts.
        traces: the artifact of their answers; None: the prompts are judged alone.
        table: of the prompts.
    """

    prompts: Artifact
    traces: Artifact | None = None
    table: str = PROMPTS

    @property
    def inputs(self) -> dict[str, Artifact]:
        """The artifacts that it is read from."""
        return {each.manifest.stage: each for each in (self.prompts, self.traces) if each is not None}

    @property
    def folder(self) -> str:
        """Where it is read from, for errors."""
        return str((self.traces or self.prompts).folder)

    def count(self) -> int:
        """How many items there are."""
        return self.prompts.count(self.table) if self.traces is None else self.traces.count(TRACES)

    def teachers(self) -> dict[str, TeacherCard]:
        """Id -> card of those that answered."""
        return {} if self.traces is None else {card.id: card for card in rows(self.traces.table(TEACHERS), TeacherCard)}

    def batches(self, size: int = SIZE) -> Iterator[Batch]:
        """The items, in order.

        Raises:
            StoreError: a table is damaged, the traces do not follow the prompts, or verdicts on draws do not follow the traces.
        """
        if self.traces is None:
            for number, table in enumerate(self.prompts.stream(self.table, size=size)):
                pairs = zip(table["id"].to_pylist(), rows(table, Prompt), strict=True)
                yield Batch(number, [Item(id_, prompt) for id_, prompt in pairs], [True] * len(table))
        else:
            yield from self._answered(self.traces, size)

    def with_scorings(self, items: Sequence[Item]) -> Iterator[list[Item]]:
        """The items with what teachers expected in them, a few in memory at a time."""
        for start in range(0, len(items), TOGETHER):
            some = items[start : start + TOGETHER]
            found = self._scorings.rows(pa.array([item.trace_id for item in some]))
            of: dict[str, list[Scoring]] = {}
            for scoring in from_table(found) if found is not None else ():
                of.setdefault(scoring.trace_id, []).append(scoring)
            yield [replace(item, scorings=tuple(of.get(item.trace_id, ()))) for item in some]

    @cached_property
    def _scorings(self) -> Lookup:
        return Lookup((self.traces or self.prompts).folder, SCORINGS, "trace_id")

    def _answered(self, traces: Artifact, size: int) -> Iterator[Batch]:
        asked = _Asked(self.prompts, self.table)
        said = traces.stream(VERDICTS, ["trace_id", "part"], size) if judged(traces) else None
        for number, table in enumerate(traces.stream(TRACES, _READ, size)):
            ids, prompt_ids = table["id"].to_pylist(), table["prompt_id"].to_pylist()
            prompts = asked.of(prompt_ids)
            items = [
                Item(prompt_id, prompts[prompt_id], id_, trace)
                for id_, prompt_id, trace in zip(ids, prompt_ids, rows(table, Trace), strict=True)
            ]
            yield Batch(number, items, [True] * len(items) if said is None else _kept(next(said), ids, traces))


def judged(traces: Artifact) -> bool:
    """Whether the stage that drew the traces said of each whether it is kept."""
    return file_name(VERDICTS, 0) in traces.manifest.files


def _kept(verdicts: pa.Table, ids: list[str], traces: Artifact) -> list[bool]:
    if verdicts["trace_id"].to_pylist() != ids:
        raise StoreError("the verdicts are on other traces", where=str(traces.folder), fix="make its stage again with --force")
    return [part == "keep" for part in verdicts["part"].to_pylist()]


class _Asked:
    """Prompts, read as far as the traces have come."""

    def __init__(self, prompts: Artifact, table: str) -> None:
        self._where = str(prompts.folder)
        self._held: dict[str, Prompt] = {}
        self._coming = _prompts(prompts, table)

    def of(self, ids: Sequence[str]) -> dict[str, Prompt]:
        """The prompts of a batch; those before its last one are let go, for the next batch begins there or later."""
        missing = set(ids) - self._held.keys()
        while missing:
            id_, prompt = next(self._coming, (None, None))
            if id_ is None or prompt is None:
                what = f"the traces do not follow the prompts: none is left for {next(iter(missing))}"
                raise StoreError(what, where=self._where, fix="run `potstill generate` again")
            self._held[id_] = prompt
            missing.discard(id_)
        found = {id_: self._held[id_] for id_ in ids}
        for id_ in list(self._held):
            if id_ == ids[-1]:
                break
            del self._held[id_]
        return found


def _prompts(prompts: Artifact, name: str) -> Iterator[tuple[str, Prompt]]:
    for table in prompts.stream(name, size=1024):
        yield from zip(table["id"].to_pylist(), rows(table, Prompt), strict=True)
