"""Items, and what a filter says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from potstill.curate.base import Comparing, Context, Item, Opinion, ready
from potstill.curate.judging import opinions_table
from potstill.curate.policy import verdicts
from potstill.recipe import FilterSection
from potstill.store.tables import rows
from potstill.types import Prompt, Trace, Verdict


def answer(prompt: Prompt, text: str, sample: int = 0, teacher: str = "t") -> Item:
    """An answer to a prompt."""
    trace = Trace(prompt.id, teacher, sample, text)
    return Item(prompt.id, prompt, trace.id, trace)


def alone(prompt: Prompt) -> Item:
    """A prompt that nobody has answered."""
    return Item(prompt.id, prompt)


def batched(items: Sequence[Item], size: int = 10_000) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def think(kind: str, items: Sequence[Item], context: Context | None = None, size: int = 10_000, **settings: object) -> list[Opinion]:
    """The opinions of a fresh filter that is shown and judges items as the engine does it, `size` at a time."""
    (one,) = ready([FilterSection(kind=kind, **settings)], "test", context)
    if isinstance(one.part, Comparing):
        for batch in batched(items, size):
            one.part.collect(batch)
    return [opinion for batch in batched(items, size) for opinion in one.part.judge(batch)]


def say(kind: str, items: Sequence[Item], context: Context | None = None, size: int = 10_000, **settings: object) -> list[Verdict]:
    """The verdicts that follow from them."""
    (one,) = ready([FilterSection(kind=kind, **settings)], "test", context)
    return list(rows(verdicts(opinions_table(items, think(kind, items, context, size, **settings)), one), Verdict))


def parts(found: Iterable[Verdict]) -> list[str]:
    return [verdict.part for verdict in found]


def renamed(item: Item, id_: str) -> Item:
    """The same with another id."""
    return replace(item, trace_id=id_) if item.trace_id else replace(item, prompt_id=id_)
