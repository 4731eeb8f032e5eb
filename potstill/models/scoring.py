"""What a network says of given tokens: hidden states and head apart, top-k and realised log-probabilities chunk by chunk.

Logits for a whole batch never exist: hidden states are turned into logits a chunk of rows at a time, within a budget of bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from potstill.errors import ModelError
from potstill.signal.head import OutputHead

CHUNK_BYTES = 32 << 20
"""Memory for one chunk of float32 logits."""


@dataclass(frozen=True, slots=True)
class Head:
    """A causal language model in two halves: a body that makes hidden states, and an output head that turns them into logits.

    Attributes:
        network: the whole model; the halves share its parameters.
        scale: factor on the logits (Cohere's `logit_scale`, one over Granite's `logits_scaling`); 1 for most models.
        softcap: Gemma's `final_logit_softcapping`; None for most models.
        takes_positions: whether the body reads `position_ids` (ALiBi networks do not).
    """

    network: PreTrainedModel
    scale: float = 1.0
    softcap: float | None = None
    takes_positions: bool = True

    @property
    def weight(self) -> Float[Tensor, "V H"]:
        """The head's weight (the embedding's own where they are tied)."""
        weight: Tensor = self.network.get_output_embeddings().weight
        return weight

    @property
    def bias(self) -> Float[Tensor, " V"] | None:
        """The head's bias; None for most models."""
        bias: Tensor | None = getattr(self.network.get_output_embeddings(), "bias", None)
        return bias

    def hidden(
        self,
        input_ids: Int[Tensor, "B T"],
        attention_mask: Tensor | None = None,
        position_ids: Int[Tensor, "*B T"] | None = None,
        past_key_values: Any = None,
    ) -> Float[Tensor, "B T H"]:
        """The last hidden states, after the final norm: what the head reads.

        Args:
            input_ids: the tokens.
            attention_mask: [B, past + T], 1 for real tokens; or [B, 1, T, past + T] as the model takes it.
            position_ids: for networks that take them; ignored by those that do not (ALiBi).
            past_key_values: a cache of transformers; it is extended in place.
        """
        given: dict[str, Any] = {"attention_mask": attention_mask, "past_key_values": past_key_values}
        if self.takes_positions:
            given["position_ids"] = position_ids
        given = {name: value for name, value in given.items() if value is not None}
        output = self.network.base_model(input_ids=input_ids, use_cache=past_key_values is not None, return_dict=True, **given)
        states: Tensor = output.last_hidden_state
        return states

    def output(self) -> OutputHead:
        """The output head as it is now; its tensors are the network's own parameters."""
        return OutputHead(self.weight, self.bias, self.scale, self.softcap)

    def logits(self, hidden: Float[Tensor, "*rows H"]) -> Float[Tensor, "*rows V"]:
        """Logits in float32, as the network itself would give them."""
        return self.output().logits(hidden)


def body_and_head(network: PreTrainedModel) -> Head:
    """The two halves of a causal language model, checked against the whole.

    Raises:
        ModelError: no reading of the model's config makes body and head reproduce the model's own logits on a few random tokens.
    """
    name = f"{type(network).__name__} {network.name_or_path}".strip()
    if network.get_output_embeddings() is None:
        raise ModelError("the model has no language-model head", where=name, fix="use a causal language model")
    positions = "position_ids" in signature(network.base_model.forward).parameters
    was_training = network.training
    network.eval()
    try:
        readings = [Head(network, scale, softcap, positions) for scale in _scales(network) for softcap in _softcaps(network)]
        faults = [_disagreement(head) for head in readings]
    finally:
        network.train(was_training)
    best = min(range(len(readings)), key=faults.__getitem__)
    tolerance = 1e-4 if network.dtype == torch.float32 else 5e-2
    if not faults[best] <= tolerance:
        raise ModelError(
            f"body and head do not reproduce the model's logits (largest relative difference {faults[best]:.2g})",
            where=name,
            fix="its logits pass through a step that potstill does not know; please report the model type",
        )
    return readings[best]


def _scales(network: PreTrainedModel) -> list[float]:
    """Every factor on the logits that the config may mean; models disagree whether `logits_scaling` multiplies or divides."""
    config = network.config.get_text_config(decoder=True)
    names = ("logit_scale", "logits_scaling", "lm_head_multiplier", "output_multiplier")
    factors = [float(getattr(config, name, None) or 1.0) for name in names]
    return list(dict.fromkeys([1.0, *factors, *(1.0 / factor for factor in factors)]))


def _softcaps(network: PreTrainedModel) -> list[float | None]:
    cap = getattr(network.config.get_text_config(decoder=True), "final_logit_softcapping", None)
    return [float(cap)] if cap else [None]


def _disagreement(head: Head) -> float:
    """The largest difference to the whole network's logits on random tokens, relative to their size."""
    vocabulary = head.weight.shape[0]
    ids = torch.randint(0, vocabulary, (2, 5), generator=torch.Generator().manual_seed(0)).to(head.weight.device)
    with torch.no_grad():
        whole = head.network(input_ids=ids, use_cache=False).logits.float()
        halves = head.logits(head.hidden(ids))
    return float((whole - halves).abs().max() / whole.abs().max().clamp_min(1e-6))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a network expected at each of T positions, in nats at temperature 1.

    Attributes:
        log_p: [T] float32, of the token that was there.
        topk_ids: [T, k] int32, most probable first.
        topk_log_p: [T, k] float32.
    """

    log_p: np.ndarray
    topk_ids: np.ndarray
    topk_log_p: np.ndarray


def outlook(logits: Float[Tensor, "N V"], target: Int[Tensor, " N"], top_k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Realised log-probability [rows], top-k ids and log-probabilities [rows, k] from raw logits."""
    total = logits.logsumexp(-1, keepdim=True)
    log_p = (logits.gather(-1, target[:, None]) - total)[:, 0]
    top = logits.topk(min(top_k, logits.shape[-1]), dim=-1)
    return log_p, top.indices, top.values - total


@torch.inference_mode()
def score_ids(
    head: Head, rows: Sequence[Sequence[int]], top_k: int, *, batch_tokens: int = 8192, chunk_bytes: int = CHUNK_BYTES
) -> list[Outlook]:
    """What the network expected at every token of each row but the first.

    Args:
        head: the network.
        rows: token ids, each row at least one long. Rows of like length are run together, padded on the right, which a causal network
            cannot see.
        top_k: how many outcomes to keep a position; 0 for none.
        batch_tokens: padded tokens a forward pass.
        chunk_bytes: memory for the logits of one chunk.

    Returns:
        one `Outlook` a row, in the rows' order; position t concerns `row[t + 1]`.
    """
    results: list[Outlook | None] = [None] * len(rows)
    network_was_training = head.network.training
    head.network.eval()
    try:
        for batch in length_batches([len(row) for row in rows], batch_tokens):
            for index, result in zip(batch, _score_batch(head, [rows[i] for i in batch], top_k, chunk_bytes), strict=True):
                results[index] = result
    finally:
        head.network.train(network_was_training)
    return [result for result in results if result is not None]


def length_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices grouped so that rows of like length stand together and no padded group exceeds `batch_tokens` (a single row may)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and lengths[index] * (len(batch) + 1) > batch_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _score_batch(head: Head, rows: Sequence[Sequence[int]], top_k: int, chunk_bytes: int) -> list[Outlook]:
    device = head.weight.device
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
    for line, row in zip(ids, rows, strict=True):
        line[: len(row)] = torch.tensor(row)
    real = torch.arange(ids.shape[1] - 1)[None] < (lengths - 1)[:, None]
    if not real.any():
        return _split([torch.zeros(0), torch.zeros(0, top_k), torch.zeros(0, top_k)], lengths - 1)
    states = head.hidden(ids.to(device))[:, :-1][real.to(device)]
    targets = ids[:, 1:][real].to(device)
    chunk = max(1, chunk_bytes // (4 * head.weight.shape[0]))
    pairs = zip(torch.split(states, chunk), torch.split(targets, chunk), strict=True)
    parts = [outlook(head.logits(some_states), some_targets, top_k) for some_states, some_targets in pairs]
    return _split([torch.cat(column) for column in zip(*parts, strict=True)], lengths - 1)


def _split(columns: Sequence[Tensor], lengths: Tensor) -> list[Outlook]:
    """Columns over all rows' tokens, one after the other, as an `Outlook` a row."""
    log_p, ids, values = (column.cpu().numpy() for column in columns)
    ends = np.cumsum(lengths.numpy())
    spans = [slice(end - length, end) for end, length in zip(ends, lengths.tolist(), strict=True)]
    return [Outlook(log_p[s].astype(np.float32), ids[s].astype(np.int32), values[s].astype(np.float32)) for s in spans]
