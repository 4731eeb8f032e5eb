"""What a judge is, and how the judge of a prompt is found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from potstill.registry import find
from potstill.text.refusals import refused
from potstill.types import Prompt


class Judge(Protocol):
    """A prompt and a text -> a score in [0, 1]; None when it could not judge, which is neither right nor wrong."""

    def __call__(self, prompt: Prompt, text: str) -> float | None:
        """The score of `text` as an answer to `prompt`."""
        ...


@runtime_checkable
class BatchJudge(Protocol):
    """Scores many answers at once: a reward model, an endpoint, or a judge asked one by one."""

    @property
    def name(self) -> str:
        """As in the recipe: `reward:world`."""
        ...

    def identity(self) -> dict[str, str]:
        """What distinguishes it from every other judge: versions, digests of weights, address."""
        ...

    def scores(self, asked: Sequence[tuple[Prompt, str]]) -> list[float | None]:
        """The score of each text as an answer to its prompt, higher for better; None where it could not judge.

        Scores are in [0, 1], but for reward models of one unbounded number. They do not depend on what stands beside them.
        """
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


def why_not_graded(prompt: Prompt, text: str) -> str | None:
    """Why a text must not be marked by whether it is the reference; None where it may.

    The reference of a request for a hazard is the hazard: to give it is no right answer, and to refuse it no wrong one.
    """
    if prompt.intent == "hazard":
        return "a request for a hazard has no right answer to keep"
    if prompt.intent == "ambiguous" and refused(text):
        return "a refusal of an ambiguous request is not wrong"
    return None
