"""Candidates at work on a recipe's prompts, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from potstill.check.sizes import student_size
from potstill.compare.asked import Kind, prompts_of
from potstill.compare.candidates import candidate, cost_of, sections_of
from potstill.compare.closeness import divergences
from potstill.compare.deciding import Performance, Recommendation, decide
from potstill.compare.differences import agreement, mean
from potstill.compare.marks import MEANING, answers_of, mark
from potstill.errors import CapabilityError
from potstill.generate.context import with_context
from potstill.models import Sampling, Spending, Teacher, open_teacher
from potstill.models.base import FREE
from potstill.recipe import GenerateSection, Recipe
from potstill.report.words import compact, factor, percent, significant
from potstill.store.log import Log
from potstill.types import Prompt

ITEMS = 200
"""Prompts of each kind."""
READ = 100
"""Answers on which probabilities are compared."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found.

    Attributes:
        recipe: its name.
        asked: kind of prompt -> how many.
        context: the recipe's system turn, which stood before every question.
        drawn_at: the temperature at which the recipe draws its answers; here they were greedy.
        performances: one a candidate.
        agreements: pairs of candidates -> the share of prompts on which they come to the same.
        divergences: candidate -> KL from the recommended one, nats a token.
        recommendation: who, and why.
    """

    recipe: str
    asked: Mapping[str, int]
    context: str
    drawn_at: float
    performances: tuple[Performance, ...]
    agreements: Mapping[tuple[str, str], float | None]
    divergences: Mapping[str, float]
    recommendation: Recommendation

    def facts(self) -> dict[str, Any]:
        """The comparison as plain values."""
        chosen = self.recommendation
        return {
            "recipe": self.recipe,
            "asked": dict(self.asked),
            "answers": {"temperature": 0.0, "context": self.context, "recipe_temperature": self.drawn_at},
            "candidates": [_facts(one) for one in self.performances],
            "agreements": [{"between": list(pair), "share": share} for pair, share in self.agreements.items()],
            "kl_from_recommended": dict(self.divergences),
            "recommended": chosen.name,
            "clear": chosen.clear,
            "reasons": list(chosen.reasons),
            "others": dict(chosen.others),
            "behind": {name: asdict(estimate) for name, estimate in chosen.behind.items()},
        }

    def lines(self) -> list[str]:
        """The comparison for people."""
        counts = ", ".join(f"{n} {kind}" for kind, n in self.asked.items())
        told = [f"{self.recipe}: {len(self.performances)} candidates on {counts} prompts", self._asking(), ""]
        told += [*_aligned(self._table()), "", *self._pairs(), ""]
        chosen = self.recommendation
        told.append(f"recommended: {chosen.name or 'none'}; {'; '.join(chosen.reasons)}")
        return [*told, *(f"not {name}: {why}" for name, why in chosen.others.items())]

    def _asking(self) -> str:
        """How the answers came about."""
        turn = f", under the recipe's system turn {self.context!r}" if self.context else ""
        recipe = "as the recipe does" if self.drawn_at == 0 else f"where the recipe draws at temperature {self.drawn_at:g}"
        return f"answers are greedy, the likeliest token each time, {recipe}{turn}"

    def _table(self) -> Iterator[Sequence[str]]:
        kinds = list(self.asked)
        yield ("candidate", "parameters", "student", *kinds, "together", "tokens", "USD a 1,000", "tokenizer", "licence", "terms")
        for one in self.performances:
            who, cost = one.candidate, one.cost
            shares = [_of(mean(one.marks[kind]) if kind in one.marks else None, percent) for kind in kinds]
            numbers = (
                _of(who.parameters, compact),
                _of(who.ratio, factor),
                *shares,
                _of(one.merit, percent),
                _of(cost.tokens, significant),
            )
            dollars = _of(None if cost.usd is None else 1000 * cost.usd, significant)
            yield (who.name, *numbers, dollars, "the student's" if who.same_tokens else "another", who.licence or "?", who.train_on_outputs)

    def _pairs(self) -> Iterator[str]:
        for kind in self.asked:
            yield f"{kind}: {MEANING[kind]}"
        told = ", ".join(f"{a} and {b} {_of(share, percent)}" for (a, b), share in self.agreements.items())
        if told:
            yield f"same final answer: {told}"
        if self.divergences:
            far = ", ".join(f"{name} {value:.3f}" for name, value in self.divergences.items())
            yield f"KL from {self.recommendation.name}, nats a token of its answers: {far}"


def compare_teachers(
    recipe: Recipe, specs: Sequence[str] = (), items: int = ITEMS, log: Log | None = None, spending: Spending = FREE
) -> Comparison:
    """Let candidates answer the recipe's own prompts, greedily and under its context, and recommend one.

    Args:
        recipe: whose prompts, losses and student count.
        specs: candidates, as in `teachers.model`; none: the recipe's own teachers.
        items: at most so many prompts of each kind.
        log: where progress is told.
        spending: where requests to endpoints are written down, and how much they may cost.

    Raises:
        RecipeError, InputError: the prompts cannot be read, or show nothing.
        ModelError: a candidate cannot be found or used, or the student cannot be.
    """
    prompts = prompts_of(recipe, items)
    sections = sections_of(recipe, specs)
    teachers = {section.model: open_teacher(section, recipe.generate.batch_size, spending) for section in sections}
    student = student_size(recipe).parameters
    found = []
    for section in sections:
        blank = Performance(candidate(recipe, section, teachers[section.model], student), {}, (), cost_of([], None))
        if log is not None:
            log.say(f"compare: asking {section.model}")
        found.append(_perform(blank, teachers[section.model], prompts, recipe.generate))
    chosen = decide(found)
    told = {kind: _told(mine, recipe.generate.context) for kind, mine in prompts.items()}
    return Comparison(
        recipe=recipe.name,
        asked={kind: len(mine) for kind, mine in prompts.items()},
        context=recipe.generate.context,
        drawn_at=recipe.generate.temperature,
        performances=tuple(found),
        agreements=_agreements([one for one in found if one.texts]),
        divergences=_divergences(chosen, found, teachers, [prompt for mine in told.values() for prompt in mine]),
        recommendation=chosen,
    )


def _perform(blank: Performance, teacher: Teacher, prompts: Mapping[Kind, Sequence[Prompt]], settings: GenerateSection) -> Performance:
    """The candidate's answers and their marks; one that the recipe cannot use is not asked, for that could cost money."""
    if blank.candidate.lacks:
        return blank
    sampling = Sampling(temperature=0.0, max_new_tokens=settings.max_new_tokens)
    try:
        answers = {kind: answers_of(teacher, kind, _told(mine, settings.context), sampling) for kind, mine in prompts.items()}
    except CapabilityError as error:
        return replace(blank, candidate=replace(blank.candidate, lacks=error.what))
    marks: dict[str, list[float | None]] = {}
    for kind, mine in answers.items():
        marks[kind] = [mark(kind, prompt, answer) for prompt, answer in zip(prompts[kind], mine, strict=True)]
    flat = [answer for mine in answers.values() for answer in mine]
    return replace(blank, marks=marks, texts=[answer.text for answer in flat], cost=cost_of(flat, blank.candidate.parameters))


def _told(prompts: Sequence[Prompt], context: str) -> list[Prompt]:
    """As the candidates see them: the context stands before a question, and not before a plain text."""
    return [with_context(prompt, context) if prompt.messages else prompt for prompt in prompts]


def _agreements(asked: Sequence[Performance]) -> Mapping[tuple[str, str], float | None]:
    return {(a.candidate.name, b.candidate.name): agreement(a.texts, b.texts) for a, b in combinations(asked, 2)}


def _divergences(
    chosen: Recommendation, found: Sequence[Performance], teachers: Mapping[str, Teacher], prompts: Sequence[Prompt]
) -> Mapping[str, float]:
    if chosen.name is None:
        return {}
    texts = next(one.texts for one in found if one.candidate.name == chosen.name)
    step = max(1, len(prompts) // READ)
    others = [teachers[one.candidate.name] for one in found if one.texts and one.candidate.name != chosen.name]
    return divergences(teachers[chosen.name], others, prompts[::step], texts[::step])


def _facts(one: Performance) -> dict[str, Any]:
    judged = {kind: {"mean": mean(mine), "n": sum(m is not None for m in mine), "asked": len(mine)} for kind, mine in one.marks.items()}
    return {**asdict(one.candidate), "marks": judged, "merit": one.merit, "cost": asdict(one.cost)}


def _of(value: float | None, shown: Any) -> str:
    return "?" if value is None else str(shown(value))


def _aligned(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Rows in columns as wide as their widest cell."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
