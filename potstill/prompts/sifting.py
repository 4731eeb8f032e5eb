"""Reading sources: their prompts as they are asked, and malformed rows set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from potstill.errors import InputError
from potstill.prompts.opening import Asked
from potstill.sources import Rejected
from potstill.types import Prompt

FEW = 10
"""So many malformed rows of a source, and no more than half of its rows, are always set aside."""
HOPELESS = 1000
"""A source is given up when so many rows have been read and all of them were malformed."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that was set aside, and the source that it is of."""

    source: str
    row: Rejected

    def line(self) -> str:
        """The row in a line: place, fault and remedy."""
        return str(self.row.error)


def sift(sources: Iterable[Asked], most: float, aside: Callable[[Aside], None]) -> Iterator[Prompt]:
    """The prompts of sources, one after the other, as they are asked.

    Args:
        sources: to be read.
        most: the largest share of a source's rows that may be malformed; `FEW` always may.
        aside: is handed every malformed row.

    Raises:
        InputError: a source cannot be read or is empty, or more of its rows are malformed.
    """
    for asked in sources:
        yield from _sift(asked, most, aside)


def _sift(asked: Asked, most: float, aside: Callable[[Aside], None]) -> Iterator[Prompt]:
    good = bad = 0
    first, renamed = "", dict[str, str]()
    for found in asked.opened.sift():
        if isinstance(found, Rejected):
            row = Aside(asked.opened.spec, found)
            first = first or row.line()
            bad += 1
            if bad == HOPELESS and not good:
                break
            aside(row)
            continue
        good += 1
        yield _as_put(found, asked, renamed)
        if good == asked.limit:
            break
    _check(asked.opened.spec, good, bad, most, first)


def _as_put(found: Prompt, asked: Asked, renamed: dict[str, str]) -> Prompt:
    """The prompt as it is asked; a twin names its attack as that is asked. `renamed` remembers the ids of before."""
    put = asked.put(found)
    if asked.template is None and asked.system is None:
        return put
    if found.intent in ("hazard", "ambiguous"):
        renamed[found.id] = put.id
    return put if found.twin_of is None else replace(put, twin_of=renamed.get(found.twin_of, found.twin_of))


def _check(spec: str, good: int, bad: int, most: float, first: str) -> None:
    if not good and not bad:
        raise InputError("the source has no prompts", where=spec, fix="check the file, the split or the slice")
    fix = "mend them or map other columns; prompts.max_quarantined says which share may be"
    if not good:
        many = f"all of the first {bad}" if bad == HOPELESS else f"all {bad}"
        raise InputError(f"{many} rows are malformed, the first: {first}", where=spec, fix=fix)
    if bad > most * (good + bad) and (bad > FEW or bad > good):
        raise InputError(f"{bad} of {good + bad} rows are malformed, the first: {first}", where=spec, fix=fix)
