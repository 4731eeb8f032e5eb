"""SGLang's native `/generate`: token ids in and out, log-probabilities as flat arrays of bytes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from transformers import PreTrainedTokenizerBase

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.common import CommonDialect, about, draw_identity, most_tokens, score_identity, seed_of
from potstill.endpoints.outcomes import Row, array_outlook, bare_outlook, outlook
from potstill.endpoints.reading import DROPPED, count, field, finish_reason, token_ids, well_formed, whole
from potstill.errors import ModelError
from potstill.models.base import Answer, Endpoint, Keep, Outlook, Sampling
from potstill.registry import part
from potstill.types import Prompt, Usage

_FLAT = {"return_flat_raw_top_logprobs": True, "return_flat_raw_output_top_logprobs": True, "return_flat_raw_top_logprobs_b64": True}


@part("dialect", "sglang")
class SGLang(CommonDialect):
    """SGLang: text, the likeliest tokens and scores of given texts; it needs `tokenizer`.

    SGLang divides the log-probabilities of what it draws by the temperature, unless it is greedy or its environment says
    `SGLANG_RETURN_ORIGINAL_LOGPROB=1`. Draws at a temperature that is neither 0 nor 1 are therefore scored in a second request: those of a
    prompt are the model's own.
    """

    name = "sglang"
    gives = frozenset({"text", "top_k", "score"})

    def __init__(self, base_url: str, endpoint: Endpoint, tokenizer: PreTrainedTokenizerBase | None) -> None:
        super().__init__(base_url, endpoint, tokenizer)
        if tokenizer is None:
            fix = 'set `tokenizer = "hf:…"` to that of its model, or use dialect = "openai" for text alone'
            raise ModelError("the dialect sglang takes prompts in token ids and needs a tokenizer", where=base_url, fix=fix)

    def scores_draws(self, sampling: Sampling) -> bool:
        """At every temperature but 0 and 1."""
        return sampling.temperature not in (0.0, 1.0)

    def draw(self, model: str, prompt: Prompt, token_ids: Sequence[int] | None, sample: int, sampling: Sampling, keep: Keep) -> Request:
        """A generation from token ids; without log-probabilities where it is scored afterwards."""
        settings = {
            "max_new_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": -1,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "sampling_seed": seed_of(sampling, prompt, sample),
        }
        told = {} if self.scores_draws(sampling) else {"return_logprob": True, "logprob_start_len": -1, **_top(keep.size)}
        body = {"input_ids": list(token_ids or ()), "sampling_params": settings, **told}
        identity = {"model": model, **draw_identity(sample, keep)}
        return self.request(f"{self.root}/generate", body, identity, most_tokens(prompt, token_ids, sampling), about(prompt))

    @well_formed
    def read_draw(self, request: Request, raw: bytes) -> tuple[Answer, Usage]:
        """The generation; its outlook is empty where it is scored afterwards, or where nothing is kept and nothing came."""
        response = whole(raw)
        meta = field(response, "meta_info", dict)
        reason = finish_reason(field(meta, "finish_reason", dict).get("type"))
        silent = meta.get("output_token_logprobs") is None and not self.asked(request).top_k
        if "return_logprob" not in request.body or silent:
            ids = token_ids(response, "output_ids")
            return Answer(self.text_of(ids, ""), ids, reason), _usage(meta)
        ids, log_p = _realised(meta, "output_token_logprobs")
        return Answer(self.text_of(ids, ""), ids, reason, self._outlook("output", request, meta, ids, log_p, 0)), _usage(meta)

    def score(self, model: str, token_ids: Sequence[int], scored_from: int, keep: Keep) -> Sequence[Request]:
        """One request that writes nothing, with the log-probabilities of its prompt from the token before the first scored one on."""
        body = {
            "input_ids": list(token_ids),
            "sampling_params": {"max_new_tokens": 0, "temperature": 0.0},
            "return_logprob": True,
            "logprob_start_len": scored_from - 1,
            **_top(keep.size),
        }
        identity = {"model": model, **score_identity(scored_from, keep)}
        return [self.request(f"{self.root}/generate", body, identity, len(token_ids), "a text to score")]

    @well_formed
    def read_score(self, request: Request, raw: bytes) -> tuple[Outlook, Usage]:
        """The prompt's log-probabilities; the first row, of the token before, is empty.

        SGLang writes 0 for the last id of the vocabulary and for those beyond, which stand for images; the log-probability is the token's.
        """
        meta = field(whole(raw), "meta_info", dict)
        ids, log_p = _realised(meta, "input_token_logprobs")
        wanted = tuple(request.body["input_ids"][request.body["logprob_start_len"] :])
        if len(ids) != len(wanted) or not all(map(self._shows, ids, wanted)):
            raise MalformedError(f"log-probabilities of {len(ids)} tokens, which are not the {len(wanted)} that were sent")
        return self._outlook("input", request, meta, wanted[1:], log_p[1:], 1), _usage(meta)

    def _shows(self, told: int, sent: int) -> bool:
        """Whether an id is the one that was sent; how large the model's vocabulary is, the tokenizer's tells but nearly."""
        return told == sent or (told == 0 and self.tokenizer is not None and sent >= self.tokenizer.vocab_size - 1)

    def _outlook(
        self, side: str, request: Request, meta: Mapping[str, Any], ids: Sequence[int], log_p: Sequence[float | None], skipped: int
    ) -> Outlook:
        """The outlook at `ids`, which stand after `skipped` tokens without one."""
        asked = self.asked(request)
        if not asked.top_k:
            return bare_outlook(log_p)
        if f"{side}_top_logprobs_shape" in meta:
            outcomes, values = _flat(side, meta)
            if field(meta, f"{side}_top_logprobs_null_prefix", int) != skipped:
                raise MalformedError("the likeliest tokens do not begin where the log-probabilities do")
            return array_outlook(ids, log_p, outcomes, values, asked)
        lines = field(meta, f"{side}_top_logprobs", list, DROPPED)[skipped:]
        return outlook(ids, log_p, [_row(line) for line in lines], asked)


def _top(k: int) -> dict[str, Any]:
    return {"top_logprobs_num": k, **_FLAT} if k else {"top_logprobs_num": 0}


def _realised(meta: Mapping[str, Any], name: str) -> tuple[tuple[int, ...], list[float | None]]:
    """Ids and log-probabilities of `[[log-probability, id, text], ...]`."""
    lines = field(meta, name, list, DROPPED)
    if not all(isinstance(line, list) and len(line) >= 2 and isinstance(line[1], int) for line in lines):
        raise MalformedError(f"{name!r} is not a list of log-probabilities with ids")
    return tuple(line[1] for line in lines), [line[0] for line in lines]


def _row(line: Any) -> Row:
    if not isinstance(line, list):
        raise MalformedError("a position has no likeliest tokens")
    return [(outcome[1], outcome[0]) for outcome in line]


def _flat(side: str, meta: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Ids and log-probabilities, [rows, k] each, from base64 or from flat lists."""
    shape = tuple(field(meta, f"{side}_top_logprobs_shape", list))
    arrays = (_array(meta, f"{side}_top_logprobs_idx_flat", np.int64), _array(meta, f"{side}_top_logprobs_val_flat", np.float64))
    if len(shape) != 2 or any(array.size != shape[0] * shape[1] for array in arrays):
        raise MalformedError(f"arrays of {[array.size for array in arrays]} numbers do not have the shape {shape}")
    return arrays[0].reshape(shape), arrays[1].reshape(shape)


def _array(meta: Mapping[str, Any], name: str, kind: type[np.generic]) -> np.ndarray:
    if name in meta:
        return np.array(field(meta, name, list), kind)
    text, dtype = field(meta, f"{name}_b64", str), field(meta, f"{name}_b64_dtype", str)
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), np.dtype(dtype).newbyteorder("<")).astype(kind)
    except (binascii.Error, TypeError, ValueError) as error:
        raise MalformedError(f"{name}_b64 cannot be read: {error}") from error


def _usage(meta: Mapping[str, Any]) -> Usage:
    return Usage(**{name: count(meta, name) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")})
