"""From a name in a recipe to a part. Folders are scanned and entry points are read: there is no list to edit.

    @part("divergence", "forward_kl")
    class ForwardKL: ...

    find("divergence", "forward_kl")      -> the class
    names("divergence")                   -> ["forward_kl", "jsd", ...]

A kind lives in one folder (`HOMES`); every module in it is imported when the kind is first asked for, and so are modules elsewhere that
`FURTHER` names. Other packages add parts through the entry-point group `potstill.parts`: an entry names a module that registers on import.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from potstill.errors import RecipeError

HOMES: dict[str, str] = {
    "attack": "potstill.attacks.families",
    "codec": "potstill.signal.codecs",
    "dialect": "potstill.endpoints.dialects",
    "divergence": "potstill.signal.divergences",
    "judge": "potstill.judges",
    "labeller": "potstill.sources.labellers",
    "model": "potstill.models",
    "source": "potstill.sources.kinds",
    "filter": "potstill.curate.filters",
    "loss": "potstill.train.losses",
    "suite": "potstill.evaluate.suites",
    "format": "potstill.export.formats",
}
"""kind -> the package whose modules hold its parts."""
FURTHER: dict[str, tuple[str, ...]] = {"model": ("potstill.endpoints.teacher",)}
"""kind -> modules elsewhere that hold parts of it, because they stand on more than its package does."""

ENTRY_POINTS = "potstill.parts"

Registered = TypeVar("Registered", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PartInfo:
    """A registered part: its kind, name, version, what it needs, and its factory."""

    kind: str
    name: str
    version: str
    needs: frozenset[str]
    factory: Callable[..., Any]

    @property
    def summary(self) -> str:
        """The first line of the part's docstring."""
        return (self.factory.__doc__ or "").strip().partition("\n")[0]


@runtime_checkable
class Identified(Protocol):
    """A part whose outcome depends on more than its settings and its version."""

    def identity(self) -> dict[str, str]:
        """What that is: digests of files and of weights, versions of judges and libraries.

        Raises:
            InputError: a file is not there.
        """
        ...


_parts: dict[tuple[str, str], PartInfo] = {}
_scanned: set[str] = set()


def part(kind: str, name: str, *, version: str = "1", needs: tuple[str, ...] = ()) -> Callable[[Registered], Registered]:
    """Register the decorated class or function.

    Args:
        kind: one of `HOMES`.
        name: as it is written in a recipe.
        version: raise it when the same input would give another output; it enters the identity of every artifact made with the part.
        needs: what a teacher must give for it, as in `Teacher.gives`: `text`, `top_k`, `full`.
    """
    if kind not in HOMES:
        raise ValueError(f"unknown kind of part {kind!r}: one of {sorted(HOMES)}")

    def register(factory: Registered) -> Registered:
        known = _parts.get((kind, name))
        if known is not None and known.factory.__module__ != factory.__module__:
            raise ValueError(f"{kind} {name!r} is registered twice: in {known.factory.__module__} and in {factory.__module__}")
        _parts[kind, name] = PartInfo(kind, name, version, frozenset(needs), factory)
        return factory

    return register


def _scan(kind: str) -> None:
    if kind in _scanned:
        return
    home = importlib.import_module(HOMES[kind])
    for module in pkgutil.iter_modules(home.__path__, home.__name__ + "."):
        importlib.import_module(module.name)
    for further in FURTHER.get(kind, ()):
        importlib.import_module(further)
    from importlib.metadata import entry_points  # it takes longer to import than all else here

    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()
    _scanned.add(kind)


def find(kind: str, name: str, where: str = "") -> PartInfo:
    """The part of that kind and name.

    Raises:
        RecipeError: no such part; the message offers the nearest names.
    """
    _scan(kind)
    info = _parts.get((kind, name))
    if info is None:
        raise RecipeError(f"unknown {kind} {name!r}", where=where, fix=did_you_mean(name, names(kind)))
    return info


def names(kind: str) -> list[str]:
    """The names of all parts of a kind, sorted."""
    _scan(kind)
    return sorted(name for k, name in _parts if k == kind)


def did_you_mean(word: str, known: list[str]) -> str:
    """A hint for a misspelt word: the nearest known words, or all of them."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(repr(w) for w in near)}?" if near else f"one of: {', '.join(known)}"
