"""The teacher as the probes see it: every question is really asked, and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from transformers import PreTrainedTokenizerBase

from potstill.endpoints.teacher import EndpointTeacher
from potstill.errors import BudgetError, CapabilityError, InputError, ModelError, PotstillError, StoreError
from potstill.models import Answer, Given, Keep, LocalModel, Sampling, Teacher
from potstill.store.ledger import Totals
from potstill.types import Message, Prompt

QUESTION = Prompt((Message("user", "What is 2 + 3?"),))
TEXT = Prompt((), reference="Once upon a time, there was a")
"""What is asked where no prompts of a recipe are at hand, or none is answered."""
HOTTER = 2.0
"""The temperature that tells raw log-probabilities from scaled ones, and one seed from another."""
TOKENS = 12
"""Tokens of an answer that is looked at closely."""
ENDED = 64
"""Tokens within which a greedy answer should have ended."""
UNHEARD = (ModelError, CapabilityError, InputError, BudgetError, StoreError)
"""Errors of a teacher that does not answer; others, as of the recipe, are the user's to mend and stop the examination."""
OUTCOMES = 20
"""Outcomes a position that such an answer comes with, where the recipe asks for fewer or the teacher gives them at all."""


@dataclass
class Patient:
    """A teacher that is being probed.

    Attributes:
        name: the teacher's.
        open: the teacher; for an endpoint a new client each time, so that no answer is remembered from the question before.
        tokenizer: the one that its token ids belong to; None: not known.
        prompts: what it will be asked; the first that it answers is used, else a question or a text of our own.
        top_k: outcomes a position that the recipe asks for.
        temperature, max_new_tokens: as the recipe draws.
        evaluated: whether it will be measured too, which asks it at temperature 0.
        samples: whether its answers are drawn; else they stand on file or are made up, and no setting of the drawing applies.
        requests, tokens: what it was asked so far: texts to answer or score, and tokens written or scored. A server's: attempts, those
            that failed too, and tokens read and written, all that an attempt could take where its answer was not heard.
        microusd: millionths of a US dollar for these; None: its price is not known, or it is no server.
    """

    name: str
    open: Callable[[], Teacher]
    tokenizer: PreTrainedTokenizerBase | None = None
    prompts: tuple[Prompt, ...] = ()
    top_k: int = OUTCOMES
    temperature: float = 1.0
    max_new_tokens: int = 256
    evaluated: bool = False
    samples: bool = True
    requests: int = 0
    tokens: int = 0
    microusd: int | None = None

    @cached_property
    def gives(self) -> frozenset[str]:
        """What the teacher says that it gives."""
        return self.open().gives

    @cached_property
    def can(self) -> frozenset[str]:
        """What probes may need of it: what it gives when it is asked, `sampling`, and `network` where it runs here."""
        more = {name for name, there in (("sampling", self.samples), ("network", self.network is not None)) if there}
        return self.gives - ({"top_k"} if self.silence else set()) | more

    @property
    def network(self) -> LocalModel | None:
        """The teacher itself where it runs here."""
        teacher = self.open()
        return teacher if isinstance(teacher, LocalModel) else None

    @cached_property
    def prompt(self) -> Prompt:
        """The first of the prompts that it answers.

        Raises:
            PotstillError: it answers none; what it said to the first.
        """
        return self._first[0]

    @cached_property
    def answer(self) -> Answer:
        """Its answer to that prompt at temperature 1: at most `TOKENS` tokens, with what it expected where it tells.

        Raises:
            PotstillError: it answers no prompt.
        """
        return self._spoken if isinstance(self._spoken, Answer) else self._first[1]

    @property
    def silence(self) -> PotstillError | None:
        """What it said when it was asked for log-probabilities and did not answer; None: it answered, or gives none."""
        return None if isinstance(self._spoken, Answer) else self._spoken

    @cached_property
    def _spoken(self) -> Answer | PotstillError | None:
        """Its answer with log-probabilities, or why there is none; None where it does not claim to give them."""
        prompt = self.prompt
        if "top_k" not in self.gives:
            return None
        try:
            return self._draw(prompt, Sampling(max_new_tokens=TOKENS), self._outcomes)
        except UNHEARD as error:
            return error

    @cached_property
    def greedy(self) -> Answer:
        """Its greedy answer to the end, or to 64 tokens."""
        return self.draw(tokens=ENDED, temperature=0.0)

    @property
    def heat(self) -> float:
        """`HOTTER` where it gives log-probabilities; servers that give none may not take it."""
        return HOTTER if "top_k" in self.gives else 1.0

    @cached_property
    def hot(self) -> Answer:
        """Its answer at that temperature."""
        return self.draw(temperature=self.heat)

    @property
    def asked(self) -> tuple[Prompt, ...]:
        """The prompts that it will be asked, or else the one of ours that it answered."""
        return self.prompts or (self.prompt,)

    @cached_property
    def _first(self) -> tuple[Prompt, Answer]:
        said: PotstillError | None = None
        for prompt in (*self.prompts, *self._ours):
            try:
                return prompt, self._draw(prompt, Sampling(max_new_tokens=TOKENS), 0)
            except UNHEARD as error:
                said = said or error
        assert said is not None
        raise said

    @property
    def _ours(self) -> tuple[Prompt, ...]:
        """What is asked where its prompts are not answered: what its chat template lets be asked, or both where that is not known."""
        if self.tokenizer is None:
            return QUESTION, TEXT
        return (QUESTION,) if self.tokenizer.chat_template else (TEXT,)

    @property
    def _usual(self) -> int:
        """Outcomes a position of an ordinary question."""
        return self._outcomes if "top_k" in self.gives and self.silence is None else 0

    @property
    def _outcomes(self) -> int:
        """As many as the recipe asks for; at least two tell a temperature."""
        return min(max(self.top_k, 2), OUTCOMES)

    def draw(self, *, tokens: int = TOKENS, temperature: float = 1.0, seed: int = 0, outcomes: int | None = None) -> Answer:
        """One more answer to its prompt.

        Raises:
            PotstillError: as the teacher.
        """
        sampling = Sampling(temperature=temperature, max_new_tokens=tokens, seed=seed)
        return self._draw(self.prompt, sampling, self._usual if outcomes is None else outcomes)

    def score(self, given: Given) -> Answer:
        """What it expected at each token of a text.

        Raises:
            PotstillError: as the teacher.
        """
        return self._asked(lambda teacher: teacher.score([given], Keep(size=self._usual)))

    def _draw(self, prompt: Prompt, sampling: Sampling, outcomes: int) -> Answer:
        return self._asked(lambda teacher: teacher.draw([prompt], sampling, Keep(size=outcomes))[0])

    def _asked(self, ask: Callable[[Teacher], Sequence[Answer]]) -> Answer:
        """The answer to one question, which is counted whether it is answered or not."""
        teacher = self.open()
        if isinstance(teacher, EndpointTeacher):
            before = teacher.spent
            try:
                return self._one(ask(teacher))
            finally:
                self._bill(before, teacher)
        self.requests += 1
        answer = self._one(ask(teacher))
        told = answer.usage.completion_tokens if answer.usage is not None else None
        self.tokens += len(answer.token_ids) or told or 0
        return answer

    def _one(self, answers: Sequence[Answer]) -> Answer:
        if not answers:
            raise ModelError("no answer came", where=self.name, fix="ask it by hand, and see what it says")
        return answers[0]

    def _bill(self, before: Totals, teacher: EndpointTeacher) -> None:
        """Count what a server was paid since."""
        after = teacher.spent
        self.requests += after.attempts - before.attempts
        self.tokens += after.charged_tokens - before.charged_tokens
        if teacher.endpoint.price is not None:
            self.microusd = (self.microusd or 0) + after.charged_microusd - before.charged_microusd
