"""Answers that break a rule."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.clean import answered
from potstill.errors import RecipeError
from potstill.judges.constitution import Checked, Constitution, Said
from potstill.judges.opening import open_constitution
from potstill.judges.rules import BUILT_IN, Rule
from potstill.models import Sampling, Teacher, open_teacher
from potstill.models.fitting import answers_that_fit
from potstill.recipe import TeacherSection
from potstill.registry import part
from potstill.types import Part, Prompt, canonical_json


class ConstitutionSettings(FilterSettings):
    """Settings of the filter `constitution`.

    Attributes:
        threshold: an answer that keeps a lower weighted share of the rules is put aside.
        unjudged: where an answer goes of which a rule could not be judged and no other is broken.
        rules: a TOML file of `[[rules]]`; empty: the built-in one, that every equation in the reasoning is right.
        severity: only the rules of this severity are judged by; empty: all. Two such filters put hazard and noise where they belong.
        critic: the teacher that rules of the kind `teacher` ask, written as a section of `[[teachers]]`.
        critic_tokens: the longest critique, in tokens.
    """

    threshold: float = 1.0
    unjudged: Part = "noise"
    rules: str = ""
    severity: Literal["", "hazard", "noise"] = ""
    critic: TeacherSection | None = None
    critic_tokens: int = Field(512, ge=1)


@part("filter", "constitution", version="1")
class ConstitutionFilter:
    """Answers that break a rule are noise, or what `part` says: each step of the reasoning and of the answer is held against every rule.

    The score is the weighted share of the rules that are kept. An answer that no rule is for is kept. Nothing is revised here; that is
    done by `[generate.revision]`.
    """

    Settings: ClassVar[type[FilterSettings]] = ConstitutionSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer"})
    CATCHES: ClassVar[Catches] = "below"

    def __init__(self, settings: ConstitutionSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        critic = settings.critic
        if critic is not None and critic.served and context.spending.usd is not None and critic.price is None:
            fix = "write its price, or leave generate.usd_budget out"
            raise RecipeError("a budget of dollars needs the critic's price", where=f"{context.where}.critic", fix=fix)
        self._constitution = self._opened()
        if self._constitution.asks and critic is None:
            fix = "name a `critic`, or leave the rules of the kind 'teacher' out"
            raise RecipeError("a rule asks a teacher, and there is none here", where=context.where, fix=fix)

    def identity(self) -> dict[str, str]:
        """The digest of the rules, and what distinguishes their judges and the critic."""
        critic = {} if self._critic is None else {"critic": canonical_json(self._critic.identity())}
        return {**self._constitution.identity(), **critic}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the evidence is the first step that breaks a rule."""
        said = [Said.of(item.prompt, item.text, () if item.trace is None else item.trace.segments) for item in items]
        return [_opinion(one, checked) for one, checked in zip(said, self._constitution.check(said, self._asking), strict=True)]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean answers with a false equation before them, or with a forbidden phrase behind them, where a rule looks there."""
        for item in rng.sample(list(clean), len(clean)):
            for rule in self._constitution.rules:
                for kind, words, text in _broken(rule, item, rng) if rule.concerns(item.prompt) else ():
                    steps = Said.of(item.prompt, text).steps(rule.applies)
                    if any(words in text[step.start : step.end] for step in steps):
                        yield Fault(kind, answered(item.prompt, text, prompt_id=item.prompt_id))

    def _opened(self) -> Constitution:
        settings, context = self._settings, self._context
        found = Constitution("the built-in rules", BUILT_IN)
        if settings.rules:
            found = open_constitution(settings.rules, f"{context.where}.rules", context.spending)
        chosen = tuple(rule for rule in found.rules if settings.severity in ("", rule.severity))
        if not chosen:
            raise RecipeError(f"no rule of the severity {settings.severity!r}", where=f"{context.where}.severity", fix="leave it out")
        return Constitution(found.name, chosen, found.judges)

    @cached_property
    def _critic(self) -> Teacher | None:
        section = self._settings.critic
        return None if section is None else open_teacher(section, spending=self._context.spending)

    @property
    def _asking(self) -> Callable[[Sequence[Prompt]], list[str | None]] | None:
        return None if self._critic is None else self._replies

    def _replies(self, prompts: Sequence[Prompt]) -> list[str | None]:
        """The critic's likeliest replies; None where a question does not fit its context."""
        critic = self._critic
        if critic is None:
            return [None for _ in prompts]
        sampling = Sampling(temperature=0.0, max_new_tokens=self._settings.critic_tokens, seed=self._context.seed)
        return [None if answer is None else answer.text for answer in answers_that_fit(critic, prompts, sampling)]


def _opinion(said: Said, checked: Checked) -> Opinion:
    if not checked.weight:
        return Opinion(checked.why, applies=False)
    if not checked.violations:
        return Opinion(checked.why, checked.score)
    step = checked.violations[0].step
    return Opinion(checked.why, checked.score, True, said.text[step.start : step.end], "answer", step.start, step.end)


def _broken(rule: Rule, item: Item, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """The kind of a fault, the words that break the rule, and the text with them."""
    if rule.kind == "arithmetic":
        one, other = rng.randint(2, 9), rng.randint(2, 9)
        claim = f"{one}+{other}={one + other + rng.choice((-1, 1))}."
        yield "false sum", claim, f"{claim} {item.text}"
    for phrase in rule.phrases:
        yield "phrase", phrase, f"{item.text}\n{phrase}"
