"""Which parameters an optimiser steps, and with what weight decay."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from transformers import PreTrainedModel

from potstill.fit.muon import Muon


def optimizers(
    network: PreTrainedModel, name: str, *, lr: float, betas: tuple[float, float], weight_decay: float
) -> list[torch.optim.Optimizer]:
    """The optimisers of one network. Matrices have weight decay; embeddings, norms and biases have none.

    Args:
        network: only parameters that require a gradient are stepped.
        name: `adamw`, or `muon` for the matrices [rows, columns] between embeddings and output head, with AdamW for all else. Muon needs
            whole matrices: not under FSDP.
        lr: learning rate of all.
        betas: AdamW's.
        weight_decay: of matrices.

    Raises:
        ValueError: no such optimiser.
    """
    matrices, others = _split(network)
    adamw = partial(torch.optim.AdamW, lr=lr, betas=betas, fused=True)
    plain = {"params": others, "weight_decay": 0.0}
    match name:
        case "adamw":
            return [adamw([{"params": matrices, "weight_decay": weight_decay}, plain])]
        case "muon":
            head = getattr(network.get_output_embeddings(), "weight", None)
            inner = [p for p in matrices if p.ndim == 2 and p is not head]
            odd = {"params": [p for p in matrices if p.ndim != 2 or p is head], "weight_decay": weight_decay}
            return [Muon(inner, lr=lr, weight_decay=weight_decay), adamw([odd, plain])]
    raise ValueError(f"no optimiser {name!r}; there are adamw and muon")


def _split(network: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Matrices; embeddings, norms and biases."""
    embeddings = {id(p) for module in network.modules() if isinstance(module, nn.Embedding) for p in module.parameters()}
    trained = [p for p in network.parameters() if p.requires_grad]
    matrices = [p for p in trained if p.ndim >= 2 and id(p) not in embeddings]
    chosen = {id(p) for p in matrices}
    return matrices, [p for p in trained if id(p) not in chosen]
