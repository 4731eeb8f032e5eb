"""All prompts of some sources in memory, for commands that look at a recipe without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from potstill.errors import InputError
from potstill.prompts.once import Once
from potstill.prompts.opening import Asked
from potstill.prompts.sifting import Aside, sift
from potstill.types import Prompt


@dataclass(frozen=True, slots=True)
class Read:
    """What was read.

    Attributes:
        prompts: as they are asked, each once, by id.
        aside: the malformed rows.
    """

    prompts: Mapping[str, Prompt]
    aside: tuple[Aside, ...] = ()


def read(sources: Sequence[Asked], most: float) -> Read:
    """The prompts of some sources.

    Args:
        sources: of one use.
        most: `prompts.max_quarantined`.

    Raises:
        InputError: a source cannot be read or is empty, too much of one is malformed, or a prompt is a hazard in one place and harmless in
            another.
    """
    found: dict[str, Prompt] = {}
    aside: list[Aside] = []
    for batch in Once(lambda id_: found[id_].source).of(sift(sources, most, aside.append)):
        found.update(batch)
    return Read(found, tuple(aside))


def without(found: Mapping[str, Prompt], *others: Mapping[str, Prompt], where: str) -> dict[str, Prompt]:
    """The prompts that are trained on: those of `found` that are in none of the others.

    Raises:
        InputError: there are none.
    """
    kept = {id_: prompt for id_, prompt in found.items() if not any(id_ in other for other in others)}
    if not kept:
        raise InputError("no prompts", where=where, fix="the sources are empty, or hold evaluation prompts only")
    return kept
