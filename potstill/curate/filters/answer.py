"""Whether the final answer is right."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import ClassVar

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.clean import answered
from potstill.judges import judge_of
from potstill.judges.base import why_not_graded
from potstill.registry import find, names, part
from potstill.text.answers import final_answer


class AnswerSettings(FilterSettings):
    """Settings of the filter `answer`.

    Attributes:
        threshold: an answer with a lower score is put aside.
        grader: the judge for all prompts; None: each prompt's own.
    """

    threshold: float = 1.0
    grader: str | None = None


@part("filter", "answer", version="2")
class AnswerFilter:
    """Wrong final answers are noise, by the prompt's grader.

    Requests for a hazard have no right answer to keep and are not judged here; neither is a refusal of an ambiguous request.
    """

    Settings: ClassVar[type[FilterSettings]] = AnswerSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt", "answer"})
    CATCHES: ClassVar[Catches] = "below"

    def __init__(self, settings: AnswerSettings, context: Context) -> None:
        self._grader = settings.grader
        self._judge = None if settings.grader is None else find("judge", settings.grader, where=context.where).factory

    def identity(self) -> dict[str, str]:
        """The versions of the judges that may be asked."""
        asked = names("judge") if self._grader is None else [self._grader]
        return {f"judge {name}": find("judge", name).version for name in asked}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an answer; the score is the judge's."""
        return [self._opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean answers with a wrong result: the next number, another prompt's result, or none at all.

        Hard: near misses, with two digits changed over, ten times too much, or right and wrong at once.
        """
        known = [item for item in clean if item.prompt.reference and (self._grader or item.prompt.grader)]
        results = {
            skill: sorted({_result(item) for item in known if item.prompt.skill == skill}) for skill in {i.prompt.skill for i in known}
        }
        for item in rng.sample(known, len(known)):
            own = _result(item)
            if own.isdecimal():
                yield _ending(item, "next number", str(int(own) + 1))
                yield _ending(item, f"{HARD}ten times", f"{own}0")
                yield _ending(item, f"{HARD}right and wrong", f"{own} or {int(own) + 1}")
                if (swapped := own[:-2] + own[-2:][::-1]) != own:
                    yield _ending(item, f"{HARD}digits swapped", swapped)
            if others := [one for one in results[item.prompt.skill] if one != own]:
                yield _ending(item, "another's result", rng.choice(others))
            yield Fault("empty", answered(item.prompt, "", prompt_id=item.prompt_id))

    def _opinion(self, item: Item) -> Opinion:
        prompt = item.prompt
        why_not = why_not_graded(prompt, item.text)
        if why_not is not None:
            return Opinion(why_not, applies=False)
        judge = self._judge or judge_of(prompt)
        score = None if judge is None else judge(prompt, item.text)
        if score is None:
            return Opinion("the prompt has no grader" if judge is None else "could not be judged: no usable reference")
        by = self._grader or prompt.grader
        start = max(len(item.text) - 80, 0)
        mark = "right" if score == 1 else "wrong" if score == 0 else f"worth {score:.3g}"
        why = f"the answer is {mark} by {by}: {prompt.reference!r} was expected"
        return Opinion(why, score, evidence=item.text[start:], within="answer", start=start, end=len(item.text))


def _result(item: Item) -> str:
    """What the prompt's reference comes to."""
    reference = item.prompt.reference or ""
    return final_answer(reference) or reference


def _ending(item: Item, kind: str, result: str) -> Fault:
    """The answer with another result in the place of its own."""
    before, own, after = item.text.rpartition(_result(item))
    return Fault(kind, answered(item.prompt, before + result + after if own else f"Answer: {result}", prompt_id=item.prompt_id))
