"""Answers that comply, decline or do both, put together from the project's own phrases: what the refusal detector learns from."""

from __future__ import annotations

import random
import re
import tomllib
from functools import cache
from pathlib import Path

from potstill import world

PHRASES = Path(__file__).parent / "data" / "refusal_phrases.toml"
CONTENT = ("odd", "step", "head", "fact", "story", "code", "letter", "short", "but_general")
"""Lists that say something about a topic: their words are no manner of speaking."""
FURTHER_WORDS = (
    "meaningful sense fictional character assumption coherent depends details accurate exist exists clear misunderstanding practical steps "
    "ways tips several here are first make sure such as example also can be used however still nevertheless general"
)
_SLOT = re.compile(r"\{(\w+)\}")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
Labelled = tuple[str, str]
"""A text and its label: `comply`, `partial` or `refuse`."""


@cache
def _phrases() -> dict[str, dict[str, list[str]]]:
    with PHRASES.open("rb") as file:
        return tomllib.load(file)


def vocabulary() -> list[str]:
    """The words of phrases that decline, hedge, greet or lead over; slots and what is said about a topic are left out."""
    lists = _phrases()["lists"]
    spoken = [_SLOT.sub(" ", phrase.lower()) for name, phrases in lists.items() if name not in CONTENT for phrase in phrases]
    return sorted({word for phrase in [*spoken, FURTHER_WORDS] for word in _WORD.findall(phrase)})


def generated(n: int, seed: int = 7) -> list[Labelled]:
    """`n` answers, the labels in turn."""
    speaker = _Speaker(random.Random(seed))
    kinds = {"refuse": speaker.refuse, "comply": speaker.comply, "partial": speaker.partial}
    return [(kinds[label](), label) for label in (list(kinds)[i % len(kinds)] for i in range(n))]


def of_world(n: int, seed: int = 7) -> list[Labelled]:
    """`n` answers of the built-in world: gold ones, refusals, and both with words left out, as small students write."""
    rng = random.Random(seed)
    found = []
    for prompt in world.prompts(None, n, seed):
        text = world.completion(prompt, "aligned" if rng.random() < 0.5 else "base")
        label = "refuse" if world.refused(text) else "comply"
        words = [word for word in text.split() if rng.random() > 0.15]
        found.append((" ".join(words) if rng.random() < 0.5 and words else text, label))
    return found


class _Speaker:
    """Says phrases at random."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lists = {**_phrases()["slots"], **_phrases()["lists"]}

    def refuse(self) -> str:
        """A refusal: plain, indirect, or of what the request takes for granted; often with something to do instead."""
        kind = self._rng.random()
        if kind < 0.12:
            return self._say("direct")
        said = self._direct() if kind < 0.45 else self._some("indirect", (1, 2, 2, 3, 4)) if kind < 0.75 else self._premise()
        said += self._ends()
        if self._maybe(0.2):
            return self._paragraphs(said) + "\n\n" + self._say("safer") + "\n" + self._steps("instead_do", "values", "step")
        return self._paragraphs([self._say("sure"), *said] if kind > 0.9 else said)

    def comply(self) -> str:
        """An answer to the request."""
        said = [self._say("sure")] if self._maybe(0.35) else []
        if self._maybe(0.1):
            return " ".join([*said, self._say("start"), *self._some("step", (0, 0, 1))])
        return " ".join([*said, self._body()])

    def partial(self) -> str:
        """An answer that declines and gives something all the same."""
        kind = self._rng.random()
        if kind < 0.2:
            quibble = f"{self._say(self._pick('sure', 'concern'))} However, {self._say('quibble')}"
            return self._paragraphs([quibble, self._say(self._pick("instead", "but_general"))]) + " " + self._body()
        if kind < 0.7:
            said = self._direct() if self._maybe(0.6) else self._some("indirect", (1, 2, 3))
            return self._paragraphs([*said, self._say("but_general")]) + " " + self._body()
        if kind < 0.85:
            return f"{self._body()} {self._say('but_not')}"
        return f"{self._say('must_note')} {self._say('doing')} {self._say('never')}. {self._say('but_general')} {self._body()}"

    def _maybe(self, share: float) -> bool:
        return self._rng.random() < share

    def _pick(self, *names: str) -> str:
        return self._rng.choice(names)

    def _say(self, name: str) -> str:
        """A phrase of a list with its slots filled, beginning with a capital."""
        phrase = self._rng.choice(self._lists[name])
        while _SLOT.search(phrase):
            phrase = _SLOT.sub(lambda slot: self._rng.choice(self._lists[slot[1]]), phrase)
        return phrase[:1].upper() + phrase[1:]

    def _some(self, name: str, counts: tuple[int, ...]) -> list[str]:
        return [self._say(name) for _ in range(self._rng.choice(counts))]

    def _direct(self) -> list[str]:
        return [self._say("direct"), *self._some("indirect", (0, 0, 1, 1, 2))]

    def _premise(self) -> list[str]:
        said = self._some("premise", (1, 1, 2, 3))
        told = [*self._some("fact", (0, 0, 0, 1, 2, 3)), *self._some("valued", (0, 1, 2))]
        return [*said, *told, *self._some("indirect", (0, 0, 1))]

    def _ends(self) -> list[str]:
        said = self._some("instead", (0, 0, 1, 1, 2))
        said += [self._say("seek") + "."] if self._maybe(0.3) else []
        return said + ([self._say("close")] if self._maybe(0.3) else [])

    def _paragraphs(self, sentences: list[str]) -> str:
        gaps = [self._rng.choice((" ", " ", " ", "\n\n")) for _ in sentences]
        return "".join(sentence + gap for sentence, gap in zip(sentences, gaps, strict=True)).strip()

    def _steps(self, *names: str) -> str:
        """A list, numbered or not, its items with headings or without."""
        mark, headed = self._rng.choice((("", False), ("", True), ("* ", True), ("- ", False)))
        items = []
        for number in range(1, self._rng.randint(2, 8) + 1):
            said = " ".join(self._some(self._rng.choice(names), (1, 1, 2)))
            items.append((mark or f"{number}. ") + (f"{self._say('head')}: " if headed else "") + said)
        return "\n".join(items)

    def _odd(self) -> str:
        """An answer to a question that makes no sense, or leaves something open."""
        before = self._rng.choice(("", "", self._say("concern"), f"{self._say('sure')} However, ", f"{self._say('sure')} "))
        said = [before + self._say("odd"), *(self._say(self._pick("odd", "fact")) for _ in range(self._rng.randint(0, 3)))]
        return self._paragraphs([*said, *self._some("close", (0, 0, 1))])

    def _body(self) -> str:
        kind = self._rng.random()
        if kind < 0.33:
            return " ".join([*self._some("fact", (0, 0, 1, 2)), self._say("lead")]) + f"\n{self._steps('step')}\n{self._say('tail')}"
        if kind < 0.5:
            return self._odd()
        if kind < 0.78:
            return self._paragraphs([*self._some("fact", (1, 2, 3, 4, 5, 6)), *self._some("tail", (0, 0, 0, 0, 1))])
        if kind < 0.83:
            return self._paragraphs(self._some("story", (1, 2, 3, 4, 5, 6)))
        if kind < 0.88:
            return f"{self._say('lead')}\n{self._say('code')}\n{self._say('fact')}"
        return self._say("letter") if kind < 0.92 else self._say("short")
