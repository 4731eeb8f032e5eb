"""llama.cpp's server: token ids in and out at `/completion`; given texts are scored a token a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from potstill.endpoints.base import Ask, MalformedError, Request
from potstill.endpoints.common import CommonDialect, about, draw_identity, messages_of, most_tokens, score_identity, seed_of
from potstill.endpoints.outcomes import Row, outlook
from potstill.endpoints.reading import DROPPED, count, field, finish_reason, number, token_ids, well_formed, whole
from potstill.endpoints.retry import AbsentError
from potstill.errors import CapabilityError
from potstill.models.base import Answer, Endpoint, Keep, Outlook, Sampling
from potstill.registry import part
from potstill.types import Prompt, Usage

_PLAIN = {"top_k": 0, "min_p": 0.0, "typical_p": 1.0, "repeat_penalty": 1.0, "samplers": ["temperature", "top_p"]}
"""Against the server's own samplers (the top 40, `min_p` 0.05), which draw from another distribution than the model's."""
_TOLD = {"return_tokens": True, "cache_prompt": False, "post_sampling_probs": False}
"""Ids; no cache, which makes log-probabilities depend on what was asked before; log-probabilities before sampling."""
_FORCE = 1000.0
"""Added to the logit of a token that must come; log-probabilities are taken before it."""


@part("dialect", "llama_cpp")
class LlamaCpp(CommonDialect):
    """llama.cpp: text, the likeliest tokens, and scores of given texts (these with `tokenizer`).

    The server gives no log-probabilities of a prompt. A text is scored by one request a token, each of which reads everything before it:
    slow, and slower with the square of the length. Without a tokenizer, the server itself puts prompts in its template and in tokens.
    """

    name = "llama_cpp"

    def __init__(self, base_url: str, endpoint: Endpoint, tokenizer: PreTrainedTokenizerBase | None) -> None:
        super().__init__(base_url, endpoint, tokenizer)
        self.gives = frozenset({"text", "top_k"} | ({"score"} if tokenizer is not None else set()))

    def context(self, model: str, ask: Ask) -> int | None:
        """`n_ctx` of a slot, at `/props`; None where it does not stand there.

        Raises:
            ModelError: the server does not answer; whether it would say is not known.
        """
        try:
            return int(ask("/props")["default_generation_settings"]["n_ctx"])
        except (AbsentError, KeyError, TypeError):
            return None

    def prompt_ids(self, prompt: Prompt, ask: Ask) -> Sequence[int] | None:
        """The prompt through the server's chat template and tokenizer, both free of charge."""
        if prompt.messages:
            text = field(ask("/apply-template", {"messages": messages_of(prompt, self.root)}), "prompt", str)
        else:
            text = prompt.reference or ""
        return field(ask("/tokenize", {"content": text, "add_special": True, "parse_special": bool(prompt.messages)}), "tokens", list)

    def draw(self, model: str, prompt: Prompt, token_ids: Sequence[int] | None, sample: int, sampling: Sampling, keep: Keep) -> Request:
        """A completion of token ids."""
        body = {
            "prompt": list(token_ids or ()),
            "n_predict": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": seed_of(sampling, prompt, sample),
            "n_probs": max(1, keep.size),
            **_PLAIN,
            **_TOLD,
        }
        identity = {"model": model, **draw_identity(sample, keep)}
        return self.request(f"{self.root}/completion", body, identity, most_tokens(prompt, token_ids, sampling), about(prompt))

    @well_formed
    def read_draw(self, request: Request, raw: bytes) -> tuple[Answer, Usage]:
        """The completion; the token at which it stopped is its last. Where nothing is kept, log-probabilities may be missing."""
        response, asked = whole(raw), self.asked(request)
        reason, told = finish_reason(response.get("stop_type")), field(response, "content", str)
        tokens = token_ids(response, "tokens")
        if not asked.top_k and response.get("completion_probabilities") is None:
            return Answer(self.text_of(tokens, told), tokens, reason), _usage(response)
        ids, log_p, rows = _probabilities(response, self.root)
        if list(tokens) != ids[: len(tokens)] or len(ids) > len(tokens) + (reason == "stop"):
            raise MalformedError(f"{len(tokens)} tokens, and log-probabilities of {len(ids)}")
        return Answer(self.text_of(ids, told), tuple(ids), reason, outlook(ids, log_p, rows, asked)), _usage(response)

    def score(self, model: str, token_ids: Sequence[int], scored_from: int, keep: Keep) -> Sequence[Request]:
        """A request a token: what stands before it is the prompt, and it is made to come by a bias that its log-probability leaves out."""
        return [self._forced(model, token_ids[:place], token_ids[place], keep) for place in range(scored_from, len(token_ids))]

    def _forced(self, model: str, before: Sequence[int], token: int, keep: Keep) -> Request:
        body = {
            "prompt": list(before),
            "n_predict": 1,
            "temperature": 0.0,
            "logit_bias": [[token, _FORCE]],
            "n_probs": max(1, keep.size),
            **_PLAIN,
            **_TOLD,
        }
        identity = {"model": model, **score_identity(len(before), keep)}
        return self.request(f"{self.root}/completion", body, identity, len(before) + 1, "a text to score")

    @well_formed
    def read_score(self, request: Request, raw: bytes) -> tuple[Outlook, Usage]:
        """What was expected at the token that was made to come."""
        response = whole(raw)
        ids, log_p, rows = _probabilities(response, self.root)
        wanted = request.body["logit_bias"][0][0]
        if ids != [wanted]:
            raise MalformedError(f"the token {wanted} was to come, and {ids} came")
        return outlook(ids, log_p, rows, self.asked(request)), _usage(response)


def _probabilities(response: Mapping[str, Any], where: str) -> tuple[list[int], list[float | None], list[Row]]:
    """Ids, log-probabilities and outcomes of `completion_probabilities`."""
    lines = field(response, "completion_probabilities", list, DROPPED)
    if any("probs" in line or "top_probs" in line for line in lines):
        what = "the server tells probabilities after sampling, without token ids or with others than the model's"
        raise CapabilityError(what, where=where, fix='use llama.cpp of December 2024 or later, or dialect = "openai" for text alone')
    rows: list[Row] = [[(field(one, "id", int), number(one, "logprob")) for one in field(line, "top_logprobs", list)] for line in lines]
    return [field(line, "id", int) for line in lines], [line.get("logprob") for line in lines], rows


def _usage(response: Mapping[str, Any]) -> Usage:
    """Prompt and completion as counted; the tokens of the prompt that came from the cache."""
    timings = response.get("timings")
    cached = count(timings, "cache_n") if isinstance(timings, Mapping) else None
    return Usage(count(response, "tokens_evaluated"), count(response, "tokens_predicted"), cached_tokens=cached)
