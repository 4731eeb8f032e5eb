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
from potstill.compare.differences import agreement, share
from potstill.compare.marks import MEANING, answers_of, check_asked, counted, declined, mark
from potstill.errors import CapabilityError
from potstill.generate.context import with_context
from potstill.models import Sampling, Spending, Teacher, open_teacher
from potstill.models.base import FREE
from potstill.recipe import GenerateSection, Recipe
from potstill.report.words import compact, factor, percent, plural, significant
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
        left_out: kinds of which nobody's answer could be judged; they do not count.
        context: the recipe's system turn, which stood before every question.
        drawn_at: the temperature at which the recipe draws its answers, which were greedy here; None: it only scores texts.
        performances: one a candidate.
        agreements: pairs of candidates -> the share of prompts on which they come to the same.
        divergences: candidate -> KL from the recommended one, nats a token.
        recommendation: who, and why.
    """

    recipe: str
    asked: Mapping[str, int]
    left_out: tuple[str, ...]
    context: str
    drawn_at: float | None
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
            "left_out": list(self.left_out),
            "answers": {"temperature": 0.0 if self._questions else None, "context": self.context, "recipe_temperature": self.drawn_at},
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
        prompts = "prompt" if sum(self.asked.values()) == 1 else "prompts"
        told = [f"{self.recipe}: {plural(len(self.performances), 'candidate')} on {counts} {prompts}", self._asking(), ""]
        told += [*_aligned(self._table()), "", *([*_aligned(self._refusals()), ""] if self._questions else []), *self._pairs(), ""]
        chosen = self.recommendation
        told.append(f"recommended: {chosen.name or 'none'}; {'; '.join(chosen.reasons)}")
        return [*told, *(f"not {name}: {why}" for name, why in chosen.others.items())]

    @property
    def _questions(self) -> list[str]:
        """The kinds of prompt that are answered; plain texts are only scored."""
        return [kind for kind in self.asked if kind != "text"]

    def _asking(self) -> str:
        """How the answers came about."""
        if not self._questions:
            return "the texts are scored as they are; nothing is drawn"
        turn = f", under the recipe's system turn {self.context!r}" if self.context else ""
        if self.drawn_at is None:
            recipe = "where the recipe draws none and only scores texts"
        else:
            recipe = "as the recipe does" if self.drawn_at == 0 else f"where the recipe draws at temperature {self.drawn_at:g}"
        return f"answers are greedy, the likeliest token each time, {recipe}{turn}"

    def _table(self) -> Iterator[Sequence[str]]:
        kinds = list(self.asked)
        last = ("together", "tokens", "USD a 1,000", "tokenizer", "licence", "training on its answers")
        yield ("candidate", "parameters", "times the student", *kinds, *last)
        for one in self.performances:
            who, cost = one.candidate, one.cost
            shares = [_share(one.marks[kind]) if kind in one.marks else "?" for kind in kinds]
            numbers = (
                _of(who.parameters, compact),
                _of(who.ratio, factor),
                *shares,
                _of(one.merit, percent),
                _of(cost.tokens, significant),
            )
            dollars = _of(None if cost.usd is None else 1000 * cost.usd, significant)
            tokens, terms = "the student's" if who.same_tokens else "another", who.train_on_outputs
            yield (who.name, *numbers, dollars, tokens, who.licence or "?", "not known" if terms == "unknown" else terms)

    def _refusals(self) -> Iterator[Sequence[str]]:
        """How often each declines, where it was asked."""
        yield ("refused", *self._questions)
        for one in self.performances:
            yield (one.candidate.name, *(_share(one.refusals[kind]) if kind in one.refusals else "?" for kind in self._questions))

    def _pairs(self) -> Iterator[str]:
        for kind in self.asked:
            yield f"{kind}: {MEANING[kind]}{'; no answer could be judged, so that it does not count' if kind in self.left_out else ''}"
        unjudged = [f"{one.candidate.name} {n} {kind}" for one in self.performances for kind, n in one.unjudged.items() if n]
        if unjudged:
            yield f"answers that could not be judged, no pass on hazards and left out elsewhere: {', '.join(unjudged)}"
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
        found.append(_perform(blank, teachers[section.model], prompts, recipe.generate, log))
    left_out = _left_out(found, prompts)
    found = [replace(one, marks={kind: mine for kind, mine in one.marks.items() if kind not in left_out}) for one in found]
    chosen = decide(found)
    told = {kind: _told(mine, recipe.generate.context) for kind, mine in prompts.items()}
    return Comparison(
        recipe=recipe.name,
        asked={kind: len(mine) for kind, mine in prompts.items()},
        left_out=left_out,
        context=recipe.generate.context,
        drawn_at=recipe.generate.temperature if recipe.generate.mode == "draw" else None,
        performances=tuple(found),
        agreements=_agreements([one for one in found if one.texts]),
        divergences=_divergences(chosen, found, teachers, [prompt for mine in told.values() for prompt in mine]),
        recommendation=chosen,
    )


def _perform(
    blank: Performance, teacher: Teacher, prompts: Mapping[Kind, Sequence[Prompt]], settings: GenerateSection, log: Log | None
) -> Performance:
    """The candidate's answers and their marks; one that the recipe cannot use is not asked, for that could cost money."""
    if blank.candidate.lacks:
        return blank
    sampling = Sampling(temperature=0.0, max_new_tokens=settings.max_new_tokens)
    try:
        check_asked(teacher, prompts)
        if log is not None:
            log.say(f"compare: asking {blank.candidate.name}")
        answers = {kind: answers_of(teacher, kind, _told(mine, settings.context), sampling) for kind, mine in prompts.items()}
    except CapabilityError as error:
        return replace(blank, candidate=replace(blank.candidate, lacks=error.what))
    marks: dict[str, list[float | None]] = {}
    unjudged: dict[str, int] = {}
    refusals: dict[str, list[float | None]] = {}
    for kind, mine in answers.items():
        told = [mark(kind, prompt, answer) for prompt, answer in zip(prompts[kind], mine, strict=True)]
        marks[kind] = [counted(kind, one, answer) for one, answer in zip(told, mine, strict=True)]
        unjudged[kind] = told.count(None)
        if kind != "text":
            refusals[kind] = [declined(kind, prompt, answer) for prompt, answer in zip(prompts[kind], mine, strict=True)]
    flat = [answer for mine in answers.values() for answer in mine]
    cost = cost_of(flat, blank.candidate.parameters)
    return replace(blank, marks=marks, texts=[answer.text for answer in flat], cost=cost, unjudged=unjudged, refusals=refusals)


def _left_out(found: Sequence[Performance], prompts: Mapping[Kind, Sequence[Prompt]]) -> tuple[str, ...]:
    """The kinds of prompt of which no answer of those who were asked could be judged."""
    asked = [one for one in found if one.marks]
    return tuple(kind for kind, mine in prompts.items() if asked and all(one.unjudged[kind] == len(mine) for one in asked))


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
    marks = {kind: _judged(mine, "mean") | {"n": len(mine) - one.unjudged[kind]} for kind, mine in one.marks.items()}
    told = {"marks": marks, "refusals": {kind: _judged(mine, "share") for kind, mine in one.refusals.items()}}
    return {**asdict(one.candidate), **told, "unjudged": dict(one.unjudged), "merit": one.merit, "cost": asdict(one.cost)}


def _judged(marks: Sequence[float | None], name: str) -> dict[str, float | int | None]:
    found = share(marks)
    return {name: found.value, "low": found.low, "high": found.high, "n": sum(m is not None for m in marks), "asked": len(marks)}


def _share(marks: Sequence[float | None]) -> str:
    """As percent, with its interval."""
    found = share(marks)
    if found.value is None or found.low is None or found.high is None:
        return "?"
    return f"{percent(found.value)} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _of(value: float | None, shown: Any) -> str:
    return "?" if value is None else str(shown(value))


def _aligned(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Rows in columns as wide as their widest cell."""
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
