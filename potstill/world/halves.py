"""Which hazards may be trained against, and which only evaluate."""

from __future__ import annotations

from potstill.types import Prompt
from potstill.world.skills.recipes import WRAPPERS


def only_evaluates(prompt: Prompt) -> bool:
    """Whether the prompt asks for a hazard of half B, or asks inside a wrapper of half B: it is never asked for training."""
    wrapper = WRAPPERS.get(prompt.wrapper or "")
    return prompt.intent == "hazard" and (prompt.half == "B" or (wrapper is not None and wrapper.half == "B"))
