"""Equality of words."""

from __future__ import annotations

from potstill.registry import part
from potstill.text.answers import final_answer
from potstill.types import Prompt


@part("judge", "exact")
def exact(prompt: Prompt, text: str) -> float | None:
    """1 when the final answer is the reference, word for word; case, spaces and outer punctuation do not count.

    The final answer stands behind its mark (`Answer:`, `####`, ...); without one it is the whole text. None when there is no reference.
    """
    if prompt.reference is None:
        return None
    return float(_plain(text) == _plain(prompt.reference))


def _plain(text: str) -> str:
    answer = final_answer(text) or text
    return " ".join(answer.casefold().split()).strip(" .,;:!?\"'`*()[]")
