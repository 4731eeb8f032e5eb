"""The stage: sources are gathered, filters choose, and what is asked is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa

from potstill.curate.deciding import DECISIONS
from potstill.curate.policy import PARTS
from potstill.curate.reading import PROMPTS, VERDICTS
from potstill.prompts import mixing
from potstill.prompts.choosing import Chooser, Kept, check_filters
from potstill.prompts.gathering import EVALUATION, QUARANTINE, VALIDATION, gathered
from potstill.prompts.labelled import labelled
from potstill.prompts.mixing import Mixture
from potstill.prompts.sheets import Sheets
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import SCHEMAS
from potstill.types import Prompt

BESIDE = (VERDICTS, DECISIONS, mixing.STRATA, mixing.SHIFT)
"""Tables that no teacher's answer follows from."""
ASIDE_SQL = f"'select * from {QUARANTINE}'"
"""Shows the rows that were set aside."""


def gather(run: Run, *, measure: bool = False) -> Artifact:
    """The prompts that teachers answer, those on which training is validated, and those that only evaluate.

    Reading the sources, labelling, what each filter thinks, and the choice are kept apart: a changed threshold reads nothing and judges
    nothing anew.

    Args:
        run: its recipe names the sources, the labellers, and the filters on prompts.
        measure: the filters' errors are measured first, where that has not been done.

    Returns:
        the artifact: `prompts-00000.parquet`, …, `validation-…` and `evaluation-…`; and where there are filters `verdicts-…` and
        `decisions-…` on the candidates, a row a candidate in their order. The candidates, and the rows that were set aside, are in the
        artifact `prompts.gathered`. Where prompts are balanced, `balance.parquet` says how often each is drawn and `strata.parquet` what
        that comes to; with a sample of what is asked in use `shift.parquet` says how the prompts differ from it.

    Raises:
        RecipeError: an unknown source, setting, column, grader or filter.
        InputError: a source cannot be read, too much of one is malformed, or nothing is left to ask; the message says what took it.
    """
    check_filters(run)
    found = labelled(run, gathered(run))
    chooser = Chooser.of(run, found, measure=measure)

    def work(workspace: Workspace) -> Mapping[str, Any]:
        kept, decided = chooser.choose(workspace)
        mixture = mixing.mixed(run.recipe, kept)
        asked = write_prompts(workspace, kept, mixture)
        held = {
            name: _copy(workspace, name, chain(found.stream(name), () if mixture is None else mixture.of(kept, name)))
            for name in (VALIDATION, EVALUATION)
        }
        more = {**mixing.tell(workspace, mixture), **mixing.compare(workspace, found, mixture, run.recipe)}
        numbers = {name: found.manifest.summary[name] for name in ("duplicates", "in_both", "quarantined")}
        for line in (_told(asked, held[EVALUATION], found.manifest.summary, decided), *mixing.lines(more)):
            run.log.say(line)
        return {"prompts": asked, "evaluation": held[EVALUATION], **numbers, **decided, **more}

    section = {"prompts": {"sources": run.recipe.prompts.names, **chooser.section, **mixing.section(run.recipe)}}
    parts = {**chooser.parts, **mixing.parts(run.recipe)}
    made = run.perform("prompts", section=section, inputs=chooser.inputs, parts=parts, work=work, beside=BESIDE)
    if line := set_aside(found):
        run.log.say(f"prompts: {line}; see `potstill query {run.folder} {ASIDE_SQL}`")
    return made


def write_prompts(workspace: Workspace, kept: Kept, mixture: Mixture | None) -> int:
    """Write the table of what is asked, of the candidates that are kept; how many rows it has."""
    return _copy(workspace, PROMPTS, kept.tables() if mixture is None else mixture.of(kept, mixing.TRAINING))


def set_aside(gathered: Artifact) -> str:
    """How many rows were set aside, and the first of them, in a line; empty where none was."""
    summary = gathered.manifest.summary
    count = summary["quarantined"]
    if not count:
        return ""
    which = "" if count == 1 else ", the first"
    return f"{count} row{'s' if count > 1 else ''} set aside{which}: {summary['first_quarantined']}"


def _copy(workspace: Workspace, name: str, tables: Iterable[pa.Table]) -> int:
    """Write a table of prompts; how many rows it has."""
    sheets = Sheets(workspace, name, SCHEMAS[Prompt])
    for table in tables:
        sheets.add(table)
    return sheets.close()


def _told(asked: int, held: int, gathered: Mapping[str, Any], decided: Mapping[str, Any]) -> str:
    line = f"prompts: {asked} to ask, {held} for evaluation"
    if gathered["duplicates"]:
        otherwise = gathered["otherwise"]
        line += f"; {gathered['duplicates']} duplicates dropped"
        line += f", {otherwise} of them with another reference than the first" if otherwise else ""
    if gathered["in_both"]:
        line += f"; {gathered['in_both']} dropped because they validate or evaluate"
    if decided:
        line += "; the filters put " + ", ".join(f"{decided[part]} into {part}" for part in PARTS)
    return line
