"""Traces with their prompts, a batch at a time: both are read along in one order, so that neither is held whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from potstill.errors import StoreError
from potstill.store.artifact import Artifact
from potstill.store.tables import file_name, rows
from potstill.types import Prompt, Trace, Verdict

TRACES, VERDICTS = "traces", "verdicts"
SIZE = 8192
"""Traces a batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some traces.

    Attributes:
        number: which batch, from 0.
        traces: in the artifact's order.
        prompts: prompt id -> prompt, for each of them.
        said: what the stage that drew them said of each, where it judged them.
    """

    number: int
    traces: list[Trace]
    prompts: dict[str, Prompt]
    said: list[Verdict]

    @property
    def candidates(self) -> list[Trace]:
        """The traces that have not been put aside already."""
        if not self.said:
            return self.traces
        return [trace for trace, verdict in zip(self.traces, self.said, strict=True) if verdict.part == "keep"]


def batches(traces: Artifact, prompts: Artifact, size: int = SIZE) -> Iterator[Batch]:
    """The traces of an artifact with their prompts.

    Args:
        traces: of the stage `generate`.
        prompts: of the stage `prompts`.
        size: traces a batch.

    Raises:
        StoreError: a table is damaged, the traces do not follow the prompts, or verdicts on draws do not follow the traces.
    """
    asked = _Asked(prompts)
    said = traces.stream(VERDICTS, size=size) if judged(traces) else None
    for number, table in enumerate(traces.stream(TRACES, size=size)):
        verdicts = [] if said is None else list(rows(next(said), Verdict))
        if said is not None and [verdict.trace_id for verdict in verdicts] != table["id"].to_pylist():
            raise StoreError("the verdicts are on other traces", where=str(traces.folder), fix="make its stage again with --force")
        yield Batch(number, list(rows(table, Trace)), asked.of(table["prompt_id"].to_pylist()), verdicts)


def judged(traces: Artifact) -> bool:
    """Whether the stage that drew the traces said of each whether it is kept."""
    return file_name(VERDICTS, 0) in traces.manifest.files


class _Asked:
    """Prompts, read as far as the traces have come."""

    def __init__(self, prompts: Artifact) -> None:
        self._where = str(prompts.folder)
        self._held: dict[str, Prompt] = {}
        self._coming = _prompts(prompts)

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


def _prompts(prompts: Artifact) -> Iterator[tuple[str, Prompt]]:
    for table in prompts.stream("prompts", size=1024):
        yield from zip(table["id"].to_pylist(), rows(table, Prompt), strict=True)
