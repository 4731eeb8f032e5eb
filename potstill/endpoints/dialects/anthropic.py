"""Anthropic-shaped message APIs: text and reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.common import CommonDialect, about, draw_identity, messages_of, most_tokens
from potstill.endpoints.reading import count, field, finish_reason, thought, well_formed, whole
from potstill.models.base import Answer, Keep, Sampling
from potstill.registry import part
from potstill.types import Prompt, Usage


@part("dialect", "anthropic")
class Anthropic(CommonDialect):
    """`/v1/messages`: text, with reasoning where `parameters` ask for it; neither token ids nor log-probabilities, and no seed."""

    name = "anthropic"
    gives = frozenset({"text"})
    headers: Mapping[str, str] = {"anthropic-version": "2023-06-01"}
    takes_ids = False
    max_top_k = 0

    def credentials(self, key: str) -> Mapping[str, str]:
        """The key in a header of its own."""
        return {"x-api-key": key}

    def draw(self, model: str, prompt: Prompt, token_ids: Sequence[int] | None, sample: int, sampling: Sampling, keep: Keep) -> Request:
        """A message; system turns stand apart. Newer models refuse temperature and top_p together: the one that is 1 is left out."""
        turns = messages_of(prompt, self.root)
        system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": sampling.max_new_tokens,
            "messages": [turn for turn in turns if turn["role"] != "system"],
        }
        if system:
            body["system"] = system
        if sampling.temperature != 1 or sampling.top_p == 1:
            body["temperature"] = sampling.temperature
        if sampling.top_p < 1:
            body["top_p"] = sampling.top_p
        identity = draw_identity(sample, keep)
        return self.request(f"{self.v1}/messages", body, identity, most_tokens(prompt, None, sampling), about(prompt))

    @well_formed
    def read_draw(self, request: Request, raw: bytes) -> tuple[Answer, Usage]:
        """The text blocks, with the thinking blocks in front; reasoning that is hidden (`redacted_thinking`) leaves no text."""
        response = whole(raw)
        blocks = field(response, "content", list)
        if not all(isinstance(block, dict) for block in blocks):
            raise MalformedError("'content' is no list of blocks")
        reasoning = "\n\n".join(field(block, "thinking", str) for block in blocks if block.get("type") == "thinking")
        text = "".join(field(block, "text", str) for block in blocks if block.get("type") == "text")
        reason = finish_reason(response.get("stop_reason"))
        answer = Answer(thought(reasoning) + text if reasoning else text, (), reason, reasoning_field="thinking" if reasoning else "")
        return answer, _usage(field(response, "usage", dict))


def _usage(told: Mapping[str, Any]) -> Usage:
    """`input_tokens` leaves out what was read from the cache or written to it."""
    cached, written = count(told, "cache_read_input_tokens"), count(told, "cache_creation_input_tokens")
    read = count(told, "input_tokens")
    prompt = None if read is None else read + (cached or 0) + (written or 0)
    return Usage(prompt, count(told, "output_tokens"), cached_tokens=cached)
