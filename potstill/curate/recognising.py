"""Recognising an excluded domain in texts: a blocklist proposes, and a classifier confirms, or finds what no term names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from potstill.attacks import only_evaluates
from potstill.curate.blocklist import Blocklist, Hit
from potstill.curate.examples import VERSION as LEARNING
from potstill.curate.examples import Examples, learn
from potstill.curate.passages import Passage
from potstill.errors import InputError
from potstill.sources.request import OpenedSource
from potstill.text.hashing import VERSION as HASHING
from potstill.text.pieces import SHORT, pieces
from potstill.types import Prompt

_NEVER = 1e-12


class Recogniser(Protocol):
    """Says how much a text is of a domain."""

    @property
    def piece(self) -> int:
        """Characters of the pieces that it looks at beside a whole text."""
        ...

    def scores(self, texts: Sequence[str]) -> Sequence[float | None]:
        """In [0, 1], above 0.5 of the domain; None for a text that it cannot read."""
        ...

    def evidence(self, text: str) -> tuple[int, int] | None:
        """The span that speaks most for it; None where nothing does."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What was made of a passage.

    Attributes:
        passage: the text.
        score: as a verdict's; None where it could not be judged.
        start, end: the piece of it that is most of the domain.
        hit: the first term of the blocklist in it.
    """

    passage: Passage
    score: float | None
    start: int
    end: int
    hit: Hit | None = None


@dataclass(frozen=True)
class Recognition:
    """The two steps.

    Attributes:
        blocklist: terms that propose; without a recogniser a hit decides.
        recogniser: confirms; None: nothing does.
        confirm: the score from which on the recogniser confirms what a term proposes; without a term it must reach 0.5.
        decides: whether a term decides alone.
    """

    blocklist: Blocklist
    recogniser: Recogniser | None
    confirm: float
    decides: bool

    def look(self, passages: Sequence[Passage]) -> list[Seen]:
        """What is made of each passage."""
        size = SHORT if self.recogniser is None else self.recogniser.piece
        spans = [pieces(passage.text, size) for passage in passages]
        texts = [passage.text[start:end] for passage, some in zip(passages, spans, strict=True) for start, end in some]
        scores = iter([0.0] * len(texts) if self.recogniser is None else self.recogniser.scores(list(texts)))
        return [self._seen(passage, [(next(scores), span) for span in some]) for passage, some in zip(passages, spans, strict=True)]

    def evidence(self, seen: Seen) -> tuple[int, int]:
        """The span of a passage that shows it: the term, or what speaks most for the domain in the piece."""
        if seen.hit is not None:
            return seen.hit.start, seen.hit.end
        found = None if self.recogniser is None else self.recogniser.evidence(seen.passage.text[seen.start : seen.end])
        return (seen.start, seen.end) if found is None else (seen.start + found[0], seen.start + found[1])

    def _seen(self, passage: Passage, scored: Sequence[tuple[float | None, tuple[int, int]]]) -> Seen:
        hit = next(self.blocklist.hits(passage.text), None)
        known = [(score, span) for score, span in scored if score is not None]
        if hit is not None and self.decides:
            return Seen(passage, 1.0, hit.start, hit.end, hit)
        if not known:
            return Seen(passage, None, 0, len(passage.text), hit)
        best, (start, end) = max(known, key=lambda one: one[0])
        return Seen(passage, best if hit is None else eased(best, self.confirm), start, end, hit)


def eased(score: float, bar: float) -> float:
    """A score with its log-odds moved so that `bar` becomes 0.5."""
    if score <= _NEVER or score >= 1 - _NEVER:
        return score
    return 1 / (1 + math.exp(math.log((1 - score) / score) - math.log((1 - bar) / bar)))


@dataclass(frozen=True)
class Told:
    """Sources of what is of a domain and of what is not.

    Attributes:
        inside, outside: opened.
        piece: as a `Recogniser` has it.
    """

    inside: Sequence[OpenedSource]
    outside: Sequence[OpenedSource]
    piece: int = SHORT

    def identity(self) -> Mapping[str, str]:
        """Their fingerprints, and the version of learning from them; nothing is read."""
        sides = (("examples", self.inside), ("counterexamples", self.outside))
        found = {f"{name} {one.spec}": f"{one.version} {one.source.fingerprint()}" for name, side in sides for one in side}
        return {**found, "learning": f"{LEARNING}.{HASHING}"} if found else {}

    @cached_property
    def prompts(self) -> tuple[list[Prompt], list[Prompt]]:
        """Both sides, each text once; what stands on both is of the domain.

        Raises:
            InputError: a source cannot be read, or an example only evaluates.
        """
        inside = {prompt.id: prompt for prompt in _read(self.inside)}
        for prompt in inside.values():
            if only_evaluates(prompt):
                fix = "give examples of half A (world:hazard?half=A): what was learnt from half B could not be measured on it"
                raise InputError("an example of half B of the hazards, which only evaluates", where=prompt.source or prompt.id, fix=fix)
        outside = {prompt.id: prompt for prompt in _read(self.outside) if prompt.id not in inside}
        return list(inside.values()), list(outside.values())

    @cached_property
    def examples(self) -> Examples:
        """Their texts, by family, skill or file."""
        inside, outside = self.prompts
        learnt, other = (tuple(text_of(prompt) for prompt in side) for side in (inside, outside))
        return Examples(learnt, other, tuple(f"{one.family or one.skill}" for one in (*inside, *outside)))

    def scores(self, texts: Sequence[str]) -> list[float]:
        """As `Domain.scores`, of the classifier learnt from them."""
        return learn(self.examples).scores(texts)

    def evidence(self, text: str) -> tuple[int, int] | None:
        """As `Domain.evidence`."""
        return learn(self.examples).evidence(text)

    def told(self) -> Mapping[str, float | int | None]:
        """What the classifier makes of examples that it did not see."""
        return learn(self.examples).told()


def text_of(prompt: Prompt) -> str:
    """What a prompt asks, or its plain text."""
    return prompt.question or prompt.reference or ""


def _read(sources: Sequence[OpenedSource]) -> Iterator[Prompt]:
    for one in sources:
        yield from (prompt for prompt in one.source.prompts() if text_of(prompt).strip())
