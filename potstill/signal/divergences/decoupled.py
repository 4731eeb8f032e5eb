"""Decoupled knowledge distillation (DKD, arXiv 2203.08679)."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor

from potstill.registry import part
from potstill.signal.divergences.base import check_pair
from potstill.signal.outcomes import LOG_FLOOR


@part("divergence", "decoupled")
class Decoupled:
    """alpha KL(b_p || b_q) + beta KL(p' || q'): whether it is the realised token, and what else it might have been, each with a weight.

    b is the realised outcome against all others, and p' the others renormalised. Forward KL is the case alpha = 1, beta = 1 - p(realised):
    the surer the teacher, the less it says of the others; here they count alike everywhere.

    Args:
        alpha: weight of the realised outcome.
        beta: weight of the others. Both defaults are ours.
    """

    def __init__(self, alpha: float = 1.0, beta: float = 1.0) -> None:
        check_pair(alpha, beta)
        self.alpha, self.beta = alpha, beta

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        place = _place(target)
        realised_p, others_p, rest_p = _split(log_p, place)
        realised_q, others_q, rest_q = _split(log_q, place)
        binary = realised_p.exp() * (realised_p - realised_q) + others_p.exp() * (others_p - others_q)
        return self.alpha * binary.squeeze(-1) + self.beta * (rest_p.exp() * (rest_p - rest_q)).sum(-1)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """-alpha p at the realised outcome; at the others q' (beta - alpha (1 - p(realised))) - beta p'."""
        place = _place(target)
        realised_p, others_p, rest_p = _split(log_p, place)
        _, _, rest_q = _split(log_q, place)
        grad = rest_q.exp_().mul_(self.beta - self.alpha * others_p.exp_()).sub_(rest_p.exp_().mul_(self.beta))
        return grad.scatter_(-1, place, -self.alpha * realised_p.exp())


def _place(target: Int[Tensor, " N"] | None) -> Int[Tensor, "N 1"]:
    """Where the realised outcome stands."""
    if target is None:
        raise ValueError("decoupled needs the realised outcome of each token")
    return target[:, None]


def _split(
    log_p: Float[Tensor, "N K"], place: Int[Tensor, "N 1"]
) -> tuple[Float[Tensor, "N 1"], Float[Tensor, "N 1"], Float[Tensor, "N K"]]:
    """log of the realised outcome's probability, of all others' together, and of each one's share in these (none at its own)."""
    without = log_p.scatter(-1, place, LOG_FLOOR)
    others = without.logsumexp(-1, keepdim=True)
    return log_p.gather(-1, place), others, (without - others).scatter(-1, place, LOG_FLOOR)
