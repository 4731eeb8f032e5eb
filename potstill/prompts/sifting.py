"""Reading sources: their prompts as they are asked, and malformed rows set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from potstill.errors import InputError, RecipeError
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
        RecipeError: no row has a column that the recipe names, or what it may hold.
    """
    for asked in sources:
        yield from _sift(asked, most, aside)


def _sift(asked: Asked, most: float, aside: Callable[[Aside], None]) -> Iterator[Prompt]:
    good = bad = 0
    faults, renamed = dict[str, Rejected](), dict[str, str]()
    for found in asked.opened.sift():
        if isinstance(found, Rejected):
            bad += 1
            if not good or not faults:
                faults.setdefault(found.what, found)
            if bad == HOPELESS and not good:
                break
            aside(Aside(asked.opened.spec, found))
            continue
        good += 1
        yield _as_put(found, asked, renamed)
        if good == asked.limit:
            break
    _check(asked, good, bad, most, list(faults.values()))


def _as_put(found: Prompt, asked: Asked, renamed: dict[str, str]) -> Prompt:
    """The prompt as it is asked; a twin names its attack as that is asked. `renamed` remembers the ids of before."""
    put = asked.put(found)
    if asked.template is None and asked.system is None:
        return put
    if found.intent in ("hazard", "ambiguous"):
        renamed[found.id] = put.id
    return put if found.twin_of is None else replace(put, twin_of=renamed.get(found.twin_of, found.twin_of))


def _check(asked: Asked, good: int, bad: int, most: float, faults: Sequence[Rejected]) -> None:
    """Whether too much of a source is malformed.

    Args:
        asked: the source.
        good: how many rows of it are prompts.
        bad: how many are malformed.
        most: as in `sift`.
        faults: a row of each fault that was found before the first good row, or else the first that was found.
    """
    spec = asked.opened.spec
    if not good and not bad:
        raise InputError("the source has no prompts", where=spec, fix="check the file, the split or the slice")
    if not bad:
        return
    fix, first = "mend them or map other columns; prompts.max_quarantined says which share may be", faults[0].error
    if not good:
        many = f"all of the first {bad}" if bad == HOPELESS else f"all {bad}"
        if len(faults) == 1 and bad > 1 and _is_mapped(asked, faults[0]):
            raise RecipeError(f"{faults[0].what}, in {many} rows ({faults[0].where})", where=f"{spec} columns", fix=faults[0].fix)
        raise InputError(f"{many} rows are malformed, the first: {first}", where=spec, fix=fix)
    if bad > most * (good + bad) and (bad > FEW or bad > good):
        raise InputError(f"{bad} of {good + bad} rows are malformed, the first: {first}", where=spec, fix=fix)


def _is_mapped(asked: Asked, fault: Rejected) -> bool:
    """Whether a row is malformed in a column that the recipe names."""
    return any(repr(column) in fault.what for column in asked.columns.values())
