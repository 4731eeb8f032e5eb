from __future__ import annotations

import torch

from potstill.signal.distribution import Distribution


def test_weights_and_norm_are_those_of_softmax() -> None:
    logits = 8 * torch.randn(5, 40_000, generator=torch.Generator().manual_seed(0)) + 50
    logits[0, 7] = -torch.inf
    given = logits.clone()
    seen = Distribution.of(logits)
    exact = logits.double()
    torch.testing.assert_close((seen.weights / seen.total).double(), exact.softmax(-1), atol=1e-9, rtol=2e-5)
    torch.testing.assert_close(seen.norm.double(), exact.logsumexp(-1, keepdim=True), atol=1e-5, rtol=1e-6)
    assert seen.weights[0, 7] == 0
    assert torch.equal(logits, given)
