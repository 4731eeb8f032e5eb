"""No attack at all: the control."""

from __future__ import annotations

import random
from collections.abc import Sequence

from potstill.attacks.base import Attack
from potstill.registry import part
from potstill.types import Prompt


@part("attack", "direct")
class Direct(Attack):
    """The request as it is, which the other families are measured against."""

    NAME = "direct"
    HALF = "A"

    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """The prompt itself."""
        return [prompt]
