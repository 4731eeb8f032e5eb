"""Drawing tokens from distributions over large vocabularies, by inverting the cumulative distribution."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

_BLOCK = 64
"""Tokens that are summed up first; only the block in which a draw falls is looked at token by token."""


def invert(p: Float[Tensor, "n V"], uniform: Float[Tensor, "n u"]) -> Int[Tensor, "n u"]:
    """The tokens at which the cumulative distributions pass the numbers `uniform`; never one of probability 0.

    Args:
        p: not negative; rows need not sum to one.
        uniform: float64, in [0, 1).
    """
    vocabulary = p.shape[-1]
    whole = vocabulary - vocabulary % _BLOCK
    blocks = torch.cat((p[:, :whole].unflatten(-1, (-1, _BLOCK)).sum(-1), p[:, whole:].sum(-1, keepdim=True)), -1)
    mass = blocks.cumsum(-1, dtype=torch.float64)
    total = mass[:, -1:]
    wanted = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    block = torch.searchsorted(mass, wanted, right=True)
    wanted = wanted - (mass.gather(-1, block) - blocks.gather(-1, block).double())
    ids = block[..., None] * _BLOCK + torch.arange(_BLOCK, device=p.device)
    inside = p.gather(-1, ids.clamp_max(vocabulary - 1).flatten(1)).view(ids.shape).masked_fill(ids >= vocabulary, 0.0)
    place = torch.searchsorted(inside.cumsum(-1, dtype=torch.float64), wanted[..., None], right=True)
    last_possible = _BLOCK - 1 - (inside.flip(-1) > 0).int().argmax(-1, keepdim=True)
    return ids.gather(-1, torch.minimum(place, last_possible))[..., 0]


def likeliest(logits: Float[Tensor, "n V"], k: int) -> tuple[Float[Tensor, "n k"], Int[Tensor, "n k"]]:
    """The k largest logits in order, and their tokens: the k blocks with the largest maxima hold them all."""
    vocabulary = logits.shape[-1]
    whole = vocabulary - vocabulary % _BLOCK
    if whole // _BLOCK <= 4 * k:
        top = logits.topk(k, dim=-1)
        return top.values, top.indices
    maxima = logits[:, :whole].unflatten(-1, (-1, _BLOCK)).amax(-1)
    blocks = maxima.topk(k, dim=-1, sorted=False).indices
    ids = (blocks[..., None] * _BLOCK + torch.arange(_BLOCK, device=logits.device)).flatten(1)
    rest = torch.arange(whole, vocabulary, device=logits.device).expand(len(logits), -1)
    ids = torch.cat((ids, rest), -1)
    top = logits.gather(-1, ids).topk(k, dim=-1)
    return top.values, ids.gather(-1, top.indices)
