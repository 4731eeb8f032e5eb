"""The last layer of a language model, as tensors: what scoring, generation and the fused loss share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

_PART = 2**20
"""Elements of a half-precision weight that are widened at a time."""


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
        """float32 logits of a few rows, summed up in float32 from half precision too, unless a gradient is to flow through them.

        Args:
            hidden: the last hidden states.
            out: memory from `memory`, which float32 rows are written into (without a gradient); others are not.
        """
        weight = self.weight.to(hidden.dtype)
        if hidden.dtype != torch.float32 and not (torch.is_grad_enabled() and (hidden.requires_grad or weight.requires_grad)):
            z = _widened(hidden, weight)
            z = z if self.bias is None else z.add_(self.bias)
        elif out is None or hidden.dtype != torch.float32:
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


def _widened(hidden: Float[Tensor, "*rows H"], weight: Float[Tensor, "V H"]) -> Float[Tensor, "*rows V"]:
    """hidden @ weight.T of half precision, in float32: in half precision many of the likeliest logits would round to the same number."""
    rows = hidden.reshape(-1, hidden.shape[-1])
    if rows.is_cuda:
        z = torch.mm(rows, weight.t(), out_dtype=torch.float32)
    else:
        wide, parts = rows.float(), weight.split(max(1, _PART // weight.shape[1]))
        z = torch.cat([wide @ part.float().t() for part in parts], dim=1)
    return z.view(*hidden.shape[:-1], len(weight))
