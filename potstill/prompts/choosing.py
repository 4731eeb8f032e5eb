"""Choosing: of the candidates those are asked that the recipe's filters keep; what they say of each stands beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from potstill.curate.base import Context, ReadyFilter, ready
from potstill.curate.deciding import DECISIONS, Judged, check_some_kept, policy_of, write_decisions
from potstill.curate.judging import check_reads, opinions
from potstill.curate.measuring import Bench, Measured
from potstill.curate.policy import UNMEASURED, VERSION
from potstill.curate.reading import SIZE, Subject
from potstill.curate.rulings import identity
from potstill.models import spending_of
from potstill.prompts.gathering import CANDIDATES, EVALUATION
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import rows
from potstill.types import Prompt

WHERE = "prompts.filters"


def check_filters(run: Run) -> None:
    """Whether the recipe's filters on prompts can be used, before anything is read or paid for.

    Raises:
        RecipeError: an unknown filter or setting, or a filter that judges answers.
    """
    check_reads(ready(run.recipe.prompts.filters, WHERE, Context(run.recipe.seed)), answers=False, where=WHERE)


@dataclass(frozen=True)
class Kept:
    """The candidates that are kept, in their order; read anew by each call, and never held whole.

    Attributes:
        gathered: the artifact of the candidates.
        decided: where the decisions on them stand; None where there are no filters, and all are kept.
    """

    gathered: Artifact
    decided: Workspace | None = None

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Some at a time; `columns` alone, where they are named."""
        candidates = self.gathered.stream(CANDIDATES, columns, SIZE)
        if self.decided is None:
            yield from candidates
            return
        for table, decisions in zip(candidates, self.decided.stream(DECISIONS, ["part"], SIZE), strict=True):
            yield table.filter(pc.equal(decisions["part"], "keep"))

    def prompts(self) -> Iterator[Prompt]:
        """One at a time."""
        return (prompt for table in self.tables() for prompt in rows(table, Prompt))


@dataclass(frozen=True)
class Chooser:
    """The recipe's filters on prompts, and what they think of the candidates.

    Attributes:
        run: whose recipe it is.
        gathered: the artifact of the candidates.
        judged: the filters in the recipe's order, with their opinions and, as far as they were measured, their errors.
        known: of those that were measured all that was found.
    """

    run: Run
    gathered: Artifact
    judged: Sequence[Judged]
    known: Mapping[str, Measured]

    @classmethod
    def of(cls, run: Run, gathered: Artifact, *, measure: bool = False) -> Chooser:
        """Let every filter judge the candidates; what it thought of them before is kept.

        Args:
            run: its recipe names the filters.
            gathered: what `gathering.gathered` made.
            measure: the filters' errors are measured first, where that has not been done.

        Raises:
            RecipeError: an unknown filter or setting, or a filter that judges answers.
        """

        def evaluation() -> Iterator[Prompt]:
            return (prompt for table in gathered.stream(EVALUATION) for prompt in rows(table, Prompt))

        context = Context(run.recipe.seed, spending_of(run), evaluation=evaluation)

        def fresh() -> list[ReadyFilter]:
            return ready(run.recipe.prompts.filters, WHERE, context)

        filters, subject = fresh(), Subject(gathered, table=CANDIDATES)
        check_reads(filters, answers=False, where=WHERE)
        known = Bench(run, "prompts", {gathered.manifest.stage: gathered}, False, fresh).measured(filters, make=measure)
        rates = {by: one.rates for by, one in known.items()}
        found = [Judged(one, opinions(run, "prompts", one, subject), rates.get(one.by, UNMEASURED)) for one in filters]
        return cls(run, gathered, found, known)

    @property
    def section(self) -> dict[str, Any]:
        """The settings that the choice follows from."""
        if not self.judged:
            return {}
        chosen = [{"kind": one.filter.info.name, **one.filter.settings.model_dump()} for one in self.judged]
        return {"filters": chosen, "policy": self.run.recipe.policy}

    @property
    def parts(self) -> dict[str, str]:
        """What else it follows from: the policy's version, and what people ruled."""
        return {"policy": VERSION, **identity(self.run)} if self.judged else {}

    @property
    def inputs(self) -> dict[str, Artifact]:
        """The artifacts that it follows from."""
        read = [*(one.opinions for one in self.judged), *(one.measures for one in self.known.values())]
        return {each.manifest.stage: each for each in (self.gathered, *read)}

    def choose(self, workspace: Workspace) -> tuple[Kept, Mapping[str, Any]]:
        """Write verdicts and decisions, where there are filters.

        Returns:
            what is kept, and how many are in each part and what each filter said.

        Raises:
            InputError: no prompt is kept; the message says which filter took how many.
        """
        if not self.judged:
            return Kept(self.gathered), {}
        subject = Subject(self.gathered, table=CANDIDATES)
        summary = write_decisions(workspace, subject, self.judged, policy_of(self.run, subject))
        check_some_kept(summary, "prompt", WHERE)
        measured = {"measured": {by: one.facts() for by, one in self.known.items()}} if self.known else {}
        return Kept(self.gathered, workspace), {**summary, **measured}
