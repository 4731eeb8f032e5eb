"""Whether an answer declines."""

from __future__ import annotations

from potstill.registry import part
from potstill.text.refusals import refused
from potstill.types import Prompt


@part("judge", "refusal")
def refusal(prompt: Prompt, text: str) -> float | None:
    """1 when the text declines to answer, 0 when it does not. It goes by the first words (a plain list); None for an empty text."""
    return float(refused(text)) if text.strip() else None
