"""A teacher that runs beside the student, on the same tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import torch
from transformers import PreTrainedModel

from potstill.errors import CapabilityError
from potstill.fit import Batch
from potstill.models import Teacher
from potstill.models.scoring import body_and_head
from potstill.signal import HiddenStates
from potstill.signal.head import OutputHead
from potstill.types import TeacherCard


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

    def output(self, device: torch.device) -> OutputHead:
        """Its output head, on the device where hidden states are."""
        network: torch.nn.Module = self.head.network
        network.to(device)
        return self.head.output()

    def signal(self, batch: Batch) -> HiddenStates:
        """What the teacher says at the batch's rows."""
        if self._last is None or self._last[0] is not batch:
            self._last = (batch, self._hidden_states(batch))
        return self._last[1]

    @torch.no_grad()
    def _hidden_states(self, batch: Batch) -> HiddenStates:
        network: torch.nn.Module = self.head.network
        network.to(batch.input_ids.device)
        hidden = self.head.hidden(batch.input_ids, position_ids=batch.position_ids)
        rows = hidden.flatten(0, 1).index_select(0, batch.rows)
        return HiddenStates(rows, self.head.output(), self.vocabulary)


def check_weights(teacher: Teacher, cards: Iterable[TeacherCard]) -> None:
    """Hold a teacher against the cards of those that were asked: hidden states mean something to the weights that made them alone.

    The digests of the weights decide; where one side has none, repository and commit.

    Raises:
        CapabilityError: none of the cards has this teacher's weights.
    """
    own = teacher.identity()
    if not any(_same_weights(own, json.loads(card.facts)) for card in cards):
        what = "the stored hidden states are of other weights than this teacher's"
        raise CapabilityError(what, where=teacher.name, fix="generate again, or train with the teacher that generated")


def _same_weights(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    digests = [{key: value for key, value in facts.items() if key.startswith("weights")} for facts in (one, other)]
    if all(digests):
        return digests[0] == digests[1]
    commits = [(facts.get("repository"), facts.get("revision")) for facts in (one, other)]
    return commits[0] == commits[1] and all(commits[0])
