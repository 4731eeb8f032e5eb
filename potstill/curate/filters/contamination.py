"""Rows that hold items of an evaluation set."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.evaluated import EvaluationSets, Passage
from potstill.curate.overlap import SHORT, VERSION, Found, Passages, Statistic
from potstill.curate.retelling import answered, asked, renumbered, retold, surrounded
from potstill.registry import part
from potstill.text import shingles
from potstill.types import Message, Within

Place = Literal["prompt", "reference", "answer"]
SHOWN = 300
"""Characters of a row that are given as evidence, at most."""
INJECTED = 200
"""Faults of each kind, at most."""
TOLD: dict[Statistic, str] = {
    "same": "is",
    "words": "has words of",
    "template": "has the template of",
    "run": "quotes",
    "short": "has the whole of",
}


class ContaminationSettings(FilterSettings):
    """Settings of the filter `contamination`.

    Attributes:
        threshold: the share of an evaluation item that a row may not have.
        against: evaluation sets: sources of prompts, as `[prompts]` names them, and `evaluation` for the run's own evaluation prompts.
        columns: what is wanted (prompt, reference, rationale) -> the column that holds it, for the sources.
        over: where it is looked for: in what is asked, in its reference and rationale, in the answer with its reasoning.
        templates: whether an item with other numbers and names is found too.
    """

    threshold: float = Field(0.6, gt=0, le=1)
    against: tuple[str, ...] = Field(("evaluation",), min_length=1)
    columns: dict[str, str] = Field(default_factory=dict)
    over: tuple[Place, ...] = Field(("prompt", "reference", "answer"), min_length=1)
    templates: bool = True


@part("filter", "contamination", version="1")
class ContaminationFilter:
    """What stands in an evaluation set is noise: who learns from it is no longer measured by it.

    The score is how much of one evaluation item a text of the row has, by the statistics of `curate.overlap`, the highest of them over all
    items and texts. The evidence is the row's words from the first to the last that it shares with that item.
    """

    Settings: ClassVar[type[FilterSettings]] = ContaminationSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: ContaminationSettings, context: Context) -> None:
        self._settings = settings
        self._sets = EvaluationSets(settings.against, settings.columns, context)

    def identity(self) -> dict[str, str]:
        """Digests of the evaluation sets."""
        return {**self._sets.identity(), "overlap": f"{VERSION}, shingles {shingles.VERSION}"}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; None where the evaluation sets are empty."""
        if not self._passages:
            return [Opinion("could not be judged: there are no evaluation items")] * len(items)
        texts: dict[tuple[str, bool], int] = {}
        parts = [[(within, text, texts.setdefault((text, asked), len(texts))) for within, text, asked in self._parts(i)] for i in items]
        found = self._index.find([text for text, _ in texts], np.array([asked for _, asked in texts], bool))
        return [self._opinion([(within, text, found[place]) for within, text, place in each]) for each in parts]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Evaluation items in clean ones: `verbatim`, `prefix_suffix`, `numbers` and `paraphrase`, in prompts and in answers by turns."""
        questions = [passage.text for passage in self._passages if passage.asked]
        counted = [text for text in questions if any(letter.isdecimal() for letter in text)]
        for kind, known in (("verbatim", questions), ("prefix_suffix", questions), ("numbers", counted), ("paraphrase", counted)):
            number = min(INJECTED, len(known), len(clean))
            for i, (text, item) in enumerate(zip(rng.sample(known, number), rng.sample(list(clean), number), strict=True)):
                yield Fault(kind, _holding(item, _told(kind, text, item, rng), in_answer=bool(i % 2)))

    @cached_property
    def _passages(self) -> list[Passage]:
        return self._sets.passages()

    @cached_property
    def _index(self) -> Passages:
        texts, sets = [passage.text for passage in self._passages], [passage.number for passage in self._passages]
        return Passages(texts, sets, templates=self._settings.templates)

    def _parts(self, item: Item) -> Iterator[tuple[Within, str, bool]]:
        """The texts of a row, where each stands, and whether it is asked."""
        prompt, over = item.prompt, self._settings.over
        if "prompt" in over:
            question = prompt.question
            yield "prompt", question, True
            yield from (("", message.content, True) for message in prompt.messages if message.content != question)
        if "reference" in over:
            yield "reference", prompt.reference or "", False
            yield "", prompt.rationale or "", False
        if "answer" in over:
            yield "answer", item.text, False

    def _opinion(self, parts: Sequence[tuple[Within, str, Found | None]]) -> Opinion:
        within, text, found = max(parts, key=lambda part: part[2].score if part[2] else 0.0, default=("", "", None))
        if found is None:
            return Opinion("has nothing of the evaluation items", 0.0)
        places = shingles.spans(text)
        start, end = places[found.first][0], places[found.last][1]
        told = f"{TOLD[found.statistic]} an evaluation item: {self._passages[found.passage].of}"
        span = (start, min(end, start + SHOWN)) if within else (None, None)
        return Opinion(told, found.score, True, text[start : min(end, start + SHOWN)], within, *span)


def _told(kind: str, text: str, item: Item, rng: random.Random) -> str:
    if kind == "prefix_suffix":
        return surrounded(text, item.prompt.question, item.text or item.prompt.question)
    if kind == "numbers":
        return renumbered(text, rng)
    return retold(text, rng) if kind == "paraphrase" else text


def _holding(item: Item, text: str, *, in_answer: bool) -> Item:
    """The item with that text as its answer, or as what is asked; short texts are only asked."""
    if in_answer and item.trace is not None and len(shingles.spans(text)) >= SHORT:
        return answered(item, text)
    return asked(item, replace(item.prompt, messages=(Message("user", text),), reference=None, rationale=None))
