"""Whether the final answer is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from potstill.filter.base import FilterSettings
from potstill.judges import judge_of
from potstill.judges.base import why_not_graded
from potstill.registry import find, part
from potstill.types import Prompt, Trace, Verdict

NAME, VERSION = "answer", "1"


class AnswerSettings(FilterSettings):
    """Settings of the filter `answer`.

    Attributes:
        grader: the judge for all prompts; None: each prompt's own.
        least: an answer with a lower score is noise.
        unjudged: where a trace goes that the judge could not judge; its score is None either way.
    """

    grader: str | None = None
    least: float = 1.0
    unjudged: Literal["keep", "noise"] = "keep"


@part("filter", NAME, version=VERSION)
class AnswerFilter:
    """Wrong final answers are noise, by the prompt's grader.

    Requests for a hazard have no right answer to keep and are not judged here; neither is a refusal of an ambiguous request.
    """

    Settings = AnswerSettings

    def judge(self, traces: Sequence[Trace], prompts: Mapping[str, Prompt], settings: AnswerSettings) -> list[Verdict]:
        """One verdict a trace; the score is the judge's."""
        return [_verdict(trace, prompts[trace.prompt_id], settings) for trace in traces]


def _verdict(trace: Trace, prompt: Prompt, settings: AnswerSettings) -> Verdict:
    why_not = why_not_graded(prompt, trace.text)
    if why_not is not None:
        return Verdict(trace.id, "keep", NAME, why_not, version=VERSION)
    judge = judge_of(prompt) if settings.grader is None else find("judge", settings.grader).factory
    score = None if judge is None else judge(prompt, trace.text)
    if score is None:
        why = "the prompt has no grader" if judge is None else "could not be judged: no usable reference"
        return Verdict(trace.id, settings.unjudged, NAME, why, version=VERSION)
    by = settings.grader or prompt.grader
    right = score >= settings.least
    why = f"the answer is {'right' if right else 'wrong'} by {by}: {prompt.reference!r} was expected"
    return Verdict(trace.id, "keep" if right else "noise", NAME, why, score, evidence=trace.text[-80:], version=VERSION)
