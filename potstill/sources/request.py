"""What a source is asked for, and what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from potstill.errors import RecipeError
from potstill.registry import did_you_mean, find, names
from potstill.sources.labelling import check_columns
from potstill.text.lines import Rejected
from potstill.text.specs import split_spec
from potstill.types import Prompt

STDIN = "stdin:jsonl"
Say: TypeAlias = Callable[[str], None]
"""Tells a line, as `potstill.store.log.Log.say`."""


@dataclass(frozen=True, slots=True)
class Request:
    """One source as the recipe names it.

    Attributes:
        name: what stands behind the kind and before the settings: a path, a dataset, skills.
        settings: `?name=value&...`.
        where: the recipe's key and the source, for messages.
        columns: what is wanted -> the column that holds it.
        evaluation: whether the prompts only evaluate; a source that can then gives held-out ones.
        seed: the run's.
    """

    name: str
    settings: Mapping[str, str]
    where: str
    columns: Mapping[str, str] = field(default_factory=dict)
    evaluation: bool = False
    seed: int = 0


class Source(Protocol):
    """Gives prompts. Its class takes a `Request`, and names its settings in `SETTINGS`; those that name a source in `SPECS`, if any.

    Of what a recipe's `columns` wants, `COLUMNS` names what it finds in columns of its own, and `LABELS` what may be stated for it, as
    `=text`.
    """

    SETTINGS: Collection[str]
    COLUMNS: Collection[str]
    LABELS: Collection[str]

    def fingerprint(self) -> str:
        """A text that changes whenever the prompts would: a digest of the file, a version."""
        ...

    def prompts(self) -> Iterator[Prompt]:
        """The prompts, in an order that is always the same.

        Raises:
            InputError: the source cannot be read, or a row of it is malformed.
        """
        ...


@runtime_checkable
class Sifting(Protocol):
    """A source that can go on behind a malformed row."""

    def sift(self) -> Iterator[Prompt | Rejected]:
        """As `Source.prompts`; in the place of a malformed row stands what is wrong with it."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """A source that can be read but once: a run keeps what it reads, before anything else is asked of the source."""

    def keep(self, folder: Path, say: Say) -> None:
        """Write what is there to read into a run folder; where nothing is, what an earlier run kept there is read.

        Args:
            folder: of the run.
            say: is told what is waited for and what is read.

        Raises:
            InputError: there is neither.
        """
        ...


@runtime_checkable
class Nested(Protocol):
    """A source that is made of others."""

    @property
    def inner(self) -> tuple[OpenedSource, ...]:
        """Those that it reads."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source ready to be read, with its kind and the version of the code that reads it."""

    spec: str
    kind: str
    version: str
    source: Source

    def sift(self) -> Iterator[Prompt | Rejected]:
        """The prompts, and what is wrong with malformed rows; the first of these is raised where the source cannot go on behind it."""
        return self.source.sift() if isinstance(self.source, Sifting) else self.source.prompts()

    def within(self) -> Iterator[OpenedSource]:
        """It, and all that it is made of."""
        yield self
        for one in self.source.inner if isinstance(self.source, Nested) else ():
            yield from one.within()

    def uses(self, name: str, column: str) -> bool:
        """Whether it can do anything with an entry of `columns`: a column, or a label that begins with `=`."""
        return name in (self.source.LABELS if column.startswith("=") else self.source.COLUMNS)


def open_source(spec: str, where: str, columns: Mapping[str, str], *, evaluation: bool = False, seed: int = 0) -> OpenedSource:
    """The source that `spec` names: `KIND:NAME?settings`; without a kind it is a file, and `-` is `STDIN`.

    Raises:
        RecipeError: an unknown kind or setting, or an unknown name in `columns`.
    """
    kind, colon, rest = (STDIN if spec == "-" else spec).partition(":")
    if not colon or not re.fullmatch(r"[a-z_]{2,}", kind):
        kind, rest = "file", spec
    place = f"{where} {spec!r}"
    if "://" in spec.partition("?")[0]:
        raise RecipeError(
            "nothing is fetched from an address", where=place, fix="download it and name the file, or name a dataset as hf:NAME:SPLIT"
        )
    if kind not in names("source"):
        raise RecipeError(f"unknown kind of source {kind!r}", where=place, fix=did_you_mean(kind, names("source")))
    check_columns(columns, place)
    part = find("source", kind)
    nested = getattr(part.factory, "SPECS", ())
    name, settings = split_spec(rest, part.factory.SETTINGS, place, nested)  # type: ignore[attr-defined]  # of every source's class
    request = Request(name, settings, place, columns, evaluation, seed)
    return OpenedSource(spec, kind, part.version, part.factory(request))
