"""Shards: so many prompts, and the tables of what was answered to them. A shard is done when all its tables are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from potstill.generate.asking import Asking
from potstill.generate.selection import Choice, Selected
from potstill.generate.traces import Drawn, table_of
from potstill.models.scorings import Scoring, to_table
from potstill.store.artifact import Artifact, Workspace
from potstill.store.tables import from_rows, rows
from potstill.types import Prompt, ScoringMode, Verdict

TRACES, SCORINGS, VERDICTS = "traces", "scorings", "verdicts"
"""The tables of a shard; the last, and a table of the choice's own, where not every answer is kept. The traces are written last."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Prompts that are answered in one file.

    Attributes:
        number: of the file.
        asked: the prompts.
    """

    number: int
    asked: list[Asking]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was answered to a shard, prompt by prompt, teacher by teacher, draw by draw."""

    drawn: list[Drawn]
    scorings: list[Scoring]
    selected: list[Selected]

    @classmethod
    def of(cls, answers: Iterable[Selected], mode: ScoringMode, others: Mapping[str, Sequence[Scoring]]) -> Gathered:
        """The answers with what was expected in them.

        Args:
            answers: in order.
            mode: how those who gave them came to their tokens.
            others: trace id -> what other teachers expected in it.
        """
        selected = list(answers)
        drawn = [each for one in selected for each in one.drawn]
        scorings: list[Scoring] = []
        for one in drawn:
            if len(one.outlook):
                scorings.append(Scoring(one.id, one.trace.teacher_id, mode, one.outlook))
            scorings += others.get(one.id, ())
        return cls(drawn, scorings, selected)

    def write(self, workspace: Workspace, number: int, *, choice: Choice | None) -> None:
        """Write the shard's tables; `choice` says which draws are kept, where not all are."""
        workspace.write_table(SCORINGS, to_table(self.scorings), number)
        if choice is not None:
            verdicts = [verdict for one in self.selected for verdict in one.verdicts]
            chosen = [one.row for one in self.selected if one.row is not None]
            workspace.write_table(VERDICTS, from_rows(verdicts, Verdict), number)
            workspace.write_table(choice.name, pa.Table.from_pylist(chosen, choice.schema), number)
        workspace.write_table(TRACES, table_of(self.drawn), number)


def done(workspace: Workspace, number: int, *, choice: Choice | None) -> bool:
    """Whether all the shard's tables are there."""
    chosen = () if choice is None else (VERDICTS, choice.name)
    return all(workspace.has_table(name, number) for name in (TRACES, SCORINGS, *chosen))


def left(prompts: Artifact, size: int, numbers: set[int]) -> Iterator[Shard]:
    """The shards of these numbers, one at a time: the prompts of the others are passed over.

    Args:
        prompts: the artifact of the stage `prompts`.
        size: prompts a shard.
        numbers: which.
    """
    for number, table in enumerate(prompts.stream("prompts", size=size)):
        if number in numbers:
            pairs = zip(table["id"].to_pylist(), rows(table, Prompt), strict=True)
            yield Shard(number, [Asking(id_, prompt) for id_, prompt in pairs])


def together(shards: Iterable[Shard], most: int) -> Iterator[list[Shard]]:
    """Shards in groups of about `most` prompts, at least one each."""
    group: list[Shard] = []
    for shard in shards:
        group.append(shard)
        if sum(len(one.asked) for one in group) >= most:
            yield group
            group = []
    if group:
        yield group


def tokens(drawn: Sequence[Drawn]) -> int:
    """How many tokens were answered."""
    return sum(len(one.trace.token_ids) for one in drawn)
