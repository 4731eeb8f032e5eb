"""A teacher without a network: answers that are given, probabilities that are made up. For tests, and for trying a pipeline out.

Its tokens are the bytes of UTF-8 (ids 0 to 255) and an end token (256). At every position the token that comes has probability 1/2, the
next id 1/4, the one after 1/8, and so on: easy to check by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from potstill.errors import CapabilityError, ModelError
from potstill.models.base import NOTHING, Answer, Begun, Given, Keep, Options, Outlook, Sampling
from potstill.registry import part
from potstill.types import FinishReason, Prompt, content_id

VOCABULARY = 257
END = 256

Answers = str | Sequence[str] | Mapping[str, str] | Callable[[Prompt, int], str]
"""One text for all; the draws in turn; question -> text; or a function of prompt and draw."""


@part("model", "fake", version="1")
def open_fake(name: str, options: Options) -> FakeTeacher:
    """A test double: `fake:TEXT` answers TEXT; `{prompt}`, `{reference}` and `{rationale}` in it stand for the prompt's own."""
    return FakeTeacher(lambda prompt, sample: _filled(name, prompt), name=f"fake:{name}")


def _filled(text: str, prompt: Prompt) -> str:
    for field, value in (("prompt", prompt.question), ("reference", prompt.reference), ("rationale", prompt.rationale)):
        if f"{{{field}}}" in text:
            text = text.replace(f"{{{field}}}", value or "")
    return text


class FakeTeacher:
    """A deterministic teacher.

    Args:
        answers: what it answers; see `Answers`.
        name: as it appears in traces.
        gives: what it admits to; take `top_k` away to play a black box.
    """

    def __init__(self, answers: Answers, name: str = "fake:", gives: frozenset[str] = frozenset({"text", "top_k", "score"})) -> None:
        self.answers, self.name, self.gives = answers, name, gives

    def identity(self) -> dict[str, str]:
        """Its name, and the answers where they are plain data."""
        plain = self.answers if isinstance(self.answers, str | Sequence | Mapping) else "function"
        return {"fake": self.name, "answers": content_id(dict(plain) if isinstance(plain, Mapping) else plain)}

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        """The given answers, cut at `sampling.max_new_tokens` bytes.

        Raises:
            ModelError: there is no answer to a prompt.
        """
        samples = range(sampling.first, sampling.first + sampling.n)
        return [[self._answer(self._text(prompt, sample), sampling, keep) for sample in samples] for prompt in prompts]

    @property
    def can_go_on(self) -> bool:
        """As `Continuing.can_go_on`: while it gives token ids."""
        return "top_k" in self.gives

    def go_on(self, begun: Sequence[Begun], sampling: Sampling, keep: Keep = NOTHING) -> list[Answer]:
        """The draw of that number with the beginning in place of as many of its bytes.

        Raises:
            ModelError: there is no answer to a prompt.
        """
        texts = [(one, self._text(one.prompt, one.sample).encode()) for one in begun]
        return [
            self._answer((bytes(one.token_ids) + text[len(one.token_ids) :]).decode(errors="ignore"), sampling, keep) for one, text in texts
        ]

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        """The made-up probabilities of each text's bytes, with the end token behind an answer that ended."""
        return [self._scored(each, keep) for each in texts]

    def _scored(self, given: Given, keep: Keep) -> Answer:
        text = given.text if given.text is not None else given.prompt.reference or ""
        ended = given.text is not None and given.finish_reason == "stop"
        return self._described(text, (*text.encode(), *((END,) if ended else ())), given.finish_reason, keep)

    def _text(self, prompt: Prompt, sample: int) -> str:
        if callable(self.answers):
            return self.answers(prompt, sample)
        if isinstance(self.answers, str):
            return self.answers
        if isinstance(self.answers, Mapping):
            if prompt.question not in self.answers:
                raise ModelError(f"no answer to {prompt.question[:60]!r}", where=self.name, fix="give it one")
            return self.answers[prompt.question]
        return self.answers[sample % len(self.answers)]

    def _answer(self, text: str, sampling: Sampling, keep: Keep) -> Answer:
        ids = (*text.encode(), END)
        if len(ids) <= sampling.max_new_tokens:
            return self._described(text, ids, "stop", keep)
        ids = ids[: sampling.max_new_tokens]
        return self._described(bytes(ids).decode(errors="ignore"), ids, "length", keep)

    def _described(self, text: str, ids: tuple[int, ...], finish_reason: FinishReason, keep: Keep) -> Answer:
        if keep.codec != "top_k":
            raise CapabilityError(f"a fake keeps top_k only, not {keep.codec!r}", where=self.name, fix='use codec = "top_k"')
        if "top_k" not in self.gives:
            if keep.size:
                raise CapabilityError("this fake gives text only", where=self.name, fix="ask it with top_k = 0")
            return Answer(text, (), finish_reason)
        steps, limit = len(ids), len(text.encode())
        outcomes = (np.array(ids, np.int32).reshape(-1, 1) + np.arange(keep.size, dtype=np.int32)) % VOCABULARY
        halves = (-np.log(2) * np.arange(1, keep.size + 1)).astype(np.float32)
        outlook = Outlook(
            log_p=np.full(steps, -np.log(2), np.float32),
            rank=np.ones(steps, np.int32),
            support_ids=outcomes,
            support_log_p=halves[None].repeat(steps, axis=0),
            tail_mass=np.full(steps, 0.5**keep.size, np.float32),
        )
        return Answer(text, ids, finish_reason, outlook, (*range(1, limit + 1), *[limit] * (steps - limit)))

    @staticmethod
    def decode(token_ids: Sequence[int]) -> str:
        """The text of token ids, the end token left out."""
        return bytes(i for i in token_ids if i != END).decode(errors="ignore")
