"""What all suites share: every subject is loaded once, answers each prompt once, and is compared with the teacher once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from potstill.errors import CapabilityError
from potstill.evaluate.pieces import Pieces
from potstill.evaluate.probabilities import Gaps, Scores, Target, gap_table, same_tokens, score_table
from potstill.evaluate.subjects import TEACHER, Subject
from potstill.judges import judge_of
from potstill.models import Sampling
from potstill.store import from_rows, rows
from potstill.types import Prompt, Trace


class Engine:
    """The subjects at work on the evaluation prompts.

    Args:
        subjects: by name.
        prompts: what is measured on.
        pieces: keeps what is done.
        max_new_tokens: longest answer.
        seed: of resampling.

    Attributes:
        asked: the prompts that are answered.
        texts: the prompts that are plain text: they are scored.
    """

    def __init__(
        self, subjects: Mapping[str, Subject], prompts: Sequence[Prompt], pieces: Pieces, max_new_tokens: int, seed: int = 0
    ) -> None:
        self.subjects, self.pieces, self.seed = subjects, pieces, seed
        self.sampling = Sampling(temperature=0.0, max_new_tokens=max_new_tokens)
        self.asked = [prompt for prompt in prompts if prompt.messages]
        self.texts = [prompt for prompt in prompts if not prompt.messages]
        self._answers: dict[str, list[Trace]] = {}
        self._grades: dict[str, list[float | None]] = {}

    @property
    def answered(self) -> tuple[str, ...]:
        """The subjects that have answered so far."""
        return tuple(self._answers)

    def answers(self, subject: str) -> list[Trace]:
        """The subject's greedy answers to the prompts `asked`, in order."""
        if subject not in self._answers:

            def answered(prompts: Sequence[Prompt]) -> pa.Table:
                return from_rows(self.subjects[subject].answer(prompts, self.sampling), Trace)

            self._answers[subject] = list(rows(self.pieces.table(f"answers of {subject}", self.asked, answered), Trace))
        return self._answers[subject]

    def grades(self, subject: str) -> list[float | None]:
        """What the prompts' own judges say of the subject's answers, in [0, 1]; None where one could not judge."""
        if subject not in self._grades:
            pairs = zip(self.asked, self.answers(subject), strict=True)
            self._grades[subject] = [grade(prompt, answer) for prompt, answer in pairs]
        return self._grades[subject]

    @cached_property
    def answer_gaps(self) -> Gaps:
        """How far the student and the base are from the teacher, on the teacher's own answers to `asked`."""
        answers = self.answers(TEACHER)
        targets = [Target(i, prompt, answer.token_ids) for i, (prompt, answer) in enumerate(zip(self.asked, answers, strict=True))]
        return self._gaps("comparison on answers", targets)

    @cached_property
    def text_gaps(self) -> Gaps:
        """How far the student and the base are from the teacher, on the plain texts."""
        return self._gaps("comparison on texts", [Target(i, prompt, None) for i, prompt in enumerate(self.texts)])

    def text_scores(self, subject: str) -> Scores:
        """The subject's own loss on the plain texts."""
        table = self.pieces.table(f"texts read by {subject}", self.texts, lambda prompts: score_table(self.subjects[subject], prompts))
        return Scores.read(table)

    def _gaps(self, name: str, targets: Sequence[Target]) -> Gaps:
        if not self._same_tokens:
            fix = "take the teacher's tokenizer for the student"
            raise CapabilityError("the student's tokens are not the teacher's, so that their probabilities cannot be compared", fix=fix)
        return Gaps.read(self.pieces.table(name, targets, lambda some: gap_table(self.subjects, some)))

    @cached_property
    def _same_tokens(self) -> bool:
        return same_tokens(self.subjects, [*self.asked, *self.texts])


def grade(prompt: Prompt, answer: Trace) -> float | None:
    """What the prompt's judge says of an answer; None without a judge or an answer."""
    judge = judge_of(prompt)
    return None if judge is None or answer.finish_reason == "error" else judge(prompt, answer.text)
