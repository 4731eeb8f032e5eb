"""What a filter is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from potstill.models.base import Spending
from potstill.models.scorings import Scoring
from potstill.recipe.curation import FilterSection
from potstill.recipe.reading import part_settings
from potstill.registry import Identified, PartInfo, find
from potstill.types import Part, Prompt, TeacherCard, Trace, Within

Reads = Literal["prompt", "answer", "scorings"]
"""What a filter looks at: the prompt, the answer, what teachers expected at the answer's tokens."""
Catches = Literal["above", "below"]
"""Which scores a filter puts aside: those at or above its threshold, or those below it."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a filter judges: an answer to a prompt, or a prompt alone, before anybody is asked.

    Attributes:
        prompt_id: of the prompt; it is not hashed anew.
        prompt: what is asked.
        trace_id: of the trace; empty for a prompt alone.
        trace: the answer; None for a prompt alone. Its token ids and usage are not read.
        scorings: what teachers expected in the answer; empty unless the filter reads them.
    """

    prompt_id: str
    prompt: Prompt
    trace_id: str = ""
    trace: Trace | None = None
    scorings: tuple[Scoring, ...] = ()

    @property
    def id(self) -> str:
        """Of the trace, or of the prompt where it stands alone."""
        return self.trace_id or self.prompt_id

    @property
    def text(self) -> str:
        """The answer; empty for a prompt alone."""
        return "" if self.trace is None else self.trace.text


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a filter says of one item. Where the item goes follows from the score by `FilterSettings`, so that it can be decided anew.

    Attributes:
        why: the reason in a clause, without the threshold.
        score: the filter's number; None when it could not judge.
        applies: False where the filter is not about such items: they are kept.
        evidence: the text that shows it, or the id of the other item.
        within, start, end: where that text stands; see `Verdict`.
    """

    why: str
    score: float | None = None
    applies: bool = True
    evidence: str = ""
    within: Within = ""
    start: int | None = None
    end: int | None = None


class FilterSettings(BaseModel):
    """A filter's settings: frozen, and without unknown keys. A filter gives these its own defaults and adds what it needs.

    Attributes:
        threshold: the score from which on an item is put aside, or below which it is, as the filter's `CATCHES` says.
        part: where such an item goes; `keep` makes the filter one that only measures.
        unjudged: where an item goes that could not be judged; its score is None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    POLICY: ClassVar[frozenset[str]] = frozenset({"threshold", "part", "unjudged"})
    """The settings that no opinion depends on."""

    threshold: float = 0.5
    part: Part = "noise"
    unjudged: Part = "keep"

    def decisive(self) -> dict[str, Any]:
        """The settings that opinions depend on, as plain values."""
        return self.model_dump(mode="json", exclude=set(self.POLICY))


def _nothing() -> Iterator[Prompt]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Context:
    """What a filter may ask for beside its items.

    Attributes:
        seed: the run's.
        spending: where requests of judges to servers are written down, and how much they may cost.
        teachers: id -> card of those that answered.
        evaluation: the prompts that only evaluate, read anew by each call.
        where: the filter's place in the recipe, for errors.
    """

    seed: int = 0
    spending: Spending = field(default_factory=Spending)
    teachers: Mapping[str, TeacherCard] = field(default_factory=dict)
    evaluation: Callable[[], Iterator[Prompt]] = _nothing
    where: str = "filters"


class Filter(Protocol):
    """Says what it thinks of each item, and why. Its class takes its settings and a `Context`; loading is left to the first use.

    Opinions depend on the items as a set: neither on their order, nor on how they are cut into batches, nor on chance. A filter that looks
    at one item at a time needs nothing else. One that compares them is `Comparing`, one whose opinions depend on files or models is
    `Identified`, and one whose errors can be measured by injection is `Measurable`.

    Attributes:
        Settings: its settings, a subclass of `FilterSettings`.
        READS: what it must be given. One that reads only prompts judges prompts alone and traces alike.
        CATCHES: which scores it puts aside.
    """

    Settings: ClassVar[type[FilterSettings]]
    READS: ClassVar[frozenset[Reads]]
    CATCHES: ClassVar[Catches]

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item, in their order."""
        ...


@runtime_checkable
class Comparing(Protocol):
    """A filter that compares items with each other: it is shown all of them before the first is judged.

    The engine makes a fresh instance for every run, so what it has seen is its own to keep; it should be a few bytes an item.
    """

    def collect(self, items: Sequence[Item]) -> None:
        """Take note of a batch. Draws that were not the best of several are not shown, and are judged all the same."""
        ...


HARD = "hard: "
"""How the kinds of faults begin of which a filter may miss some: they are not made of the very thing that it looks for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An item that a filter should find.

    Attributes:
        kind: how it was made: `verbatim`, `numbers`, `hard: indirect`.
        item: with an id of its own.
    """

    kind: str
    item: Item


@runtime_checkable
class Measurable(Protocol):
    """A filter whose recall can be measured by injection."""

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterable[Fault]:
        """Items that it should put aside, made of clean ones or of what it knows, several of each kind; `HARD` ones beside the plain.

        Args:
            clean: items that it should keep.
            rng: all chance comes from it.
        """
        ...


@runtime_checkable
class Telling(Protocol):
    """A filter that has figures of its own to tell, beside its opinions."""

    def told(self) -> Mapping[str, Any]:
        """Name -> number; they are logged, and stand in the summary of its opinions. Empty where there is nothing to tell."""
        ...


@dataclass(frozen=True, slots=True)
class ReadyFilter:
    """A filter of the recipe with its settings checked.

    Attributes:
        info: as registered.
        by: its name in verdicts: `domain`, and `domain-2` for the recipe's second of that name.
        part: the filter.
        settings: of the recipe.
    """

    info: PartInfo
    by: str
    part: Filter
    settings: FilterSettings

    @property
    def reads(self) -> frozenset[Reads]:
        """What it looks at."""
        return self.part.READS

    @property
    def identity(self) -> dict[str, str]:
        """What its opinions depend on beside its settings and the items."""
        more = self.part.identity() if isinstance(self.part, Identified) else {}
        return {f"filter {self.info.name}": self.info.version, **more}


def ready(sections: Sequence[FilterSection], where: str, context: Context | None = None) -> list[ReadyFilter]:
    """The filters that a recipe asks for, fresh, in its order.

    Args:
        sections: as written.
        where: the recipe's key, for errors: `filters`.
        context: what they may ask for; None: nothing, which does for looking at their settings.

    Raises:
        RecipeError: an unknown filter or setting, or a value that a setting cannot have.
    """
    found: list[ReadyFilter] = []
    for i, section in enumerate(sections):
        before = sum(one.info.name == section.kind for one in found)
        found.append(_ready(section, f"{where}.{i}", f"{section.kind}-{before + 1}" if before else section.kind, context or Context()))
    return found


def _ready(section: FilterSection, where: str, by: str, context: Context) -> ReadyFilter:
    info = find("filter", section.kind, where=where)
    kind: type[FilterSettings] = info.factory.Settings  # type: ignore[attr-defined]  # of every filter's class
    settings = part_settings(kind, section.settings, f"the filter {section.kind!r}", where)
    return ReadyFilter(info, by, info.factory(settings, replace(context, where=where)), settings)
