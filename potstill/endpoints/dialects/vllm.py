"""vLLM's server: prompts in token ids, ids beside every log-probability, and log-probabilities of given texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.common import (
    CommonDialect,
    about,
    draw_identity,
    messages_of,
    most_tokens,
    score_identity,
    seed_of,
    token_number,
)
from potstill.endpoints.outcomes import Row, outlook
from potstill.endpoints.reading import (
    DROPPED,
    field,
    finish_reason,
    first_choice,
    number,
    openai_usage,
    token_ids,
    well_formed,
    whole,
    with_reasoning,
)
from potstill.models.base import Answer, Endpoint, Keep, Outlook, Sampling
from potstill.registry import part
from potstill.types import Prompt, Usage, digest

_IDS = {"return_token_ids": True, "return_tokens_as_token_ids": True}
_PLAIN = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""Against the defaults that vLLM takes from the model's generation config."""
_USUAL_CAP = 20
"""vLLM's default for `--max-logprobs`."""


@part("dialect", "vllm")
class VLLM(CommonDialect):
    """vLLM: text, the likeliest tokens, and scores of given texts (these with `tokenizer`).

    Log-probabilities are of the model's own distribution, as `--logprobs-mode raw_logprobs` (vLLM's default) gives them. A server gives at
    most `--max-logprobs` of them a position. With a tokenizer, prompts are sent in token ids to `/v1/completions`; without one,
    conversations go to `/v1/chat/completions` and the server's chat template.

    That route tells the token that came and then the likeliest, as many as are asked for together: where the token is none of these, the
    last is missing. It is therefore asked for one more than is kept, where the server's usual limit (20) lets it; else a position whose
    last outcome cannot be told keeps one less, and its rank is not known.
    """

    name = "vllm"

    def __init__(self, base_url: str, endpoint: Endpoint, tokenizer: PreTrainedTokenizerBase | None) -> None:
        super().__init__(base_url, endpoint, tokenizer)
        self.gives = frozenset({"text", "top_k"} | ({"score"} if tokenizer is not None else set()))

    def draw(self, model: str, prompt: Prompt, token_ids: Sequence[int] | None, sample: int, sampling: Sampling, keep: Keep) -> Request:
        """A completion of token ids or of plain text, or a chat completion where only the server knows the template."""
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": seed_of(sampling, prompt, sample),
            **_PLAIN,
            **_IDS,
        }
        if token_ids is None and prompt.messages:
            path = "chat/completions"
            body |= {"messages": messages_of(prompt, self.root), "logprobs": True, "top_logprobs": _one_more(keep.size)}
        else:
            path = "completions"
            body |= {"prompt": prompt.reference or "" if token_ids is None else list(token_ids), "logprobs": keep.size}
        return self.request(f"{self.v1}/{path}", body, draw_identity(sample, keep), most_tokens(prompt, token_ids, sampling), about(prompt))

    @well_formed
    def read_draw(self, request: Request, raw: bytes) -> tuple[Answer, Usage]:
        """The completion, with the ids of its tokens, end token included. Where nothing is kept, they and log-probabilities may miss."""
        response = whole(raw)
        choice = first_choice(response)
        reason = finish_reason(choice.get("finish_reason"))
        ids, seen = self._seen(request, choice)
        if "messages" in request.body:
            text, where = with_reasoning(field(choice, "message", dict))
        else:
            told = field(choice, "text", str)
            text, where = self.text_of(ids, told) if ids else told, ""
        return Answer(text, ids, reason, seen, reasoning_field=where), openai_usage(response)

    def _seen(self, request: Request, choice: Mapping[str, Any]) -> tuple[tuple[int, ...], Outlook]:
        """The answer's ids and what was expected at them."""
        asked, chat = self.asked(request), "messages" in request.body
        ids = token_ids(choice, "token_ids") if asked.top_k or choice.get("token_ids") is not None else ()
        if not asked.top_k and (not ids or choice.get("logprobs") is None):
            return ids, Outlook()
        log_probs = field(choice, "logprobs", dict, DROPPED)
        log_p, rows = _chat_rows(log_probs) if chat else _rows(log_probs)
        return ids, outlook(ids, log_p, rows, replace(asked, displacing=chat))

    def score(self, model: str, token_ids: Sequence[int], scored_from: int, keep: Keep) -> Sequence[Request]:
        """One completion of a single token, with the log-probabilities of its prompt.

        Its `cache_salt` is its own: a prefix cache would otherwise hold what another request left, whose log-probabilities can be stale.
        """
        body = {
            "model": model,
            "prompt": list(token_ids),
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": keep.size,
            "cache_salt": digest([list(token_ids), keep.size]),
            **_IDS,
        }
        identity = score_identity(scored_from, keep)
        return [self.request(f"{self.v1}/completions", body, identity, len(token_ids) + 1, "a text to score")]

    @well_formed
    def read_score(self, request: Request, raw: bytes) -> tuple[Outlook, Usage]:
        """The prompt's log-probabilities from the first scored token on."""
        response, ids = whole(raw), request.body["prompt"]
        lines = field(first_choice(response), "prompt_logprobs", list, DROPPED)
        if len(lines) != len(ids):
            raise MalformedError(f"a prompt of {len(ids)} tokens, and log-probabilities of {len(lines)}")
        start = int(request.identity["scored_from"])
        rows = [_prompt_row(line) for line in lines[start:]]
        log_p = [dict(row).get(token) for row, token in zip(rows, ids[start:], strict=True)]
        seen = outlook(ids[start:], log_p, rows, self.asked(request))
        rank = [line[str(token)].get("rank") or 0 for line, token in zip(lines[start:], ids[start:], strict=True)]
        return replace(seen, rank=np.array(rank, np.int32)), openai_usage(response)


def _one_more(k: int) -> int:
    """How many outcomes the chat route is asked for where `k` are kept."""
    return max(k, min(k + 1, _USUAL_CAP)) if k else 0


def _rows(log_probs: Mapping[str, Any]) -> tuple[list[float | None], list[Row]]:
    """Realised log-probabilities and outcomes of a completion: `token_id:123` -> log-probability."""
    told = log_probs.get("top_logprobs") or []
    rows: list[Row] = [[(token_number(name), number(line, name)) for name in line] for line in told]
    return field(log_probs, "token_logprobs", list, DROPPED), rows


def _chat_rows(log_probs: Mapping[str, Any]) -> tuple[list[float | None], list[Row]]:
    content = field(log_probs, "content", list, DROPPED)
    rows: list[Row] = [
        [(token_number(one.get("token")), number(one, "logprob")) for one in field(line, "top_logprobs", list)] for line in content
    ]
    return [number(line, "logprob") for line in content], rows


def _prompt_row(line: Any) -> Row:
    """`{"123": {"logprob": -1.0, ...}, ...}`; the first token of a prompt has none."""
    if not isinstance(line, dict):
        raise MalformedError("a token of the prompt has no log-probability")
    return [(int(name), number(outcome, "logprob")) for name, outcome in line.items()]
