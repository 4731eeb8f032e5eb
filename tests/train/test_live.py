from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from potstill.errors import CapabilityError
from potstill.fit import Example, pack
from potstill.models import open_model
from potstill.models.fake import FakeTeacher
from potstill.train.live import LiveTeacher, check_weights
from potstill.types import TeacherCard


def test_the_distribution_is_the_teachers_own_at_the_batchs_rows(teacher_folder: Path) -> None:
    network = open_model(f"hf:{teacher_folder}").network
    live = LiveTeacher(network, vocabulary=640)
    ids = np.arange(5, 15)
    batch = pack([[Example(ids, 4)]], 16)
    log_p = next(live.signal(batch).chunks(6)).teacher(temperature=1.0)
    whole = network(torch.from_numpy(ids)[None]).logits.log_softmax(-1)[0, 3:-1]
    assert torch.allclose(log_p, whole, atol=1e-5)


def test_hidden_states_are_computed_once_a_batch_and_nothing_is_trained(teacher_folder: Path) -> None:
    network = open_model(f"hf:{teacher_folder}").network
    live = LiveTeacher(network, vocabulary=640)
    batch, other = (pack([[Example(np.arange(start, start + 8), 1)]], 16) for start in (5, 6))
    assert live.signal(batch) is live.signal(batch)
    assert live.signal(other) is not live.signal(batch)
    assert not any(p.requires_grad for p in network.parameters())


HUB = {"repository": "org/model", "revision": "0123abc"}


class Told(FakeTeacher):
    """Says who it is."""

    def __init__(self, facts: dict[str, str]) -> None:
        super().__init__("yes")
        self.facts = facts

    def identity(self) -> dict[str, str]:
        return self.facts


@pytest.mark.parametrize(
    ("own", "stored", "same"),
    [
        ({"weights": "a"}, {"weights": "a"}, True),
        ({"weights": "a"}, {"weights": "b"}, False),
        (HUB, HUB, True),
        (HUB, {**HUB, "revision": "other"}, False),
        (HUB, {**HUB, "weights model.safetensors": "a"}, True),
        ({**HUB, "weights model.safetensors": "a"}, {"weights model.safetensors": "a"}, True),
        ({**HUB, "weights model.safetensors": "a"}, {**HUB, "weights model.safetensors": "b"}, False),
        ({}, {}, False),
        (HUB, {"weights": "a"}, False),
    ],
)
def test_hidden_states_are_held_against_the_weights_or_the_commit(own: dict[str, str], stored: dict[str, str], same: bool) -> None:
    cards = [TeacherCard("other"), TeacherCard("t", facts=json.dumps(stored))]
    if same:
        check_weights(Told(own), cards)
    else:
        with pytest.raises(CapabilityError, match="of other weights"):
            check_weights(Told(own), cards)
