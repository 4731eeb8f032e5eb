"""The last layer of a language model, as tensors: what scoring, generation and the fused loss share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class OutputHead:
    """The last layer of a causal language model: logits = softcap(scale * (hidden @ weight.T + bias)).

    Attributes:
        softcap: bound of the logits, `softcap * tanh(z / softcap)`; None for no bound.
    """

    weight: Float[Tensor, "V H"]
    bias: Float[Tensor, " V"] | None = None
    scale: float = 1.0
    softcap: float | None = None

    def logits(self, hidden: Float[Tensor, "*rows H"], out: Float[Tensor, "most V"] | None = None) -> Float[Tensor, "*rows V"]:
        """float32 logits of a few rows.

        Args:
            hidden: the last hidden states.
            out: memory from `memory`, which float32 rows are written into (without a gradient); others are not.
        """
        weight = self.weight.to(hidden.dtype)
        if out is None or hidden.dtype != torch.float32:
            z = torch.nn.functional.linear(hidden, weight, self.bias).float()
        else:
            z = torch.mm(hidden, weight.t(), out=out[: len(hidden)])
            z = z if self.bias is None else z.add_(self.bias)
        if self.scale != 1.0:
            z = z.mul_(self.scale)
        return z if self.softcap is None else z.div_(self.softcap).tanh_().mul_(self.softcap)

    def memory(self, rows: int) -> Float[Tensor, "rows V"]:
        """Room for the logits of so many rows, to be used again and again."""
        return torch.empty(rows, self.weight.shape[0], device=self.weight.device)

    def chain(self, grad: Float[Tensor, "n V"], logits: Float[Tensor, "n V"]) -> Float[Tensor, "n V"]:
        """The derivative before scale and soft-capping, in place. `logits` are the capped ones; they are used up."""
        if self.softcap is not None:
            grad.mul_(logits.div_(self.softcap).square_().neg_().add_(1.0))
        return grad.mul_(self.scale) if self.scale != 1.0 else grad
