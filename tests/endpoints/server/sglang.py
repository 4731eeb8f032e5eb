"""SGLang's `/generate`, with flat arrays in base64."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from tests.endpoints.server.behaviour import Body, RefusedError
from tests.endpoints.server.network import Network

Line = list[list[Any]] | None


def generate(network: Network, body: Body) -> Body:
    """Token ids in and out; log-probabilities of draws are divided by the temperature, those of the prompt are not."""
    settings, ids = body["sampling_params"], list(body["input_ids"])
    k, most = int(body.get("top_logprobs_num", 0)), network.behaviour.max_logprobs
    if most is not None and k > most:
        raise RefusedError(400, f"top_logprobs_num must be at most {most}, got {k}")
    limit, temperature = int(settings.get("max_new_tokens", 128)), float(settings.get("temperature", 1.0))
    drawing = {**settings, "seed": settings.get("sampling_seed")}
    written = network.write(ids, drawing, limit) if limit else None
    out_ids = written.token_ids if written is not None else []
    stopped = written is not None and written.stopped
    reason = {"type": "stop", "matched": out_ids[-1]} if stopped else {"type": "length", "length": limit}
    meta: Body = {"id": "1", "finish_reason": reason, "prompt_tokens": len(ids), "completion_tokens": len(out_ids), "cached_tokens": 0}
    if body.get("return_logprob") and not network.behaviour.drop_logprobs:
        if written is not None:
            rows = written.log_p if temperature in (0.0, 1.0) else _scaled(written.log_p, temperature)
            meta["output_token_logprobs"] = _realised(network, out_ids, rows)
            meta |= _top(network, "output", [network.top(row, k) for row in rows], body, k)
        start = body.get("logprob_start_len", -1)
        if start >= 0:
            rows = network.read(ids)[start:]
            told = [[None, ids[start], None], *_realised(network, ids[start + 1 :], rows)]
            meta["input_token_logprobs"] = [[log_p, _shown(i, rows.shape[1]), text] for log_p, i, text in told]
            meta |= _top(network, "input", [None, *(network.top(row, k) for row in rows)], body, k)
    return {"text": network.text(out_ids), "output_ids": out_ids, "meta_info": meta}


def _scaled(log_p: np.ndarray, temperature: float) -> np.ndarray:
    scaled = log_p / temperature
    return scaled - np.log(np.exp(scaled).sum(-1, keepdims=True))


def _realised(network: Network, ids: list[int], rows: np.ndarray) -> list[list[Any]]:
    return [[network.floored(row[token]), token, None] for token, row in zip(ids, rows, strict=True)]


def _shown(token: int, vocabulary: int) -> int:
    """SGLang shows the ids of a prompt that stand for images as 0, and with them the vocabulary's last."""
    return token if token < vocabulary - 1 else 0


def _top(network: Network, side: str, rows: list[Any], body: Body, k: int) -> Body:
    """The likeliest tokens, flat where that was asked for; nothing when none were."""
    if not k:
        return {}
    asked = body.get("return_flat_raw_top_logprobs" if side == "input" else "return_flat_raw_output_top_logprobs")
    if not asked or network.behaviour.ragged:
        return {f"{side}_top_logprobs": [None if row is None else [[v, i, None] for i, v in row] for row in rows]}
    skipped = sum(row is None for row in rows)
    told = [row for row in rows if row is not None]
    arrays = {"val": np.array([[v for _, v in row] for row in told], "<f4"), "idx": np.array([[i for i, _ in row] for row in told], "<i4")}
    fields: Body = {f"{side}_top_logprobs_shape": [len(told), k], f"{side}_top_logprobs_null_prefix": skipped}
    for name, array in arrays.items():
        field = f"{side}_top_logprobs_{name}_flat"
        if body.get("return_flat_raw_top_logprobs_b64"):
            fields |= {f"{field}_b64": base64.b64encode(array.tobytes()).decode(), f"{field}_b64_dtype": array.dtype.name}
        else:
            fields[field] = array.reshape(-1).tolist()
    return fields
