"""What every format is, and how a recipe names one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from potstill.errors import RecipeError
from potstill.models import LocalModel
from potstill.models.scoring import Head
from potstill.registry import did_you_mean, find


class Format(Protocol):
    """Writes a student's weights and config, and opens what it wrote. Tokenizer, generation config and README are written for it.

    Attributes:
        variants: what may follow the format's name after a colon; the empty one stands for none.
        loader_import, loader: the line of Python that imports, and the call that gives the network in the folder `.`.
    """

    variants: tuple[str, ...]
    loader_import: str
    loader: str

    def write(self, model: LocalModel, folder: Path, variant: str) -> None:
        """Write the student into an empty folder; the same student gives the same bytes."""
        ...

    def open(self, folder: Path, model: LocalModel) -> Head:
        """The network in a folder that `write` made of `model`, ready to be measured."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A format as the recipe names it: `int8`, `safetensors:bfloat16`."""

    spec: str
    format: Format
    variant: str

    @property
    def folder(self) -> str:
        """The name of its folder: `safetensors-bfloat16`."""
        return self.spec.replace(":", "-")


def read_format(spec: str, where: str = "") -> Wanted:
    """The format that `spec` names.

    Raises:
        RecipeError: there is no such format or variant.
    """
    name, _, variant = spec.partition(":")
    wanted: Format = find("format", name, where).factory()
    if variant not in wanted.variants:
        known = [each for each in wanted.variants if each]
        fix = did_you_mean(variant, known) if known else f"write {name!r} alone"
        raise RecipeError(f"the format {name!r} has no variant {variant!r}", where=where, fix=fix)
    return Wanted(spec, wanted, variant)
