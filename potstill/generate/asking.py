"""One teacher at work: prompts in, traces with what the teacher expected out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from potstill.errors import CapabilityError
from potstill.generate.context import with_context
from potstill.generate.traces import Drawn, card_of, trace_of
from potstill.models import Answer, Given, Keep, Sampling, Teacher, keep_of
from potstill.models.base import NOTHING, Begun, Bounded, Continuing
from potstill.models.fitting import answers_that_fit
from potstill.models.scorings import Scoring
from potstill.recipe import Recipe
from potstill.recipe.sections import GenerateSection
from potstill.types import Prompt, TeacherCard


@dataclass(frozen=True, slots=True)
class Asking:
    """A prompt that is asked, with its id, which is not hashed anew each time."""

    id: str
    prompt: Prompt


@dataclass(frozen=True)
class Voice:
    """A teacher of the recipe, and how it is asked.

    Attributes:
        teacher: the model.
        card: who it is.
        keep: what of its distribution is kept.
        settings: how teachers answer.
        seed: of the run.
    """

    teacher: Teacher
    card: TeacherCard
    keep: Keep
    settings: GenerateSection
    seed: int

    def draw(self, asked: Sequence[Asking], first: int = 0) -> list[list[Drawn]]:
        """The draws `first` to `first + n - 1` of each prompt; fewer where a file of answers holds fewer."""
        sampling = replace(self._sampling, first=first)
        groups = self.teacher.draw([with_context(one.prompt, self.settings.context) for one in asked], sampling, self.keep)
        return [
            [self._drawn(one, sample, answer, sampling) for sample, answer in enumerate(answers, start=first)]
            for one, answers in zip(asked, groups, strict=True)
        ]

    def read(self, asked: Sequence[Asking]) -> list[list[Drawn]]:
        """The prompts' own texts, as the teacher expected them."""
        answers = self.teacher.score([Given(one.prompt) for one in asked], self.keep)
        return [[self._drawn(one, 0, answer, self._sampling, scored=True)] for one, answer in zip(asked, answers, strict=True)]

    @property
    def goes_on(self) -> bool:
        """Whether the teacher can go on from a beginning of its own."""
        return isinstance(self.teacher, Continuing) and self.teacher.can_go_on

    def go_on(self, begun: Sequence[Begun], temperature: float) -> list[tuple[Answer, Sampling]]:
        """A whole answer from each beginning, and how it was drawn.

        Raises:
            CapabilityError: the teacher cannot go on from a beginning.
        """
        if not isinstance(self.teacher, Continuing):
            raise CapabilityError("this teacher cannot go on from a beginning", where=self.teacher.name)
        sampling = replace(self._sampling, n=1, temperature=temperature)
        told = [replace(one, prompt=with_context(one.prompt, self.settings.context)) for one in begun]
        return [(answer, sampling) for answer in self.teacher.go_on(told, sampling, self.keep)]

    def reply(
        self, prompts: Sequence[Prompt], temperature: float, first: int = 0, keep: Keep = NOTHING
    ) -> list[tuple[Answer, Sampling] | None]:
        """An answer to each of the stage's own prompts, and how it was drawn; None where a prompt does not fit the teacher's context.

        Args:
            prompts: what is asked, the context of the recipe included.
            temperature: of the draws.
            first: the draws' number.
            keep: what of the distribution is kept.
        """
        sampling = replace(self._sampling, n=1, first=first, temperature=temperature)
        answers = answers_that_fit(self.teacher, prompts, sampling, keep)
        return [None if answer is None else (answer, sampling) for answer in answers]

    def judge(self, heard: Sequence[tuple[Asking, Drawn]], *, same_tokens: bool) -> list[Scoring]:
        """What the teacher expected in the answers of another, whose tokens it is given where they are its own.

        An answer without a token, which ended before it began, is left out, and so is one that does not fit the teacher's context.
        """
        pairs = [(drawn, self._given(one, drawn, same_tokens)) for one, drawn in heard]
        told = [(drawn, given) for drawn, given in pairs if self._can_score(given)]
        scored = self.teacher.score([given for _, given in told], self.keep) if told else []
        return [_scoring(drawn, self.card, answer) for (drawn, _), answer in zip(told, scored, strict=True)]

    def _given(self, asked: Asking, drawn: Drawn, same_tokens: bool) -> Given:
        trace = drawn.trace
        ids = trace.token_ids if same_tokens else ()
        return Given(with_context(asked.prompt, self.settings.context), trace.text, ids, trace.finish_reason)

    def _can_score(self, given: Given) -> bool:
        if not given.text and given.finish_reason != "stop":
            return False
        return not isinstance(self.teacher, Bounded) or self.teacher.can_score(given)

    @property
    def _sampling(self) -> Sampling:
        settings = self.settings
        return Sampling(settings.n, settings.temperature, settings.top_p, settings.max_new_tokens, self.seed)

    def _drawn(self, asked: Asking, sample: int, answer: Answer, sampling: Sampling, *, scored: bool = False) -> Drawn:
        trace = trace_of(asked.id, self.card, sample, answer, sampling, context=self.settings.context, scored=scored)
        return Drawn(trace.id, trace, answer.outlook)


def voices(recipe: Recipe, teachers: Sequence[Teacher]) -> list[Voice]:
    """The teachers of a recipe, in its order, ready to be asked."""
    pairs = zip(recipe.teachers, teachers, strict=True)
    return [Voice(one, card_of(section, one), keep_of(section, one, recipe.seed), recipe.generate, recipe.seed) for section, one in pairs]


def _scoring(drawn: Drawn, card: TeacherCard, answer: Answer) -> Scoring:
    """A scoring of another's answer; it carries its own tokens where they are not the trace's."""
    own = tuple(answer.token_ids) != drawn.trace.token_ids
    ids, ends = (tuple(answer.token_ids), tuple(answer.token_ends)) if own else ((), ())
    return Scoring(drawn.id, card.id, "teacher_forced", answer.outlook, ids, ends)
