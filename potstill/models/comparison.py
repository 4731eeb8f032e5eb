"""How far networks are from one another, token by token, on the same targets: dense, and never `[tokens, vocabulary]` for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.models.scoring import CHUNK_BYTES, Head, length_batches
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.jsd import JSD
from potstill.signal.divergences.reverse_kl import ReverseKL
from potstill.signal.outcomes import log_softmax
from potstill.text.chat import Rendered

MEASURES = ("kl_forward", "kl_reverse", "jsd", "agreement")
"""The columns of a gap: KL(reference || other), KL(other || reference), Jensen-Shannon (nats), and whether the likeliest token agrees."""
_ALIVE = 8
"""Buffers of a chunk's logits that are alive at a time."""

Gap = Float[np.ndarray, "_ 4"]
"""The `MEASURES` at each of T targets."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A network, and the texts as it reads them: the same targets in every reader, each behind the network's own context.

    Attributes:
        head: the network in two halves.
        rows: one a text.
    """

    head: Head
    rows: Sequence[Rendered]


@torch.inference_mode()
def compare(reference: Reader, others: Sequence[Reader], *, batch_tokens: int = 8192, chunk_bytes: int = CHUNK_BYTES) -> list[list[Gap]]:
    """How far each of `others` is from `reference` at every target.

    Args:
        reference: the p of every divergence.
        others: the q; their rows hold the same targets, in ids of the same vocabulary. Rows of padding in a larger head are cut off.
        batch_tokens: padded tokens a forward pass.
        chunk_bytes: memory for the logits of one chunk.

    Returns:
        [other][text]: a gap, [T, 4] float32.

    Raises:
        ValueError: a reader has other targets.
    """
    readers = [reference, *others]
    targets = [row.input_ids[row.loss_from :] for row in reference.rows]
    if any([row.input_ids[row.loss_from :] for row in reader.rows] != targets for reader in others):
        raise ValueError("all readers must have the same targets")
    gaps: list[list[Gap]] = [[np.zeros((0, len(MEASURES)), np.float32)] * len(targets) for _ in others]
    for batch in length_batches([max(len(reader.rows[i].input_ids) for reader in readers) for i in range(len(targets))], batch_tokens):
        states = [_states(reader.head, [reader.rows[i] for i in batch]) for reader in readers]
        ends = np.cumsum([len(targets[i]) for i in batch])
        for mine, found in zip(gaps, _measure([reader.head for reader in readers], states, chunk_bytes), strict=True):
            for index, gap in zip(batch, np.split(found, ends[:-1]), strict=True):
                mine[index] = gap
    return gaps


def _states(head: Head, rows: Sequence[Rendered]) -> Float[Tensor, "N H"]:
    """The hidden states before each target, row after row. Padding stands on the right, where a causal network cannot see it."""
    longest = max(len(row.input_ids) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    wanted = torch.zeros(len(rows), longest, dtype=torch.bool)
    for line, mark, row in zip(ids, wanted, rows, strict=True):
        line[: len(row.input_ids)] = torch.tensor(row.input_ids)
        mark[row.loss_from - 1 : len(row.input_ids) - 1] = True
    device = head.weight.device
    return head.hidden(ids.to(device))[wanted.to(device)]


def _measure(heads: Sequence[Head], states: Sequence[Tensor], chunk_bytes: int) -> list[Float[np.ndarray, "N 4"]]:
    """The gaps of all but the first head to the first, over all rows."""
    vocabulary = min(head.weight.shape[0] for head in heads)
    step = max(1, chunk_bytes // (4 * _ALIVE * vocabulary))
    parts: list[list[Tensor]] = [[] for _ in heads[1:]]
    for start in range(0, len(states[0]), step):
        rows = slice(start, start + step)
        log_p, *others = (log_softmax(head.logits(state[rows])[:, :vocabulary]) for head, state in zip(heads, states, strict=True))
        best = log_p.argmax(-1)
        for part, log_q in zip(parts, others, strict=True):
            part.append(_gap(log_p, log_q.to(log_p.device), best))
    return [torch.cat(part).cpu().numpy() if part else np.zeros((0, len(MEASURES)), np.float32) for part in parts]


def _gap(log_p: Float[Tensor, "n V"], log_q: Float[Tensor, "n V"], best: Int[Tensor, " n"]) -> Float[Tensor, "n 4"]:
    measured = [divergence(log_p, log_q) for divergence in (ForwardKL(), ReverseKL(), JSD())]
    return torch.stack([*measured, (log_q.argmax(-1) == best).float()], dim=1)
