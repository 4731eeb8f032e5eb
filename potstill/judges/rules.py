"""Rules that answers must keep, in a TOML file.

[[rules]]
name = "arithmetic"
text = "Every equation in a step is right."
kind = "arithmetic"
applies = "reasoning"

[[rules]]
name = "no keys"
text = "Never write down a key or a password."
kind = "pattern"
patterns = ['\\bsk-\\w{20,}']
severity = "hazard"
"""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from potstill.recipe.paths import existing
from potstill.recipe.reading import load_as
from potstill.recipe.section import Fault, Section
from potstill.types import Intent, Prompt

Kind = Literal["pattern", "arithmetic", "judge", "teacher"]
Applies = Literal["reasoning", "answer", "both"]
_SLOT = re.compile(r"\{([A-Za-z_]\w*)\}")
_OWN: dict[str, tuple[str, ...]] = {
    "pattern": ("patterns", "phrases"),
    "arithmetic": (),
    "judge": ("judge", "least", "most", "sees"),
    "teacher": (),
}
"""Kind -> the keys that only it has."""


def _compiled(key: str, expression: str) -> re.Pattern[str]:
    """The expression; Fault when it is none."""
    try:
        return re.compile(expression)
    except re.error as error:
        raise Fault(key, f"{expression!r} is no regular expression: {error}") from None


class Rule(Section):
    """One rule."""

    name: str = Field(min_length=1, description="What it is called in verdicts.")
    text: str = Field(min_length=1, description="The rule in words; a teacher that critiques or revises is told it.")
    kind: Kind = Field(
        description="Who tells whether it is kept: `pattern`, `arithmetic` (exact equations), `judge`, or the `teacher` itself."
    )
    applies: Applies = Field("both", description="Which steps it is for: those of the `reasoning`, of the `answer`, or `both`.")
    severity: Literal["hazard", "noise"] = Field("noise", description="Where an answer goes that breaks it.")
    weight: FiniteFloat = Field(1.0, gt=0, description="What it counts in the score, which is the weighted share of rules that are kept.")
    domains: tuple[str, ...] = Field((), description="The domains of the prompts that it is for; none: all.")
    intents: tuple[Intent, ...] = Field((), description="The intents of the prompts that it is for (`hazard`, `benign`, …); none: all.")
    when: str = Field("", description="A regular expression that the last user turn must match; named groups fill `{name}` in patterns.")
    unless: str = Field("", description="A regular expression: a step in which it is found, or right behind which it stands, is let pass.")
    patterns: tuple[str, ...] = Field((), description="For `pattern`: regular expressions, none of which may be found in a step.")
    phrases: tuple[str, ...] = Field((), description="For `pattern`: words, none of which may stand in a step; case does not count.")
    judge: str = Field("", description="For `judge`: who scores, as in `generate.best_of.judge`.")
    least: FiniteFloat | None = Field(None, description="For `judge`: a lower score breaks the rule.")
    most: FiniteFloat | None = Field(None, description="For `judge`: a higher score breaks the rule.")
    sees: Literal["step", "text"] = Field("step", description="For `judge`: whether it is shown each step, or the whole text once.")

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> Self:
        for kind, keys in _OWN.items():
            for key in keys:
                if kind != self.kind and getattr(self, key) != type(self).model_fields[key].default:
                    raise Fault(key, f"{key} is for rules of the kind {kind!r}, and {self.name!r} is of the kind {self.kind!r}")
        if self.kind == "pattern" and not self.patterns and not self.phrases:
            raise Fault("patterns", f"the rule {self.name!r} has neither patterns nor phrases")
        if self.kind == "judge" and (not self.judge or (self.least is None) == (self.most is None)):
            raise Fault("judge", f"the rule {self.name!r} needs a judge, and either least or most")
        if self.judge.startswith("constitution:"):
            raise Fault("judge", "a rule cannot be judged by rules: write them in this file")
        return self

    @model_validator(mode="after")
    def _expressions_can_be_read(self) -> Self:
        groups = _compiled("when", self.when).groupindex
        _compiled("unless", self.unless)
        for i, pattern in enumerate(self.patterns):
            unknown = [name for name in _SLOT.findall(pattern) if name not in groups]
            if unknown:
                raise Fault(f"patterns.{i}", f"{{{unknown[0]}}} is no named group of `when`, as (?P<{unknown[0]}>…)")
            _compiled(f"patterns.{i}", _SLOT.sub("x", pattern))
        return self

    def concerns(self, prompt: Prompt) -> bool:
        """Whether the rule is for answers to this prompt."""
        if (self.domains and not prompt.within(self.domains)) or (self.intents and prompt.intent not in self.intents):
            return False
        return not self.when or re.search(self.when, prompt.question) is not None

    def forbidden(self, prompt: Prompt) -> re.Pattern[str]:
        """What may be found in no step of an answer to this prompt: its patterns and phrases as one expression."""
        found = re.search(self.when, prompt.question) if self.when else None
        named = {} if found is None else found.groupdict()
        patterns = [_SLOT.sub(lambda slot: re.escape(named[slot[1]] or ""), pattern) for pattern in self.patterns]
        phrases = [rf"(?i:(?<!\w){re.escape(phrase)}(?!\w))" for phrase in self.phrases]
        return re.compile("|".join(f"(?:{one})" for one in (*patterns, *phrases)))

    def excuses(self, text: str, start: int, end: int) -> bool:
        """Whether `unless` lets the step `text[start:end]` pass."""
        if not self.unless:
            return False
        behind = len(text[end:]) - len(text[end:].lstrip())
        unless = re.compile(self.unless)
        return unless.search(text, start, end) is not None or unless.match(text, end + behind) is not None


BUILT_IN = (
    Rule(
        name="arithmetic",
        text="Every equation in the reasoning is right.",
        kind="arithmetic",
        applies="reasoning",
        unless=r"(?i)\b(?:wrong|wait|mistake|incorrect|not right|actually)\b",
    ),
)
"""The rules where no file is named."""


class Rules(Section):
    """A file of rules."""

    rules: tuple[Rule, ...] = Field(min_length=1, description="The rules; each is a table `[[rules]]`.")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        seen: set[str] = set()
        for i, rule in enumerate(self.rules):
            if rule.name in seen:
                raise Fault(f"rules.{i}.name", f"two rules are called {rule.name!r}")
            seen.add(rule.name)
        return self


def read_rules(path: str, where: str = "") -> tuple[Rule, ...]:
    """The rules in a file.

    Args:
        path: of the TOML file; `${POTSTILL_DATA}` may stand in it.
        where: the place in the recipe that names it, for errors.

    Raises:
        InputError: there is no such file.
        RecipeError: it is no TOML, or holds what no rule has; names file, line and key, and the nearest known key.
    """
    return load_as(Rules, existing(path, where)).rules
