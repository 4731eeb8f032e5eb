from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from potstill.fit import Example, fused_loss, pack
from potstill.recipe import LossSection
from potstill.signal.head import OutputHead
from potstill.train.losses.cross_entropy import CrossEntropy


def test_by_hand() -> None:
    """Two targets, three tokens; logits are (0, 0, log 2), so q = (1/4, 1/4, 1/2): -log q is log 4 for token 1 and log 2 for token 2."""
    batch = pack([[Example(np.array([0, 1, 2]), 1)]], 8)
    term = CrossEntropy(LossSection(kind="cross_entropy", weight=3.0)).term(batch, None)
    head = OutputHead(torch.tensor([[0.0], [0.0], [math.log(2)]]))
    loss, values = fused_loss(torch.ones(2, 1), head, [term])
    assert values["cross_entropy"].tolist() == pytest.approx([math.log(4), math.log(2)])
    assert loss.item() == pytest.approx(3.0 * math.log(8))
