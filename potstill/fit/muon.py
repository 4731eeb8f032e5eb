"""Muon: momentum whose singular values are all brought near one, for a network's matrices.

Keller Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024); the scale that lets it share AdamW's learning rate is from
"Muon is Scalable for LLM Training" (arXiv 2502.16982). `torch.optim.Muon` does the same one matrix at a time and in bfloat16 only, which
is slow on a processor without bfloat16 (docs/lab_notes.md); here matrices of one shape go through together, in the precision of the
weights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic that lifts small singular values fastest; it leaves them between 0.7 and 1.2."""


def orthogonalized(matrices: Tensor, steps: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly: singular vectors kept, singular values near one (Newton-Schulz).

    Args:
        matrices: [n, rows, columns].
        steps: of the iteration.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.size(-2) > matrices.size(-1)
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay, for matrices [rows, columns].

    Args:
        params: the matrices, or groups of them.
        lr: AdamW's would do: an update is scaled to 0.2 root mean square an entry, which is AdamW's.
        momentum: decay rate of the first moment.
        weight_decay: decoupled.

    Raises:
        ValueError: a parameter is not a matrix.
    """

    def __init__(
        self, params: Iterable[nn.Parameter] | Iterable[dict[str, Any]], lr: float = 1e-3, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        odd = [tuple(p.shape) for group in self.param_groups for p in group["params"] if p.ndim != 2]
        if odd:
            raise ValueError(f"Muon is for matrices, got a parameter of shape {odd[0]}")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]  # torch's is overloaded
        """One update of every parameter that has a gradient.

        Args:
            closure: as torch's optimisers take one: it computes the loss and its gradients anew, and the loss is returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            alike: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for parameters in alike.values():
                self._update(parameters, **{key: group[key] for key in ("lr", "momentum", "weight_decay")})
        return loss

    def _update(self, parameters: list[nn.Parameter], lr: float, momentum: float, weight_decay: float) -> None:
        """One step of matrices of one shape."""
        ahead = [self._ahead(parameter, parameter.grad, momentum) for parameter in parameters if parameter.grad is not None]
        scale = 0.2 * max(parameters[0].shape) ** 0.5
        for parameter, update in zip(parameters, orthogonalized(torch.stack(ahead)), strict=True):
            parameter.mul_(1 - lr * weight_decay).sub_(update, alpha=lr * scale)

    def _ahead(self, parameter: nn.Parameter, gradient: Tensor, momentum: float) -> Tensor:
        """The first moment with this step's gradient, looked at one step ahead (Nesterov)."""
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        moment: Tensor = state["momentum"]
        moment.lerp_(gradient, 1 - momentum)
        return gradient.lerp(moment, momentum)
