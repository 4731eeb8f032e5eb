"""Hosted chat APIs in OpenAI's shape: text, and of the likeliest tokens what their bytes tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.common import CommonDialect, about, draw_identity, messages_of, most_tokens, seed_of
from potstill.endpoints.outcomes import FEWER, Asked, Row, bare_outlook, outlook
from potstill.endpoints.pieces import ids_by_bytes
from potstill.endpoints.reading import (
    DROPPED,
    field,
    finish_reason,
    first_choice,
    number,
    openai_usage,
    well_formed,
    whole,
    with_reasoning,
)
from potstill.models.base import Answer, Endpoint, Keep, Outlook, Sampling
from potstill.registry import part
from potstill.types import Prompt, Usage

_FEWEST = 2
"""Outcomes a position that are asked for at least: of one alone, vLLM would tell the token that came, likeliest or not."""


@part("dialect", "openai")
class OpenAI(CommonDialect):
    """`/v1/chat/completions`: text; with `tokenizer` also the likeliest tokens, at most 20 a position.

    Tokens are told by their bytes. An outcome whose bytes belong to no token of the tokenizer, or to several, stays in the tail; where this
    happens to a token of the answer itself, the answer has no token ids, and keeps its log-probabilities alone. It has neither where its
    reasoning stands in a field of its own and the tokens told are not all of it. The token that ends an answer is not shown.

    The limit is sent as `max_tokens`; models that want it as `max_completion_tokens` get this as a parameter:
    `parameters = {max_completion_tokens = 4096}`, which then stands for the recipe's own limit.
    """

    name = "openai"
    takes_ids = False
    max_top_k = 20

    def __init__(self, base_url: str, endpoint: Endpoint, tokenizer: PreTrainedTokenizerBase | None) -> None:
        super().__init__(base_url, endpoint, tokenizer)
        self.gives = frozenset({"text"} | ({"top_k"} if tokenizer is not None else set()))

    def draw(self, model: str, prompt: Prompt, token_ids: Sequence[int] | None, sample: int, sampling: Sampling, keep: Keep) -> Request:
        """A chat completion; log-probabilities are asked for where outcomes are kept."""
        body: dict[str, Any] = {
            "model": model,
            "messages": messages_of(prompt, self.root),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": seed_of(sampling, prompt, sample),
        }
        if "max_completion_tokens" not in self.parameters:
            body["max_tokens"] = sampling.max_new_tokens
        if keep.size:
            body |= {"logprobs": True, "top_logprobs": max(keep.size, _FEWEST)}
        tokens = max(most_tokens(prompt, None, sampling), int(self.parameters.get("max_completion_tokens", 0)))
        return self.request(f"{self.v1}/chat/completions", body, draw_identity(sample, keep), tokens, about(prompt))

    @well_formed
    def read_draw(self, request: Request, raw: bytes) -> tuple[Answer, Usage]:
        """The message; a refusal told in a field of its own ends with `content_filter`."""
        response = whole(raw)
        choice = first_choice(response)
        message, reason = field(choice, "message", dict), finish_reason(choice.get("finish_reason"))
        refusal = message.get("refusal")
        if refusal:
            reason = "content_filter"
        text, where = with_reasoning(message, refusal or "")
        ids: tuple[int, ...] = ()
        seen = Outlook()
        if "top_logprobs" in request.body and reason not in {"content_filter", "error"}:
            ids, seen = self._seen(request, field(field(choice, "logprobs", dict, DROPPED), "content", list, DROPPED))
        if where and self.text_of(ids, "").strip() != text.strip():
            ids, seen = (), Outlook()
        return Answer(text, ids, reason, seen, reasoning_field=where), openai_usage(response)

    def _seen(self, request: Request, content: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, ...], Outlook]:
        """The answer's ids and what was expected at them; without ids where a token of the answer cannot be told."""
        one = float(request.body["temperature"]) == 1.0
        asked = self.asked(request, "raw" if one else "unknown")
        ids = [self._id(line) for line in content]
        log_p = [line.get("logprob") for line in content]
        known = tuple(token for token in ids if token is not None)
        if len(known) < len(ids):
            return (), bare_outlook(log_p, asked.kind)
        rows = [self._row(line, asked.shown) for line in content]
        return known, outlook(known, log_p, rows, Asked(asked.top_k, 0, asked.kind, displacing=True))

    def _row(self, line: Mapping[str, Any], shown: int) -> Row:
        """The outcomes, at least `shown` of them; -1 stands for those that cannot be told."""
        told = field(line, "top_logprobs", list, DROPPED)
        if len(told) < shown:
            raise MalformedError(f"a position shows {len(told)} outcomes and {shown} were asked for", FEWER)
        ids = [self._id(outcome) for outcome in told]
        times = Counter(ids)
        return [
            (token if token is not None and times[token] == 1 else -1, number(outcome, "logprob"))
            for token, outcome in zip(ids, told, strict=True)
        ]

    def _id(self, outcome: Mapping[str, Any]) -> int | None:
        """The token with the bytes that are told; without bytes, with its text."""
        told = outcome.get("bytes")
        piece = bytes(told) if isinstance(told, list) else field(outcome, "token", str).encode()
        return None if self.tokenizer is None else ids_by_bytes(self.tokenizer).get(piece)
