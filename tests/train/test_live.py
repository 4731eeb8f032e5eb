from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from potstill.fit import Example, pack
from potstill.models import open_model
from potstill.train.live import LiveTeacher


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
