"""A part of one's own: a divergence that a recipe can name. An installed package would announce its module under the entry-point group
`potstill.parts` instead of importing it.

    python examples/part.py
"""

from __future__ import annotations

import torch
from torch import Tensor

from potstill.registry import find, names, part


@part("divergence", "total_variation")
class TotalVariation:
    """Half the sum of |p - q|: the largest difference in the probability of any event."""

    def __call__(self, log_p: Tensor, log_q: Tensor, target: Tensor | None = None) -> Tensor:
        """The distance of each token, between 0 and 1."""
        return 0.5 * (log_p.exp() - log_q.exp()).abs().sum(-1)

    def gradient(self, log_p: Tensor, log_q: Tensor, target: Tensor | None = None) -> Tensor:
        """q sign(q - p) / 2."""
        q = log_q.exp()
        return 0.5 * q * (q - log_p.exp()).sign()


if __name__ == "__main__":
    print("divergences:", ", ".join(names("divergence")))
    distance = find("divergence", "total_variation").factory()
    print("between (0.9, 0.1) and (0.5, 0.5):", distance(torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.5, 0.5]]).log()).item())
