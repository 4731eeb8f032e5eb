"""The built-in world's oracle as a judge."""

from __future__ import annotations

from potstill.registry import part
from potstill.types import Prompt
from potstill.world import VERSION, grade


@part("judge", "world", version=f"1+world:{VERSION}")
def world(prompt: Prompt, text: str) -> float | None:
    """1 when the answer is right by the world's exact oracle; None when the prompt has no right answer."""
    return grade(prompt, text)
