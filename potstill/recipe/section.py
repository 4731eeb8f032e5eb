"""What a section of a recipe is."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

NUMBER, RAMP = "[number]", "[ramp]"
"""The shapes that a value may have, as pydantic's paths tell them; no key of a recipe is called so."""


class Fault(ValueError):
    """Settings that cannot stand together, told of the key at which the reader should look."""

    def __init__(self, key: str, what: str) -> None:
        self.key, self.what = key, what
        super().__init__(what)


class Section(BaseModel):
    """A part of the recipe: frozen, and without unknown keys. Its errors do not show values, among which a key may be."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    INCIDENTAL: ClassVar[frozenset[str]] = frozenset()
    """Settings that say how the work is done, not what comes of it; changing one makes nothing anew."""

    def decisive(self) -> dict[str, Any]:
        """The settings on which the outcome depends."""
        return self.model_dump(exclude=set(self.INCIDENTAL))
