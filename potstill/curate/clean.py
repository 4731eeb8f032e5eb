"""What every filter should keep: harmless prompts, and answers to them that are known to be right."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from potstill.curate.base import Item
from potstill.errors import InputError
from potstill.judges import judge_of
from potstill.recipe.curation import MeasureSection, SourceTable
from potstill.sources.put import check_put, templated
from potstill.sources.request import OpenedSource, open_source
from potstill.text.answers import final_answer
from potstill.text.segments import segments
from potstill.types import Prompt, Trace, content_id
from potstill.world import completion

WHERE = "measure.clean"
GIVER = "reference"
"""The teacher of answers that nobody drew."""


@dataclass(frozen=True, slots=True)
class CleanSource:
    """A source of clean prompts, and how the recipe says that they are put.

    Attributes:
        opened: the source.
        told: its template, grader and limit; what it does not say of the grader is as in the section.
    """

    opened: OpenedSource
    told: SourceTable

    def prompts(self) -> Iterator[Prompt]:
        """The harmless ones of its prompts, at most `limit`, as they are asked.

        Raises:
            InputError: the source cannot be read.
        """
        harmless = (prompt for prompt in self.opened.source.prompts() if prompt.intent in ("benign", "twin"))
        for prompt in islice(harmless, self.told.limit):
            grader = prompt.grader or self.told.grader
            yield replace(prompt, messages=templated(prompt.messages, self.told.template), grader=grader)


def open_clean(section: MeasureSection, seed: int) -> list[CleanSource]:
    """The sources of clean prompts; nothing is read.

    Raises:
        RecipeError: an unknown source, setting, column or grader, or a template without its slot.
    """
    found = []
    for one in section.clean:
        check_put(one, f"{WHERE} {one.source!r}")
        opened = open_source(one.source, WHERE, section.columns if one.columns is None else one.columns, seed=seed)
        found.append(CleanSource(opened, one))
    return found


def clean_items(sources: Sequence[CleanSource], section: MeasureSection, *, answers: bool, seed: int) -> list[Item]:
    """At most `n` clean items, drawn at random from all sources, each prompt once.

    Args:
        sources: as `open_clean` gives them.
        section: how many, and their grader.
        answers: whether they are answers, which are right, or prompts alone. Only prompts with a right answer have one.
        seed: of the draw.

    Raises:
        InputError: there is no such item, or a source cannot be read.
    """
    prompts = {one.id: replace(one, grader=one.grader or section.grader) for source in sources for one in source.prompts()}
    found = [item for id_, prompt in prompts.items() if (item := _item(id_, prompt, answers)) is not None]
    if not found:
        lack = "no harmless prompt has an answer that its grader finds right" if answers else "no harmless prompt"
        raise InputError(
            lack,
            where=f"{WHERE} {', '.join(one.source for one in section.clean)}",
            fix="name another source, or its columns in measure.columns",
        )
    return heapq.nsmallest(section.n, found, key=lambda item: content_id([seed, item.prompt_id]))


def answered(prompt: Prompt, text: str, *, sample: int = 0, id_: str = "", prompt_id: str = "") -> Item:
    """A prompt with a text as the answer to it.

    Args:
        prompt: what is asked.
        text: the answer.
        sample: which of several.
        id_: of the trace, where it is not to be known by its content.
        prompt_id: of the prompt, where it is known.
    """
    asked = prompt_id or prompt.id
    trace = Trace(asked, GIVER, sample, text, segments(text))
    return Item(asked, prompt, id_ or trace.id, trace)


def right_answer(prompt: Prompt) -> str | None:
    """What a prompt's reference says as an answer, its rationale before it; None where there is none, or its grader finds it wrong.

    Of a plain text, which only is scored, the text.
    """
    if prompt.reference is None:
        return None
    if not prompt.messages:
        return prompt.reference
    text = _worded(prompt, prompt.reference)
    judge = judge_of(prompt)
    return text if judge is None or judge(prompt, text) == 1.0 else None


def _item(id_: str, prompt: Prompt, answers: bool) -> Item | None:
    if not answers:
        return Item(id_, prompt)
    text = right_answer(prompt)
    return None if text is None else answered(prompt, text, prompt_id=id_)


def _worded(prompt: Prompt, reference: str) -> str:
    if prompt.grader == "world":
        return completion(prompt, "base")
    if prompt.rationale is None:
        return reference
    return prompt.rationale if final_answer(prompt.rationale) else f"{prompt.rationale}\nAnswer: {reference}"
