"""What a network says of given tokens: hidden states and head apart, top-k and realised log-probabilities chunk by chunk.

Logits for a whole batch never exist: hidden states are turned into logits a chunk of rows at a time, within a budget of bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from potstill.errors import ModelError
from potstill.models.base import NOTHING, Keep, Outlook
from potstill.models.cache import growing_cache
from potstill.models.streams import row_key, uniforms
from potstill.signal.codecs.base import Codec, Support, open_codec
from potstill.signal.distribution import Distribution
from potstill.signal.head import OutputHead

CHUNK_BYTES = 32 << 20
"""Memory for one chunk of float32 logits."""
_EXACT, _HALF = (1e-4, 0.02), (5e-2, 0.1)
"""Tolerances of the head and of the cache, in float32 and below. A cache rounds more: experts may be chosen otherwise."""


@dataclass(frozen=True, slots=True)
class Head:
    """A causal language model in two halves: a body that makes hidden states, and an output head that turns them into logits.

    Attributes:
        network: the whole model; the halves share its parameters.
        scale: factor on the logits (Cohere's `logit_scale`, one over Granite's `logits_scaling`); 1 for most models.
        softcap: Gemma's `final_logit_softcapping`; None for most models.
        takes_positions: whether the body reads `position_ids` (ALiBi networks do not).
        continues: whether the body goes on from a cache of keys and values; Mamba, RWKV and RecurrentGemma do not.
    """

    network: PreTrainedModel
    scale: float = 1.0
    softcap: float | None = None
    takes_positions: bool = True
    continues: bool = True

    @property
    def body(self) -> PreTrainedModel:
        """The network without its head."""
        return _body(self.network)

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
            attention_mask: [B, past + T], 1 for real tokens; None: all are, or stand where no real token sees them.
            position_ids: for networks that take them; ignored by those that do not (ALiBi).
            past_key_values: a cache of transformers, for a network that `continues`; it is extended in place.
        """
        given: dict[str, Any] = {"attention_mask": attention_mask, "past_key_values": past_key_values}
        if self.takes_positions:
            given["position_ids"] = position_ids
        given = {name: value for name, value in given.items() if value is not None}
        output = self.body(input_ids=input_ids, use_cache=past_key_values is not None, return_dict=True, **given)
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
        ModelError: body and head cannot be told apart, or no reading of the model's config makes them reproduce the model's own logits on a
            few random tokens.
    """
    name = f"{type(network).__name__} {network.name_or_path}".strip()
    if network.get_output_embeddings() is None:
        raise ModelError("the model has no language-model head", where=name, fix="use a causal language model")
    body = _body(network)
    if body is network:
        raise ModelError("the model's body cannot be told from its head", where=name, fix="please report the model type")
    positions = "position_ids" in signature(body.forward).parameters
    was_training = network.training
    network.eval()
    try:
        readings = [Head(network, scale, softcap, positions) for scale in _scales(network) for softcap in _softcaps(network)]
        faults = [_disagreement(head) for head in readings]
        best = readings[min(range(len(readings)), key=faults.__getitem__)]
        tolerance, of_cache = _EXACT if network.dtype == torch.float32 else _HALF
        continues = _continues(best, of_cache)
    finally:
        network.train(was_training)
    if not min(faults) <= tolerance:
        raise ModelError(
            f"body and head do not reproduce the model's logits (largest relative difference {min(faults):.2g})",
            where=name,
            fix="its logits pass through a step that potstill does not know; please report the model type",
        )
    return replace(best, continues=continues)


def _body(network: PreTrainedModel) -> PreTrainedModel:
    """The network without its head; transformers takes a Llama 4 for its own body, which is its `model`."""
    body: Any = network.base_model if network.base_model is not network else getattr(network, "model", network)
    return cast("PreTrainedModel", body)


def _scales(network: PreTrainedModel) -> list[float]:
    """Every factor on the logits that the config may mean; models disagree whether `logits_scaling` multiplies or divides."""
    config = network.config.get_text_config(decoder=True)
    names = ("logit_scale", "logits_scaling", "lm_head_multiplier", "output_multiplier")
    factors = [float(getattr(config, name, None) or 1.0) for name in names]
    return list(dict.fromkeys([1.0, *factors, *(1.0 / factor for factor in factors)]))


def _softcaps(network: PreTrainedModel) -> list[float | None]:
    """The bound on the logits, under either of its names in configs."""
    config = network.config.get_text_config(decoder=True)
    caps = (getattr(config, name, None) for name in ("final_logit_softcapping", "logits_soft_cap"))
    return [float(cap) for cap in caps if cap] or [None]


def _disagreement(head: Head) -> float:
    """The largest difference to the whole network's logits on random tokens, relative to their size."""
    ids = _random_ids(head, 5)
    with torch.no_grad():
        whole = head.network(input_ids=ids, use_cache=False).logits.float()
        halves = head.logits(head.hidden(ids))
    return _difference(whole, halves)


def _continues(head: Head, tolerance: float) -> bool:
    """Whether two rows, one of them padded on the left, go on from a cache as they would have without it."""
    if "past_key_values" not in signature(head.body.forward).parameters:
        return False
    ids, padding = _random_ids(head, 7), 2
    with torch.no_grad():
        whole = torch.stack([head.hidden(ids[:1])[0, 4:], head.hidden(ids[1:, padding:])[0, 4 - padding :]], dim=1)
        try:
            return _difference(whole, _by_steps(head, ids, padding)) <= tolerance
        except ValueError:  # what transformers says of a cache without a layer of attention
            return False


def _by_steps(head: Head, ids: Int[Tensor, "2 T"], padding: int) -> Float[Tensor, "3 2 H"]:
    """The states at the last three tokens, the last two from a cache; the second row's first tokens are padding."""
    mask, last = torch.ones_like(ids), ids.shape[1]
    mask[1, :padding] = 0
    positions, cache = (mask.cumsum(1) - 1).clamp_min(0), growing_cache(head.network)
    steps = [slice(0, last - 2), slice(last - 2, last - 1), slice(last - 1, last)]
    return torch.stack([head.hidden(ids[:, step], mask[:, : step.stop], positions[:, step], cache)[:, -1] for step in steps])


def _random_ids(head: Head, length: int) -> Int[Tensor, "2 length"]:
    ids = torch.randint(0, head.weight.shape[0], (2, length), generator=torch.Generator().manual_seed(0))
    return ids.to(head.weight.device)


def _difference(one: Tensor, other: Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float((one.float() - other.float()).abs().max() / one.float().abs().max().clamp_min(1e-6))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a network expected at n positions, as tensors; the columns of `Outlook`."""

    log_p: Float[Tensor, " n"]
    rank: Int[Tensor, " n"]
    support: Support


def look(seen: Distribution, target: Int[Tensor, " n"], hidden: Float[Tensor, "n H"], codec: Codec, uniform: Float[Tensor, "n u"]) -> Seen:
    """The realised tokens' log-probabilities and ranks, and what the codec keeps.

    Where nothing is kept, ranks are 0: not known.
    """
    realised = seen.logits.gather(-1, target[:, None])
    support = codec.encode(seen, hidden, uniform)
    rank = torch.zeros_like(target, dtype=torch.int32)
    if support.ids.shape[1] or support.hidden is not None:
        rank = _rank(seen.logits, realised, support.ids if codec.likeliest else None)
    return Seen((realised - seen.norm)[:, 0], rank, support)


def _rank(logits: Float[Tensor, "n V"], realised: Float[Tensor, "n 1"], top: Int[Tensor, "n k"] | None) -> Int[Tensor, " n"]:
    """How many tokens are likelier than the realised one, and one more. Within the top k, only these are looked at."""
    if top is None:
        return _likelier(logits, realised) + 1
    rank = _likelier(logits.gather(-1, top), realised) + 1
    beyond = (rank > top.shape[1]).nonzero()[:, 0]
    if 2 * len(beyond) > len(rank):
        return _likelier(logits, realised) + 1
    rank[beyond] = _likelier(logits[beyond], realised[beyond]) + 1
    return rank


def _likelier(logits: Float[Tensor, "n w"], realised: Float[Tensor, "n 1"]) -> Int[Tensor, " n"]:
    return (logits > realised).sum(-1, dtype=torch.int32)


@torch.inference_mode()
def score_ids(
    head: Head,
    rows: Sequence[Sequence[int]],
    keep: Keep = NOTHING,
    *,
    scored_from: Sequence[int] | None = None,
    batch_tokens: int = 8192,
    chunk_bytes: int = CHUNK_BYTES,
) -> list[Outlook]:
    """What the network expected at the tokens of each row.

    Args:
        head: the network.
        rows: token ids, each row at least one long. Rows of like length are run together, padded on the right, which a causal network
            cannot see.
        keep: what of each distribution is kept.
        scored_from: the first token of each row that is scored, at least 1; None: all but the first of each row.
        batch_tokens: padded tokens a forward pass.
        chunk_bytes: memory for the logits of one chunk.

    Returns:
        one `Outlook` a row, in the rows' order; position t concerns `row[scored_from + t]`.
    """
    starts = [1] * len(rows) if scored_from is None else scored_from
    scorer = _Scorer(head, keep, chunk_bytes)
    results = [Outlook()] * len(rows)
    network_was_training = head.network.training
    head.network.eval()
    try:
        for batch in length_batches([len(row) for row in rows], batch_tokens):
            for index, result in zip(batch, scorer.score([rows[i] for i in batch], [starts[i] for i in batch]), strict=True):
                results[index] = result
    finally:
        head.network.train(network_was_training)
    return results


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


class _Scorer:
    """Scores batches of rows."""

    def __init__(self, head: Head, keep: Keep, chunk_bytes: int) -> None:
        self.head, self.keep, self.codec = head, keep, open_codec(keep.codec, keep.size)
        self.chunk = max(1, chunk_bytes // (4 * head.weight.shape[0]))

    def score(self, rows: Sequence[Sequence[int]], starts: Sequence[int]) -> list[Outlook]:
        """One outlook a row."""
        ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        wanted = torch.zeros(len(rows), ids.shape[1] - 1, dtype=torch.bool)
        for line, mark, row, start in zip(ids, wanted, rows, starts, strict=True):
            line[: len(row)] = torch.tensor(row)
            mark[start - 1 : len(row) - 1] = True
        device = self.head.weight.device
        states = self.head.hidden(ids.to(device))[:, :-1][wanted.to(device)]
        targets, uniform = ids[:, 1:][wanted].to(device), self._uniforms(rows, starts).to(device)
        chunks = zip(*(torch.split(column, self.chunk) for column in (states, targets, uniform)), strict=True)
        parts = [look(Distribution.of(self.head.logits(some)), target, some, self.codec, numbers) for some, target, numbers in chunks]
        return split(parts, [len(row) - start for row, start in zip(rows, starts, strict=True)], self.keep)

    def _uniforms(self, rows: Sequence[Sequence[int]], starts: Sequence[int]) -> Float[Tensor, "n u"]:
        """The codec's random numbers, which belong to a row's tokens and place."""
        width = self.codec.uniforms()
        if not width:
            return torch.zeros(sum(map(len, rows)) - sum(starts), 0)
        numbers = []
        for row, start in zip(rows, starts, strict=True):
            steps = np.arange(start * width, len(row) * width).reshape(-1, width)
            key = np.uint64(row_key(self.keep.seed, ",".join(map(str, row)), 0))
            numbers.append(uniforms(np.full(steps.shape, key), steps))
        return torch.from_numpy(np.concatenate(numbers))


def split(parts: Sequence[Seen], lengths: Sequence[int], keep: Keep) -> list[Outlook]:
    """What was seen at all rows' tokens, one after the other, as an `Outlook` a row of so many tokens."""
    columns: dict[str, Any] = {
        "log_p": _joined([part.log_p for part in parts], torch.float32),
        "rank": _joined([part.rank for part in parts], torch.int32),
        "support_ids": _joined([part.support.ids for part in parts], torch.int32),
        "support_log_p": _joined([part.support.log_p for part in parts], torch.float32),
        "tail_mass": _joined([part.support.tail_mass for part in parts], torch.float32),
    }
    if parts and parts[0].support.hidden is not None:
        columns["hidden"] = _joined([part.support.hidden for part in parts if part.support.hidden is not None], torch.float32)
    ends = np.cumsum(lengths)
    spans = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
    return [Outlook(**{name: column[span] for name, column in columns.items()}, codec=keep.codec) for span in spans]


def _joined(parts: Sequence[Tensor], dtype: torch.dtype) -> np.ndarray:
    return torch.cat(list(parts)).to("cpu", dtype).numpy()
