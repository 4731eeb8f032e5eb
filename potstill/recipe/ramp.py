"""A setting that moves as training goes on."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, FiniteFloat, Tag

from potstill.recipe.section import NUMBER, RAMP, Section


class Ramp(Section):
    """A number that goes from one value to another over training: written in the place of a number."""

    start: FiniteFloat = Field(description="Its value at the first step.")
    end: FiniteFloat = Field(description="Its value when it has arrived.")
    until: FiniteFloat = Field(1.0, gt=0, le=1, description="The share of the steps after which it has arrived.")
    shape: Literal["linear", "cosine", "adaptive"] = Field(
        "linear", description="`adaptive`: ahead of the line where the loss falls fast (TAID, arXiv 2501.16937)."
    )

    def at(self, progress: float) -> float:
        """Its value at a share of the steps, from 0 to 1; of an adaptive one, the least that it has there."""
        gone = min(1.0, progress / self.until)
        if self.shape == "cosine":
            gone = 0.5 * (1.0 - math.cos(math.pi * gone))
        return self.start + (self.end - self.start) * gone


def _which(given: Any) -> str:
    return RAMP if isinstance(given, dict | Ramp) else NUMBER


Moves = Annotated[
    Annotated[FiniteFloat, Field(gt=0), Tag(NUMBER)] | Annotated[Ramp, Tag(RAMP)],
    Discriminator(_which),
]
"""A number above 0, or a table that says how it moves."""
