"""What a judge is, and how the judge of a prompt is found."""

from __future__ import annotations

from typing import Protocol

from potstill.registry import find
from potstill.types import Prompt


class Judge(Protocol):
    """A prompt and a text -> a score in [0, 1]; None when it could not judge, which is neither right nor wrong."""

    def __call__(self, prompt: Prompt, text: str) -> float | None:
        """The score of `text` as an answer to `prompt`."""
        ...


def judge_of(prompt: Prompt) -> Judge | None:
    """The judge that the prompt names as its grader; None when it names none.

    Raises:
        RecipeError: there is no judge of that name.
    """
    if prompt.grader is None:
        return None
    judge: Judge = find("judge", prompt.grader, where=f"grader of {prompt.source or prompt.id}").factory
    return judge
