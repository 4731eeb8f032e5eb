"""A constitution as a judge: every step of an answer is held against every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from potstill.errors import RecipeError
from potstill.judges.base import BatchJudge
from potstill.judges.critique import KEPT, question, verdict
from potstill.judges.rules import Rule
from potstill.text.equations import equations
from potstill.text.segments import segments
from potstill.text.steps import Step, steps
from potstill.types import Part, Prompt, Segment, canonical_json, digest

VERSION = "2"
"""Raised when the same rules would say something else of the same text."""
Critic: TypeAlias = Callable[[Sequence[Prompt]], list[str | None]]
"""Answers the questions of rules of the kind `teacher`; None where it cannot be asked, as for a prompt that does not fit its context."""
Broken: TypeAlias = "list[tuple[Step, str]] | None"
"""The steps that break a rule, each with the words that show it; None where it could not be judged."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to a prompt, and what it consists of."""

    prompt: Prompt
    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def of(cls, prompt: Prompt, text: str, parts: tuple[Segment, ...] = ()) -> Said:
        """An answer; without its parts, it consists of what its text shows."""
        return cls(prompt, text, parts or segments(text))

    def steps(self, applies: str) -> list[Step]:
        """The steps that a rule for `reasoning`, `answer` or `both` is for. What is not known to be one of the two may be either."""
        every = applies == "both"
        wanted = [one for one in self.segments if every or one.kind == "other" or (one.kind == "reasoning") == (applies == "reasoning")]
        return [step for one in wanted for step in steps(self.text, one.start, one.end)]


@dataclass(frozen=True, slots=True)
class Violation:
    """A step that breaks a rule.

    Attributes:
        rule: which.
        step: its span in the text; the whole text where the rule's judge was shown that.
        evidence: the words that show it.
    """

    rule: Rule
    step: Step
    evidence: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a constitution says of one answer.

    Attributes:
        violations: in the order of the text.
        unjudged: the names of the rules that could not be judged.
        weight: of all rules that are for such answers; 0: none is.
    """

    violations: tuple[Violation, ...]
    unjudged: tuple[str, ...]
    weight: float

    @property
    def score(self) -> float | None:
        """The weighted share of the rules that are kept, in [0, 1]; 1 where none applies.

        None where a rule could not be judged and no other is broken: it is then not known that all are kept. Beside a broken one, a rule
        that could not be judged counts as kept, so that the score is at most too high, and below 1 all the same.
        """
        if self.violations:
            broken = {one.rule.name: one.rule.weight for one in self.violations}
            return 1.0 - sum(broken.values()) / self.weight
        return None if self.unjudged else 1.0

    @property
    def kept(self) -> bool:
        """Whether every rule was judged and is kept."""
        return not self.violations and not self.unjudged

    @property
    def part(self) -> Part:
        """Where the answer belongs by the rules it breaks; what could not be judged is noise, for it must not pass."""
        if any(one.rule.severity == "hazard" for one in self.violations):
            return "hazard"
        return "keep" if self.kept else "noise"

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the rules that are broken, in the order of the text."""
        return tuple(dict.fromkeys(one.rule.name for one in self.violations))

    @property
    def why(self) -> str:
        """The reason in a clause."""
        if self.violations:
            names = ", ".join(repr(name) for name in self.broken)
            return f"breaks the rule{'s' * (len(self.broken) > 1)} {names}"
        if self.unjudged:
            return f"could not be judged by the rule{'s' * (len(self.unjudged) > 1)} {', '.join(map(repr, self.unjudged))}"
        return "no rule is broken" if self.weight else "no rule is for such answers"


@dataclass(frozen=True)
class Constitution:
    """Rules, and who judges by them.

    Attributes:
        name: as in the recipe.
        rules: in order.
        judges: of the rules of the kind `judge`, by the judge's name in the rule.
        critic: the teacher that rules of the kind `teacher` ask, where it is known beforehand.
    """

    name: str
    rules: tuple[Rule, ...]
    judges: Mapping[str, BatchJudge] = field(default_factory=dict)
    critic: Critic | None = None

    @property
    def asks(self) -> int:
        """How many rules ask a teacher: so many requests an answer."""
        return sum(rule.kind == "teacher" for rule in self.rules)

    def identity(self) -> dict[str, str]:
        """Its version, the digest of its rules and what distinguishes their judges."""
        judges = {f"judge {name}": canonical_json(judge.identity()) for name, judge in self.judges.items()}
        return {"constitution": VERSION, "rules": digest([rule.decisive() for rule in self.rules]), **judges}

    def scores(self, asked: Sequence[tuple[Prompt, str]]) -> list[float | None]:
        """As `BatchJudge.scores`: `Checked.score` of each.

        Raises:
            RecipeError: a rule asks a teacher, and none is there.
        """
        return [checked.score for checked in self.check([Said.of(prompt, text) for prompt, text in asked])]

    def check(self, said: Sequence[Said], critic: Critic | None = None) -> list[Checked]:
        """What the rules say of each answer. It does not depend on what stands beside it.

        Args:
            said: the answers. An empty one cannot be judged.
            critic: whom rules of the kind `teacher` ask; None: the constitution's own.

        Raises:
            RecipeError: a rule asks a teacher, and none is there.
        """
        concerned = [[rule for rule in self.rules if rule.concerns(one.prompt)] for one in said]
        found: list[list[tuple[Rule, Broken]]] = [[] for _ in said]
        for rule in self.rules:
            places = [i for i, rules in enumerate(concerned) if rule in rules]
            for i, broken in zip(places, self._broken(rule, [said[i] for i in places], critic), strict=True):
                found[i].append((rule, broken))
        return [_checked(one, rules) for one, rules in zip(said, found, strict=True)]

    def _broken(self, rule: Rule, said: Sequence[Said], critic: Critic | None) -> list[Broken]:
        """What one rule says of answers that it is for."""
        if rule.kind == "pattern":
            return [_by_pattern(rule, one) for one in said]
        if rule.kind == "arithmetic":
            return [_by_arithmetic(rule, one) for one in said]
        if rule.kind == "judge":
            return _by_judge(rule, said, self.judges[rule.judge])
        asked = critic or self.critic
        if asked is None:
            fix = "use it in [generate.revision], where the teacher that answered is asked, or name a `critic`"
            raise RecipeError(f"the rule {rule.name!r} asks a teacher, and there is none here", where=self.name, fix=fix)
        return _by_teacher(rule, said, asked)


def _checked(said: Said, found: Sequence[tuple[Rule, Broken]]) -> Checked:
    empty = not said.text.strip()
    unjudged = tuple(rule.name for rule, broken in found if broken is None or empty)
    violations = [
        Violation(rule, step, evidence)
        for rule, broken in found
        for step, evidence in broken or ()
        if not rule.excuses(said.text, step.start, step.end)
    ]
    return Checked(tuple(sorted(violations, key=lambda one: one.step.start)), unjudged, sum(rule.weight for rule, _ in found))


def _by_pattern(rule: Rule, said: Said) -> Broken:
    forbidden = rule.forbidden(said.prompt)
    hits = ((step, forbidden.search(said.text, step.start, step.end)) for step in said.steps(rule.applies))
    return [(step, hit[0]) for step, hit in hits if hit is not None]


def _by_arithmetic(rule: Rule, said: Said) -> Broken:
    claims = ((step, one) for step in said.steps(rule.applies) for one in equations(said.text, step.start, step.end))
    return [(step, said.text[one.start : one.end]) for step, one in claims if not one.holds]


def _by_judge(rule: Rule, said: Sequence[Said], judge: BatchJudge) -> list[Broken]:
    """Every step, or every text, in one call. A step without a score leaves the rule unjudged unless another step breaks it."""
    shown = [[Step(0, len(one.text))] if rule.sees == "text" else one.steps(rule.applies) for one in said]
    pairs = [(one.prompt, one.text[step.start : step.end]) for one, mine in zip(said, shown, strict=True) for step in mine]
    scores = iter(judge.scores(pairs) if pairs else [])
    return [_by_scores(rule, one, [(step, next(scores)) for step in mine]) for one, mine in zip(said, shown, strict=True)]


def _by_scores(rule: Rule, said: Said, scored: Iterable[tuple[Step, float | None]]) -> Broken:
    known = list(scored)
    broken = [(step, said.text[step.start : step.end]) for step, score in known if score is not None and _breaks(rule, score)]
    return None if not broken and any(score is None for _, score in known) else broken


def _breaks(rule: Rule, score: float) -> bool:
    return score < rule.least if rule.least is not None else rule.most is not None and score > rule.most


def _by_teacher(rule: Rule, said: Sequence[Said], critic: Critic) -> list[Broken]:
    """A question an answer; one that has no step of the rule's kind is not asked about."""
    shown = [one.steps(rule.applies) for one in said]
    questions = [question(rule.text, one.prompt, one.text, mine) for one, mine in zip(said, shown, strict=True) if mine]
    replies = iter(critic(questions) if questions else [])
    return [_by_reply(one, mine, next(replies)) if mine else [] for one, mine in zip(said, shown, strict=True)]


def _by_reply(said: Said, shown: Sequence[Step], reply: str | None) -> Broken:
    at = None if reply is None else verdict(reply, len(shown))
    if at is None or at == KEPT:
        return None if at is None else []
    step = shown[at - 1]
    return [(step, said.text[step.start : step.end])]
