"""Temporally adaptive interpolated distillation (TAID, arXiv 2501.16937)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from potstill.recipe import Ramp
from potstill.registry import part
from potstill.signal.outcomes import log_softmax


@part("divergence", "taid")
class TAID:
    """KL(p_t || q) to a target between the student as it is and the teacher: p_t is proportional to q^(1-t) p^t, and t moves to 1.

    The student in the target is taken as given: no gradient passes it. With t = 1 it is forward KL.

    Args:
        t: how far the target is from the student, from 0 to 1.
    """

    ramps: ClassVar[Mapping[str, Ramp]] = {"t": Ramp(start=0.4, end=1.0, shape="adaptive")}
    """How it goes over training where the recipe does not say."""

    def __init__(self, t: float = 0.4) -> None:
        if not 0.0 <= t <= 1.0:
            raise ValueError(f"t must lie between 0 and 1, not {t}")
        self.t = t

    def __call__(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, " N"]:
        """The divergence of each token in nats."""
        log_t = self._target(log_p, log_q.detach())
        return (log_t.exp() * (log_t - log_q)).sum(-1)

    def gradient(
        self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"], target: Int[Tensor, " N"] | None = None
    ) -> Float[Tensor, "N K"]:
        """-p_t."""
        return self._target(log_p, log_q).exp_().neg_()

    def _target(self, log_p: Float[Tensor, "N K"], log_q: Float[Tensor, "N K"]) -> Float[Tensor, "N K"]:
        """log p_t."""
        return log_softmax(torch.lerp(log_q, log_p, self.t))
