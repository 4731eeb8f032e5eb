"""int8 weights for a CPU."""

from __future__ import annotations

from pathlib import Path

from potstill.export.int8 import Int8Head, load_int8, save_int8
from potstill.models import LocalModel
from potstill.models.scoring import Head
from potstill.registry import part


@part("format", "int8")
class Int8:
    """Linear layers in int8 by dynamic quantisation, for a CPU; `potstill.export.load_int8` loads it."""

    variants: tuple[str, ...] = ("",)
    loader_import = "from potstill.export import load_int8"
    loader = 'load_int8(".")'

    def write(self, model: LocalModel, folder: Path, variant: str) -> None:
        """Write the quantised weights and the config."""
        save_int8(model.network, folder)

    def open(self, folder: Path, model: LocalModel) -> Head:
        """The quantised network; how its logits are made is known from the student's own head."""
        return Int8Head(load_int8(folder), model.head.scale, model.head.softcap, model.head.takes_positions, model.head.continues)
