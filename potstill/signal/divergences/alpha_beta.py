"""Alpha-beta divergence (ABKD, arXiv 2505.04560)."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.base import check_pair


@part("divergence", "alpha_beta")
class AlphaBeta:
    """-1/(alpha beta) sum [p^alpha q^beta - alpha/(alpha+beta) p^(alpha+beta) - beta/(alpha+beta) q^(alpha+beta)].

    (1, 0) is forward KL and (0, 1) reverse KL; alpha weighs what the teacher finds likely, beta what the student does. Every power is taken
    of a probability's logarithm, so that one that vanishes does no harm.

    Args:
        alpha, beta: neither negative, and not both 0. The defaults are ours: between the two KL divergences, nearer to reverse.
    """

    def __init__(self, alpha: float = 0.2, beta: float = 0.7) -> None:
        check_pair(alpha, beta)
        self.alpha, self.beta = alpha, beta

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        if self.beta == 0.0:
            return _limit(log_p, log_q, self.alpha).sum(-1)
        if self.alpha == 0.0:
            return _limit(log_q, log_p, self.beta).sum(-1)
        likelier = torch.where(log_q > log_p, self._from(log_q, log_p, self.alpha), self._from(log_p, log_q, self.beta))
        return likelier.sum(-1).mul(-1.0 / (self.alpha * self.beta))

    def _from(self, high: Float[Tensor, "N K"], low: Float[Tensor, "N K"], power: float) -> Float[Tensor, "N K"]:
        """The bracket of each outcome, in differences from its likelier side, so that nothing cancels or overflows.

        With s = alpha + beta and d = log low - log high: high^s [e^(power d) - 1 - power/s (e^(s d) - 1)].
        """
        both = self.alpha + self.beta
        d = (low - high).clamp_max(0.0)
        return (both * high).exp() * (torch.expm1(power * d) - power / both * torch.expm1(both * d))

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """q^beta (q^alpha - p^alpha) / alpha; q^beta (log q - log p) where alpha is 0."""
        if self.alpha == 0.0:
            return (log_q - log_p).mul_((self.beta * log_q).exp_())
        return ((self.alpha * log_q).exp_() - (self.alpha * log_p).exp_()).mul_((self.beta * log_q).exp_()).div_(self.alpha)


def _limit(log_a: Float[Tensor, "N K"], log_b: Float[Tensor, "N K"], power: float) -> Float[Tensor, "N K"]:
    """The bracket where one exponent is 0: [a^c log(a^c / b^c) - a^c + b^c] / c^2 with c the other."""
    a = (power * log_a).exp()
    return (a * (power * (log_a - log_b) - 1.0) + (power * log_b).exp()) / power**2
