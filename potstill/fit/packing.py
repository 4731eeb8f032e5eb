"""Whether a network keeps the sequences of one row apart."""

from __future__ import annotations

import numpy as np
import torch

from potstill.fit.batches import Example, pack
from potstill.models.scoring import Head

_APART = frozenset({"full_attention", "sliding_attention"})
"""Kinds of layers that see no token of another sequence. Recurrent and convolutional layers do; chunks of attention are counted by row."""
_LENGTH = 12
"""Tokens of each of the two sequences that are tried."""


def keeps_apart(head: Head) -> bool:
    """Whether a sequence behind another in its row has the hidden states that it has alone.

    The config's kinds of layers are asked first, for fresh weights hardly show what the second sequence sees of the first. Then two
    sequences are tried.
    """
    config = head.network.config.get_text_config(decoder=True)
    if not set(getattr(config, "layer_types", None) or ()) <= _APART:
        return False
    pair = [Example(ids, 1) for ids in np.random.default_rng(0).integers(0, config.vocab_size, (2, _LENGTH))]
    was_training = head.network.training
    head.network.eval()
    try:
        behind, alone = _states(head, pair)[_LENGTH:], _states(head, pair[1:])
    finally:
        head.network.train(was_training)
    tolerance = 1e-5 if behind.dtype == torch.float32 else 2e-2
    return float((behind - alone).abs().max()) <= tolerance * float(alone.abs().max())


@torch.no_grad()
def _states(head: Head, row: list[Example]) -> torch.Tensor:
    """The hidden states of one row."""
    batch = pack([row], len(row) * _LENGTH).to(head.weight.device)
    return head.hidden(batch.input_ids, position_ids=batch.position_ids)[0]
