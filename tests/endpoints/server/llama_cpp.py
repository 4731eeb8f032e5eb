"""llama.cpp's `/completion`, `/tokenize` and `/apply-template`."""

from __future__ import annotations

from typing import Any

import numpy as np

from potstill.text.chat import conversation_text
from potstill.types import Message
from tests.endpoints.server.behaviour import Body, RefusedError
from tests.endpoints.server.network import NAME, Network, Written


def completion(network: Network, body: Body) -> Body:
    """Token ids or text in, ids out; probabilities are before sampling, and a bias on logits does not enter them."""
    prompt = body["prompt"]
    ids = network.encode(prompt) if isinstance(prompt, str) else list(prompt)
    bias = {int(token): float(value) for token, value in body.get("logit_bias", [])}
    written = _forced(network, ids, max(bias, key=lambda token: bias[token])) if bias else network.write(ids, body, int(body["n_predict"]))
    answer: Body = {"index": 0, "content": network.text(written.token_ids), "model": NAME, "stop": True}
    answer["stop_type"] = "eos" if written.stopped else "limit"
    answer |= {"tokens_predicted": len(written.token_ids), "tokens_evaluated": len(ids), "timings": {"cache_n": 0}}
    answer["tokens"] = written.token_ids if body.get("return_tokens") else []
    k = int(body.get("n_probs", 0))
    if k and not network.behaviour.drop_logprobs:
        tell = _old if network.behaviour.old_llama else _new
        lines = zip(written.token_ids, written.log_p, strict=True)
        answer["completion_probabilities"] = [tell(network, token, row, k) for token, row in lines]
    return answer


def tokenize(network: Network, body: Body) -> Body:
    """Text in tokens; special tokens in it are read where `parse_special` says so."""
    return {"tokens": network.encode(body["content"], special=bool(body.get("add_special")))}


def apply_template(network: Network, body: Body) -> Body:
    """A conversation as text."""
    turns = [Message(turn["role"], turn["content"]) for turn in body["messages"]]
    return {"prompt": conversation_text(network.tokenizer, turns, answering=True)}


def properties(network: Network) -> Body:
    """What the server says of itself."""
    return {"default_generation_settings": {"n_ctx": network.context}, "total_slots": 1}


def _forced(network: Network, ids: list[int], token: int) -> Written:
    if len(ids) >= network.context:
        raise RefusedError(400, "the request exceeds the available context size", "exceed_context_size_error")
    return Written([token], token in network.model.end_ids, network.log_p(ids)[-1:])


def _new(network: Network, token: int, row: np.ndarray, k: int) -> Body:
    return {**_outcome(network, token, row[token]), "top_logprobs": [_outcome(network, i, v) for i, v in network.top(row, k)]}


def _old(network: Network, token: int, row: np.ndarray, k: int) -> Body:
    return {
        "content": network.text([token]),
        "probs": [{"tok_str": network.text([i]), "prob": float(np.exp(v))} for i, v in network.top(row, k)],
    }


def _outcome(network: Network, token: int, log_p: Any) -> Body:
    text = network.text([token])
    return {"id": token, "token": text, "bytes": list(text.encode()), "logprob": float(log_p)}
