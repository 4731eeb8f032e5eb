"""Whether a recipe's parts are there, get from its teachers what they need, and fit its prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from potstill.check.sizes import student_size
from potstill.errors import CapabilityError, RecipeError
from potstill.evaluate.card import read_limits
from potstill.evaluate.stage import choose, open_suites
from potstill.export.formats.base import read_format
from potstill.filter.base import ready
from potstill.generate.context import with_context
from potstill.generate.fitting import check_mode
from potstill.generate.routing import route
from potstill.judges import open_judge
from potstill.models import Sampling, open_teacher, student_tokenizer, teacher_tokenizer
from potstill.models.recorded import RecordedTeacher
from potstill.prompts.gathering import open_sources
from potstill.recipe import LossSection, Recipe
from potstill.registry import PartInfo, find
from potstill.store import Artifact, rows
from potstill.text.chat import render
from potstill.train.tokens import check_divergences
from potstill.types import Prompt
from potstill.world import only_evaluates

TELLS = {
    "text": "answers",
    "top_k": "probabilities of the likeliest tokens",
    "score": "probabilities of given texts",
    "full": "the whole distribution, live",
    "classes": "probabilities of classes",
    "hidden_states": "hidden states",
    "gradients": "gradients, live",
}
"""What a teacher may give, in words."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that a recipe names.

    Attributes:
        where: the place in the recipe: `train.losses.0`.
        kind, name, version: as in the registry.
        needs: what a teacher must give for it: `text`, `top_k`, `full`.
    """

    where: str
    kind: str
    name: str
    version: str
    needs: frozenset[str]


def parts(recipe: Recipe) -> tuple[Part, ...]:
    """Every part that the recipe names, in its order; a filter's own settings are validated.

    Raises:
        RecipeError: no part of that name, or a setting that a filter does not have.
    """
    return tuple(_parts(recipe))


def agree(recipe: Recipe, *, evaluated: bool = True) -> None:
    """Hold what the parts need against what each teacher gives, and the student against both. No weights and no prompts are read.

    Args:
        recipe: to be checked.
        evaluated: whether the student will be; there must be something to measure it on then.

    Raises:
        RecipeError: a part or setting that does not exist, a template without its slot, a limit on what no suite measures, or no
            evaluation.
        InputError: a file of prompts that is not there.
        ModelError: a teacher that is not there, or a student that cannot be.
        CapabilityError: a teacher does not give what a part needs, or speaks other tokens than the student and a divergence compares them.
    """
    if evaluated and not recipe.evaluate.sources:
        fix = 'name some, as in sources = ["world:math?n=200"], or stop before it with --to train'
        raise RecipeError("there is nothing to measure on", where="evaluate.sources", fix=fix)
    teachers = [open_teacher(section) for section in recipe.teachers]
    for part in _parts(recipe):
        for teacher in teachers:
            lacking = sorted(part.needs - teacher.gives)
            if lacking:
                what = f"{part.kind} {part.name!r} needs {' and '.join(TELLS.get(need, need) for need in lacking)}"
                has = ", ".join(TELLS.get(gift, gift) for gift in sorted(teacher.gives))
                fix = f"{teacher.name} gives {has}; take another teacher, or {_instead(part)}"
                raise CapabilityError(what, where=part.where, fix=fix)
    read_limits(recipe.evaluate.limits, {name: find("suite", name).factory() for name in recipe.evaluate.suites})
    open_sources(recipe)
    student_size(recipe)
    check_divergences(recipe)


def fit_prompts(recipe: Recipe, asked: Sequence[Prompt] | None, held: Sequence[Prompt] | None) -> None:
    """Hold the prompts against what is done with them; no model is asked, but answers on file are looked up.

    Args:
        recipe: says what is done.
        asked: of the teachers; None: not known.
        held: that are measured on; None: not known, or not measured.

    Raises:
        RecipeError: a prompt without a teacher, or a suite with nothing to measure.
        InputError: a prompt that does not fit `generate.mode`, or nothing to measure on.
        ModelError: a conversation for a student without a chat template, or no recorded answer to a prompt.
    """
    if asked is not None:
        check_mode(asked, recipe.generate)
        _check_halves(asked)
        for section, mine in zip(recipe.teachers, route(asked, recipe.teachers), strict=True):
            _check_talk([with_context(prompt, recipe.generate.context) for prompt in mine], teacher_tokenizer(section))
            teacher = open_teacher(section)
            if isinstance(teacher, RecordedTeacher):
                teacher.draw(mine, Sampling())
    if held is not None:
        open_suites(recipe, choose(held, recipe.evaluate.per_skill))
    _check_talk((*(asked or ()), *(held or ())), student_tokenizer(recipe.student, teacher_tokenizer(recipe.teachers[0])))


def _check_talk(prompts: Sequence[Prompt], tokenizer: PreTrainedTokenizerBase | None) -> None:
    """Put the first conversation in the tokenizer's chat template."""
    talk = next((prompt for prompt in prompts if prompt.messages), None)
    if talk is not None and tokenizer is not None:
        render(tokenizer, talk, None)


def _check_halves(asked: Sequence[Prompt]) -> None:
    """Nothing is asked for that may only evaluate: it would be paid for and never trained on."""
    for prompt in asked:
        if only_evaluates(prompt):
            what = f"a prompt of half B of the hazards, which only evaluates: {prompt.question or prompt.id}"
            fix = "ask for half A (world:hazard?half=A), or move the prompt to [evaluate]"
            raise RecipeError(what, where="prompts.sources", fix=fix)


def fit_gathered(recipe: Recipe, gathered: Artifact, *, evaluated: bool = True) -> None:
    """As `fit_prompts`, with the artifact of the stage `prompts`."""
    held = list(rows(gathered.table("evaluation"), Prompt)) if evaluated else None
    fit_prompts(recipe, list(rows(gathered.table("prompts"), Prompt)), held)


def _parts(recipe: Recipe) -> Iterator[Part]:
    for i, teacher in enumerate(recipe.teachers):
        where = f"teachers.{i}"
        yield _part(where, find("model", teacher.model.partition(":")[0], where))
    if recipe.generate.mode == "score":
        yield Part("generate", "mode", "score", "", frozenset({"score"}))
    if recipe.generate.committee:
        yield Part("generate", "committee", "of teachers", "", frozenset({"score"}))
    if recipe.generate.best_of is not None:
        judge = open_judge(recipe.generate.best_of.judge)
        yield Part("generate.best_of", "judge", judge.name, "", frozenset())
    for name, section in (("prompts", recipe.prompts), ("evaluate", recipe.evaluate)):
        if section.grader is not None:
            yield _part(f"{name}.grader", find("judge", section.grader, f"{name}.grader"))
    for i, chosen in enumerate(recipe.filters):
        yield _part(f"filters.{i}", ready(chosen, f"filters.{i}").info)
    for i, loss in enumerate(recipe.train.losses):
        yield from _of_loss(loss, f"train.losses.{i}")
    for suite in recipe.evaluate.suites:
        yield _part("evaluate.suites", find("suite", suite, "evaluate.suites"))
    for spec in recipe.export.formats:
        read_format(spec, "export.formats")
        yield _part("export.formats", find("format", spec.partition(":")[0], "export.formats"))


def _of_loss(loss: LossSection, where: str) -> Iterator[Part]:
    """The loss and its divergence; a live one needs the teacher's network, not what it left in the traces."""
    info = find("loss", loss.kind, where)
    live = loss.kind == "divergence" and loss.teacher == "live"
    yield Part(where, "loss", loss.kind, info.version, frozenset({"full"}) if live else info.needs)
    if loss.kind == "divergence":
        yield _part(where, find("divergence", loss.divergence, where))


def _part(where: str, info: PartInfo) -> Part:
    return Part(where, info.kind, info.name, info.version, info.needs)


def _instead(part: Part) -> str:
    """What to change in the recipe when the teacher stays."""
    if part.kind == "mode":
        return 'set generate.mode = "draw"'
    if part.kind == "committee":
        return "leave generate.committee out"
    return 'use losses with kind = "cross_entropy"' if part.kind in ("loss", "divergence") else "leave the part out"
