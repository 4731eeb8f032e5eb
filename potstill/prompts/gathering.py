"""Gathering: sources in, two tables out, nothing twice and nothing in both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from potstill.errors import InputError, RecipeError
from potstill.sources.request import OpenedSource, open_source
from potstill.recipe import Recipe
from potstill.recipe.sections import EvaluateSection, PromptsSection
from potstill.registry import find
from potstill.store.artifact import Artifact, Workspace
from potstill.store.run import Run
from potstill.store.tables import from_rows
from potstill.types import Message, Prompt

SLOT = "{prompt}"


def gather(run: Run) -> Artifact:
    """The prompts that teachers answer, those on which training is validated, and those that only evaluate.

    Evaluation prompts are put as the others are: what `[evaluate]` does not say of columns, template and grader is as in `[prompts]`, and
    the system turn is the same. A prompt that stands twice is kept once; one that also validates or evaluates is not trained on. A source
    that draws its prompts draws others to validate on, of the kind that is trained on: held-out ones are for the evaluation alone.

    Returns:
        the artifact: `prompts.parquet`, `validation.parquet` and `evaluation.parquet`.

    Raises:
        RecipeError: an unknown source, setting, column or grader.
        InputError: a source cannot be read, or nothing is left to ask.
    """
    sources = open_sources(run.recipe)
    training, validation, evaluation = sources.training, sources.validation, sources.evaluation
    parts = {**_parts("prompts", training.opened), **_parts("validation", validation.opened), **_parts("evaluate", evaluation.opened)}

    def work(workspace: Workspace) -> Mapping[str, Any]:
        held_out, held_twice, held_otherwise = evaluation.read()
        known, *_ = validation.read()
        found, twice, otherwise = training.read()
        kept = without(found, held_out, known, where=", ".join(training.section.sources))
        workspace.write_table("prompts", from_rows(kept.values(), Prompt))
        workspace.write_table("validation", from_rows(known.values(), Prompt))
        workspace.write_table("evaluation", from_rows(held_out.values(), Prompt))
        counts = {"prompts": len(kept), "evaluation": len(held_out), "duplicates": twice + held_twice, "in_both": len(found) - len(kept)}
        run.log.say(_told(counts, otherwise + held_otherwise))
        return counts

    section = {"prompts": training.section.model_dump(), "evaluate": evaluation.section.model_dump()}
    return run.perform("prompts", section=section, inputs={}, parts=parts, work=work)


@dataclass(frozen=True, slots=True)
class Opened:
    """Sources of one use, and the section that says how their prompts are put."""

    opened: tuple[OpenedSource, ...]
    section: PromptsSection

    def read(self) -> tuple[dict[str, Prompt], int, int]:
        """Their prompts as they are asked, each once, by id; how many came again; and how many of these with another reference.

        Raises:
            InputError: a source cannot be read, or is empty, or a prompt is a hazard in one place and harmless in another.
        """
        return _once(_read(self.opened, self.section))


@dataclass(frozen=True, slots=True)
class Sources:
    """A recipe's sources."""

    training: Opened
    validation: Opened
    evaluation: Opened


def open_sources(recipe: Recipe) -> Sources:
    """The sources that a recipe names, with templates and graders looked at; no prompt is read.

    Raises:
        RecipeError: an unknown source, setting, column or grader, or a template without its slot.
        InputError: a file is not there.
    """
    asked, seed = recipe.prompts, recipe.seed
    judged = _evaluation_as_asked(recipe.evaluate, asked)
    training = [open_source(spec, "prompts.sources", asked.columns, seed=seed) for spec in asked.sources]
    evaluation = [open_source(spec, "evaluate.sources", judged.columns, evaluation=True, seed=seed) for spec in judged.sources]
    validation = [open_source(spec, "prompts.validation", asked.columns, seed=seed + 1) for spec in asked.validation]
    _check(asked, "prompts")
    _check(judged, "evaluate")
    _check_used(asked.columns, "prompts", [*training, *validation, *(() if recipe.evaluate.columns else evaluation)])
    _check_used(recipe.evaluate.columns, "evaluate", evaluation)
    return Sources(Opened(tuple(training), asked), Opened(tuple(validation), asked), Opened(tuple(evaluation), judged))


def without(found: Mapping[str, Prompt], *others: Mapping[str, Prompt], where: str) -> dict[str, Prompt]:
    """The prompts that are trained on: those of `found` that are in none of the others.

    Raises:
        InputError: there are none.
    """
    kept = {id_: prompt for id_, prompt in found.items() if not any(id_ in other for other in others)}
    if not kept:
        raise InputError("no prompts", where=where, fix="the sources are empty, or hold evaluation prompts only")
    return kept


def _evaluation_as_asked(evaluate: EvaluateSection, prompts: PromptsSection) -> PromptsSection:
    """The evaluation's sources, put in the way of the prompts."""
    return PromptsSection.model_construct(
        sources=evaluate.sources,
        columns=evaluate.columns or prompts.columns,
        template=prompts.template if evaluate.template is None else evaluate.template,
        grader=prompts.grader if evaluate.grader is None else evaluate.grader,
        system=prompts.system,
        limit=None,
    )


def _parts(section: str, sources: Iterable[OpenedSource]) -> dict[str, str]:
    return {f"{section} {opened.spec}": f"{opened.kind} {opened.version} {opened.source.fingerprint()}" for opened in sources}


def _check(section: PromptsSection, name: str) -> None:
    if section.template is not None and SLOT not in section.template:
        raise RecipeError(f"the template has no {SLOT}", where=f"{name}.template", fix=f"as in 'Q: {SLOT}'")
    if section.grader is not None:
        find("judge", section.grader, where=f"{name}.grader")


def _check_used(columns: Mapping[str, str], name: str, sources: Sequence[OpenedSource]) -> None:
    """One of the sources at least can use each entry of `columns`: a label that nothing takes would be lost unseen."""
    for wanted, column in columns.items() if sources else ():
        if not any(source.uses(wanted, column) for source in sources):
            kinds = ", ".join(sorted({f"{source.kind}:" for source in sources}))
            lacking = f"takes a stated {wanted}" if column.startswith("=") else f"has columns, where {wanted} could be found"
            may = ", ".join(sorted({label for source in sources for label in source.source.LABELS}))
            fix = f'leave it out, or state a label, as in licence = "=MIT"; one of: {may}' if may else "leave it out"
            raise RecipeError(f"no source here ({kinds}) {lacking}", where=f"{name}.columns.{wanted}", fix=fix)


def _read(sources: Iterable[OpenedSource], section: PromptsSection) -> Iterable[Prompt]:
    for opened in sources:
        empty = True
        for prompt in islice(opened.source.prompts(), section.limit):
            empty = False
            yield _put(prompt, section)
        if empty:
            raise InputError("the source has no prompts", where=opened.spec, fix="check the file, the split or the slice")


def _put(prompt: Prompt, section: PromptsSection) -> Prompt:
    """The prompt as it is asked: grader, template and system turn of the section, where it has none of its own."""
    messages = prompt.messages
    if messages and section.template is not None:
        last = messages[-1]
        messages = (*messages[:-1], Message(last.role, section.template.replace(SLOT, last.content)))
    if messages and section.system is not None and messages[0].role != "system":
        messages = (Message("system", section.system), *messages)
    return replace(prompt, messages=messages, grader=prompt.grader or section.grader)


def _once(prompts: Iterable[Prompt]) -> tuple[dict[str, Prompt], int, int]:
    """The first of each prompt by id; how many came again; and how many of these with another reference, which is dropped with them.

    Raises:
        InputError: the same prompt is a hazard, or of a half, in one place and not in another: no order of the sources may decide that.
    """
    found: dict[str, Prompt] = {}
    total = differing = 0
    for prompt in prompts:
        first = found.setdefault(prompt.id, prompt)
        total += 1
        differing += first.reference != prompt.reference
        if (first.intent, first.half) != (prompt.intent, prompt.half):
            what = f"the same prompt is {_labelled(prompt)} here and {_labelled(first)} in {first.source or 'another place'}"
            raise InputError(what, where=prompt.source or prompt.id, fix="give it one label, or leave one of them out")
    return found, total - len(found), differing


def _labelled(prompt: Prompt) -> str:
    return f"labelled {prompt.intent}" + (f" of half {prompt.half}" if prompt.half else "")


def _told(counts: Mapping[str, int], otherwise: int) -> str:
    line = f"prompts: {counts['prompts']} to ask, {counts['evaluation']} for evaluation"
    if counts["duplicates"]:
        line += f"; {counts['duplicates']} duplicates dropped"
        line += f", {otherwise} of them with another reference than the first" if otherwise else ""
    if counts["in_both"]:
        line += f"; {counts['in_both']} dropped because they validate or evaluate"
    return line
