"""`/v1/completions` and `/v1/chat/completions`, with the keys that vLLM adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.endpoints.server.behaviour import Body, RefusedError
from tests.endpoints.server.network import NAME, Network, Written, rank


def completions(network: Network, body: Body) -> Body:
    """vLLM's completions: prompts as text or token ids; log-probabilities of the answer and of the prompt."""
    prompt = body["prompt"]
    ids = network.encode(prompt, special=body.get("add_special_tokens", True)) if isinstance(prompt, str) else list(prompt)
    _check_cap(network, body.get("logprobs"))
    _check_cap(network, body.get("prompt_logprobs"))
    written = network.write(ids, body, int(body.get("max_tokens", 16)))
    choice: Body = {"index": 0, "text": network.text(written.token_ids), "logprobs": None, "stop_reason": None}
    choice["finish_reason"] = "stop" if written.stopped else "length"
    if body.get("logprobs") is not None and not network.behaviour.drop_logprobs:
        choice["logprobs"] = _completion_log_p(network, body, written)
    if body.get("prompt_logprobs") is not None:
        rows = network.read(ids, str(body.get("cache_salt", "")))
        choice["prompt_logprobs"] = None if network.behaviour.drop_logprobs else [None, *_prompt_log_p(network, ids, rows, body)]
    if body.get("return_token_ids") and not network.behaviour.no_ids:
        choice |= {"token_ids": written.token_ids, "prompt_token_ids": ids}
    return {"id": "cmpl-1", "object": "text_completion", "model": NAME, "choices": [choice], "usage": usage(ids, written)}


def chat(network: Network, body: Body) -> Body:
    """Chat completions of a hosted model; with vLLM's keys, token ids as well."""
    ids = network.chat(body["messages"])
    k = body.get("top_logprobs")
    _check_cap(network, k)
    written = network.write(ids, body, int(body.get("max_completion_tokens", body.get("max_tokens", 16))))
    choice: Body = {"index": 0, "message": _message(network, body, written), "logprobs": None}
    choice["finish_reason"] = "stop" if written.stopped else "length"
    if network.behaviour.refuses is not None and network.behaviour.refuses in body["messages"][-1]["content"]:
        choice["finish_reason"] = "content_filter"
    if body.get("logprobs") and k is not None and not network.behaviour.drop_logprobs:
        as_ids = bool(body.get("return_tokens_as_token_ids")) and not network.behaviour.no_ids
        tokens = list(zip(written.token_ids, written.log_p, strict=True))
        if not as_ids:  # hosted models do not show the token that ends an answer
            tokens = [(token, row) for token, row in tokens if token not in network.model.end_ids]
        choice["logprobs"] = {"content": [_chat_token(network, token, row, int(k), as_ids) for token, row in tokens]}
    answer: Body = {"id": "chatcmpl-1", "object": "chat.completion", "model": NAME, "choices": [choice], "usage": usage(ids, written)}
    if body.get("return_token_ids") and not network.behaviour.no_ids:
        choice["token_ids"], answer["prompt_token_ids"] = written.token_ids, ids
    return answer


def usage(prompt: list[int], written: Written) -> Body:
    """Tokens as OpenAI counts them."""
    counts = {"prompt_tokens": len(prompt), "completion_tokens": len(written.token_ids)}
    details = {"prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0}}
    return {**counts, "total_tokens": sum(counts.values()), **details}


def split_thoughts(text: str) -> tuple[str | None, str]:
    """Reasoning and answer, as a server's reasoning parser tells them apart."""
    thought, mark, answer = text.partition("</think>")
    return (thought.replace("<think>", "", 1), answer) if mark else (None, text)


def _message(network: Network, body: Body, written: Written) -> Body:
    text, field = network.text(written.token_ids), network.behaviour.reasoning
    if field is None:
        return {"role": "assistant", "content": text}
    reasoning, answer = split_thoughts(text)
    return {"role": "assistant", field: reasoning if reasoning is not None else "because", "content": answer}


def _check_cap(network: Network, k: Any) -> None:
    most = network.behaviour.max_logprobs
    if most is not None and k is not None and (int(k) > most or int(k) < 0):
        raise RefusedError(400, f"Requested sample logprobs of {k}, which is greater than max allowed: {most}")


def _key(network: Network, body: Body, token: int) -> str:
    if body.get("return_tokens_as_token_ids") and not network.behaviour.no_ids:
        return f"token_id:{token % 50 if network.behaviour.collide else token}"
    return network.text([token], special=True)


def _entries(network: Network, row: np.ndarray, token: int, k: int) -> dict[int, float]:
    """The realised token and the k likeliest: k entries, or k + 1."""
    return {token: network.floored(row[token]), **dict(network.top(row, k))}


def _completion_log_p(network: Network, body: Body, written: Written) -> Body:
    k = int(body["logprobs"])
    rows = [_entries(network, row, token, k) for token, row in zip(written.token_ids, written.log_p, strict=True)]
    return {
        "text_offset": [0] * len(rows),
        "tokens": [_key(network, body, token) for token in written.token_ids],
        "token_logprobs": [row[token] for token, row in zip(written.token_ids, rows, strict=True)],
        "top_logprobs": [{_key(network, body, token): value for token, value in row.items()} for row in rows],
    }


def _prompt_log_p(network: Network, ids: list[int], rows: np.ndarray, body: Body) -> list[Body]:
    k, lines = int(body["prompt_logprobs"]), []
    for token, row in zip(ids[1:], rows, strict=True):
        entries = _entries(network, row, token, k)
        lines.append({str(i): {"logprob": v, "rank": rank(row, i), "decoded_token": network.text([i])} for i, v in entries.items()})
    return lines


def _chat_token(network: Network, token: int, row: np.ndarray, k: int, as_ids: bool) -> Body:
    """vLLM tells the first k of the token that came and the k likeliest; hosted models the k likeliest."""
    entries = list(_entries(network, row, token, k).items())[:k] if as_ids or network.behaviour.sampled_first else network.top(row, k)
    top = [_chat_outcome(network, i, value, as_ids) for i, value in entries]
    return {**_chat_outcome(network, token, network.floored(row[token]), as_ids), "top_logprobs": top}


def _chat_outcome(network: Network, token: int, log_p: float, as_ids: bool) -> Body:
    text = network.text([token], special=True)
    name = f"token_id:{token % 50 if network.behaviour.collide else token}" if as_ids else text
    return {"token": name, "logprob": log_p, "bytes": list(network.bytes_of(token))}
