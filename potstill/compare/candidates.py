"""Who is compared: each candidate, what it would cost, and whether the recipe could use it at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from potstill.check import agree
from potstill.check.sizes import teacher_size
from potstill.errors import PotstillError
from potstill.generate.traces import card_of
from potstill.models import Answer, LocalModel, Teacher, student_tokenizer, teacher_tokenizer
from potstill.models.tokenizers import tokenizer_facts
from potstill.recipe import Recipe, TeacherSection
from potstill.types import TrainOnOutputs, is_barred, may_train


@dataclass(frozen=True, slots=True)
class Candidate:
    """A teacher that might be chosen.

    Attributes:
        name: its model, as in a recipe.
        gives: what it can tell.
        parameters: None where it cannot be known.
        ratio: its parameters over the student's; None where one is not known.
        same_tokens: whether its token ids are the student's.
        licence: as the recipe says, or else the model.
        train_on_outputs: whether others may train on what it says, as `may_train`.
        lacks: why the recipe cannot use it; empty when it can.
    """

    name: str
    gives: tuple[str, ...]
    parameters: int | None
    ratio: float | None
    same_tokens: bool
    licence: str
    train_on_outputs: TrainOnOutputs
    lacks: str


def sections_of(recipe: Recipe, specs: Sequence[str]) -> list[TeacherSection]:
    """The recipe's teachers, or those named.

    One that the recipe has keeps its settings; another takes the first one's top k. Domains are left out: all are asked everything.
    """
    known = {section.model: section for section in recipe.teachers}
    fresh = [known.get(spec) or TeacherSection(model=spec, top_k=recipe.teachers[0].top_k) for spec in dict.fromkeys(specs)]
    return [section.model_copy(update={"domains": ()}) for section in fresh or list(known.values())]


def candidate(recipe: Recipe, section: TeacherSection, teacher: Teacher, student: int | None) -> Candidate:
    """What is known of a candidate before it is asked.

    Args:
        recipe: what it would teach.
        section: its settings.
        teacher: the same, opened.
        student: the student's parameters.

    Raises:
        ModelError: it cannot be found.
    """
    parameters = teacher_size(section).parameters if isinstance(teacher, LocalModel) or "classes" in teacher.gives else None
    tokenizer = teacher_tokenizer(section)
    card = card_of(section, teacher)
    own = None if tokenizer is None else tokenizer_facts(student_tokenizer(recipe.student, tokenizer))["tokenizer"]
    return Candidate(
        name=section.model,
        gives=tuple(sorted(teacher.gives)),
        parameters=parameters,
        ratio=parameters / student if parameters and student else None,
        same_tokens=tokenizer is not None and tokenizer_facts(tokenizer)["tokenizer"] == own,
        licence=card.licence,
        train_on_outputs=may_train(card),
        lacks="its terms forbid training on what it says" if is_barred(card) else _lacks(recipe, section),
    )


def _lacks(recipe: Recipe, section: TeacherSection) -> str:
    try:
        agree(recipe.model_copy(update={"teachers": (section,)}), stages=())
    except PotstillError as error:
        return error.what
    return ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer takes, on average.

    Attributes:
        tokens: written; None where they are not counted.
        usd: US dollars; None where the price is not known.
        operations: floating-point, 2 a parameter and token (Kaplan et al. 2020, arXiv 2001.08361); None where either is not known.
    """

    tokens: float | None
    usd: float | None
    operations: float | None


def cost_of(answers: Sequence[Answer], parameters: int | None) -> Cost:
    """The mean over the answers."""
    given = [answer for answer in answers if answer.finish_reason != "error"]
    written = [_tokens(answer) for answer in given]
    paid = [None if answer.usage is None else answer.usage.cost_microusd for answer in given]
    tokens, microusd = _mean(written), _mean(paid)
    operations = 2.0 * parameters * tokens if parameters and tokens is not None else None
    return Cost(tokens, None if microusd is None else microusd / 1e6, operations)


def _tokens(answer: Answer) -> int | None:
    if answer.usage is not None and answer.usage.completion_tokens is not None:
        return answer.usage.completion_tokens
    return len(answer.token_ids) or None


def _mean(numbers: Sequence[int | None]) -> float | None:
    """The mean; None when a number is not known, or there are none."""
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known and len(known) == len(numbers) else None
