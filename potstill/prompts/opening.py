"""The sources that a recipe names, each with how its prompts are put; none is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from potstill.errors import RecipeError
from potstill.recipe import Recipe
from potstill.recipe.curation import SourceSection, SourceTable
from potstill.sources import Keeping, OpenedSource, open_source
from potstill.sources.put import check_put, templated
from potstill.sources.request import Say
from potstill.types import Message, Prompt


@dataclass(frozen=True, slots=True)
class Asked:
    """One source, and how its prompts are put.

    Attributes:
        opened: the source.
        own: whether its columns are its own, and not its section's.
        columns: what is wanted -> the column that holds it.
        template: with `{prompt}` where the last turn goes; None: the turn alone.
        grader: of prompts that name none.
        system: a turn before each conversation that has none of the kind.
        limit: at most so many prompts of it; None: all.
    """

    opened: OpenedSource
    own: bool
    columns: dict[str, str]
    template: str | None
    grader: str | None
    system: str | None
    limit: int | None

    def put(self, prompt: Prompt) -> Prompt:
        """The prompt as it is asked."""
        messages = templated(prompt.messages, self.template)
        if messages and self.system is not None and messages[0].role != "system":
            messages = (Message("system", self.system), *messages)
        return replace(prompt, messages=messages, grader=prompt.grader or self.grader)

    def facts(self) -> dict[str, Any]:
        """How it is read and put, as plain values."""
        names = ("columns", "template", "grader", "system", "limit")
        return {"source": self.opened.spec, **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True, slots=True)
class Sources:
    """A recipe's sources, by what their prompts are for."""

    training: tuple[Asked, ...]
    validation: tuple[Asked, ...]
    evaluation: tuple[Asked, ...]
    wild: tuple[Asked, ...] = ()

    def uses(self) -> dict[str, tuple[Asked, ...]]:
        """Section -> its sources, in the order in which they are read: what is held out is known before what is trained on."""
        held = {"evaluate": self.evaluation, "validation": self.validation}
        return {**held, "prompts": self.training, **({"wild": self.wild} if self.wild else {})}

    def keep(self, folder: Path, say: Say) -> None:
        """Let sources that can be read but once be kept in a run folder; they tell `say` what they wait for and what they read.

        Raises:
            InputError: there is nothing to read, and nothing is kept.
        """
        for asked in (*self.training, *self.validation, *self.evaluation, *self.wild):
            for one in asked.opened.within():
                if isinstance(one.source, Keeping):
                    one.source.keep(folder, say)

    def identity(self) -> dict[str, str]:
        """What their prompts follow from: kinds, versions and fingerprints."""
        return {
            f"{use} {one.opened.spec}": f"{one.opened.kind} {one.opened.version} {one.opened.source.fingerprint()}"
            for use, some in self.uses().items()
            for one in some
        }


def open_sources(recipe: Recipe) -> Sources:
    """The sources that a recipe names, with templates and graders looked at; no prompt is read.

    Evaluation prompts are put as the others are: what `[evaluate]` does not say of columns, template and grader is as in `[prompts]`, and
    the system turn is the same. A source that draws its prompts draws others to validate on, of the kind that is trained on: held-out ones
    are for the evaluation alone.

    Raises:
        RecipeError: an unknown source, setting, column or grader, or a template without its slot.
        InputError: a file is not there.
    """
    asked, judged, seed = recipe.prompts, recipe.evaluate, recipe.seed
    own = judged.columns or asked.columns
    training = [_asked(recipe, asked, one, "prompts.sources", asked.columns, seed=seed) for one in asked.sources]
    validation = [_asked(recipe, asked, one, "prompts.validation", asked.columns, seed=seed + 1) for one in asked.validation]
    evaluation = [_asked(recipe, judged, one, "evaluate.sources", own, evaluation=True, seed=seed) for one in judged.sources]
    wild = [_asked(recipe, asked, one, "prompts.wild", asked.columns, evaluation=True, seed=seed) for one in asked.wild]
    for name, section in (("prompts", asked), ("evaluate", judged)):
        check_put(section, name)
    _check_used(asked.columns, "prompts", [*training, *validation, *(() if judged.columns else evaluation)])
    _check_used(judged.columns, "evaluate", evaluation)
    return Sources(tuple(training), tuple(validation), tuple(evaluation), tuple(wild))


def _asked(recipe: Recipe, section: SourceSection, one: SourceTable, where: str, columns: dict[str, str], **given: Any) -> Asked:
    """A source, with what its table does not say from its section, and what that does not say from `[prompts]`."""
    prompts = recipe.prompts
    columns = columns if one.columns is None else one.columns
    template, grader = (
        next((told for told in (getattr(one, name), getattr(section, name), getattr(prompts, name)) if told is not None), None)
        for name in ("template", "grader")
    )
    limit = one.limit if one.limit is not None else prompts.limit if section is prompts else None
    check_put(one, f"{where} {one.source!r}")
    opened = open_source(one.source, where, columns, **given)
    asked = Asked(opened, one.columns is not None, columns, template, grader, prompts.system, limit)
    if asked.own:
        _check_used(columns, f"{where} {one.source!r}", [asked], own=True)
    return asked


def _check_used(columns: dict[str, str], name: str, asked: Sequence[Asked], *, own: bool = False) -> None:
    """One of the sources at least can use each entry of `columns`: a label that nothing takes would be lost unseen."""
    sources = [one.opened for one in asked if one.own == own]
    for wanted, column in columns.items() if sources else ():
        if not any(source.uses(wanted, column) for source in sources):
            raise _unused(wanted, column, name, sources)


def _unused(wanted: str, column: str, name: str, sources: Iterable[OpenedSource]) -> RecipeError:
    given = list(sources)
    kinds = ", ".join(sorted({f"{source.kind}:" for source in given}))
    lacking = f"takes a stated {wanted}" if column.startswith("=") else f"has columns, where {wanted} could be found"
    may = ", ".join(sorted({label for source in given for label in source.source.LABELS}))
    fix = f'leave it out, or state a label, as in licence = "=MIT"; one of: {may}' if may else "leave it out"
    return RecipeError(f"no source here ({kinds}) {lacking}", where=f"{name}.columns.{wanted}", fix=fix)
