"""A teacher that runs beside the student, on the same tokens."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from potstill.fit import Batch
from potstill.models.scoring import body_and_head
from potstill.signal import HiddenStates


class LiveTeacher:
    """The teacher's whole distribution at the rows of a batch: hidden states once a batch, logits a few rows at a time.

    Args:
        network: the teacher; it is not trained.
        vocabulary: the student's.
    """

    def __init__(self, network: PreTrainedModel, vocabulary: int) -> None:
        self.head = body_and_head(network.eval().requires_grad_(False))
        self.vocabulary = vocabulary
        self._last: tuple[Batch, HiddenStates] | None = None

    def signal(self, batch: Batch) -> HiddenStates:
        """What the teacher says at the batch's rows."""
        if self._last is None or self._last[0] is not batch:
            self._last = (batch, self._hidden_states(batch))
        return self._last[1]

    @torch.no_grad()
    def _hidden_states(self, batch: Batch) -> HiddenStates:
        network: torch.nn.Module = self.head.network
        network.to(batch.input_ids.device)
        hidden = self.head.hidden(batch.input_ids, attention_mask=batch.attention_mask, position_ids=batch.position_ids)
        rows = hidden.flatten(0, 1).index_select(0, batch.rows)
        return HiddenStates(rows, self.head.output(), self.vocabulary)
