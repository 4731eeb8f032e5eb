"""Asking a model what may not fit its context: a question that does not has no answer, and the others have theirs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from potstill.models.base import NOTHING, Answer, Bounded, Given, Keep, Sampling, Teacher, TooLongError
from potstill.types import Prompt


def answers_that_fit(teacher: Teacher, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[Answer | None]:
    """One answer to each prompt; None where the prompt does not fit the teacher's context.

    A model that knows its context is not asked what does not fit. A server may tell only when it is asked: the prompts are then asked in
    halves, down to the one that does not fit; what was answered stands in the ledger and is not paid again.

    Args:
        teacher: who is asked.
        prompts: of any length.
        sampling: of one draw.
        keep: what of the distribution is kept.

    Raises:
        ModelError, CapabilityError, BudgetError: as `Teacher.draw`.
    """
    fits = [not isinstance(teacher, Bounded) or teacher.can_score(Given(prompt, "")) for prompt in prompts]
    answers = iter(_asked(teacher, list(compress(prompts, fits)), sampling, keep))
    return [next(answers) if fit else None for fit in fits]


def _asked(teacher: Teacher, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep) -> list[Answer | None]:
    if not prompts:
        return []
    try:
        return [drawn[0] for drawn in teacher.draw(prompts, sampling, keep)]
    except TooLongError:
        if len(prompts) == 1:
            return [None]
        half = len(prompts) // 2
        return [*_asked(teacher, prompts[:half], sampling, keep), *_asked(teacher, prompts[half:], sampling, keep)]
