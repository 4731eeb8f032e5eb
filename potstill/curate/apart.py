"""How far the distributions of several teachers at the same tokens are from one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from potstill.models.base import Outlook


def jensen_shannon(seen: Sequence[Outlook]) -> Float[np.ndarray, " T"]:
    """The Jensen-Shannon divergence of m teachers at each of T tokens, in nats: H(mean of p_i) - mean of H(p_i), at most log m.

    It is taken over the union of the outcomes that they kept and one more for all the rest (Lin 1991, IEEE Transactions on Information
    Theory 37:145, equation 5.1, with equal weights). An outcome that a teacher did not keep counts to its rest alone: what it may have said
    of it is at most its tail, so that the number is exact where tails are 0 and too large by no more than they allow.

    Args:
        seen: what each expected at the same tokens, each with the outcomes kept.

    Raises:
        ValueError: they are of different lengths.
    """
    if len({len(one) for one in seen}) > 1:
        raise ValueError(f"outlooks of {[len(one) for one in seen]} tokens cannot be compared")
    return np.array([_at([_row(one, step) for one in seen]) for step in range(len(seen[0]))], np.float64)


def _row(seen: Outlook, step: int) -> dict[int, float]:
    """Outcome -> probability; -1 stands for all the rest. Rounding is taken out."""
    kept = seen.support_ids[step] >= 0
    ids, p = seen.support_ids[step][kept].tolist(), np.exp(seen.support_log_p[step][kept].astype(np.float64))
    masses = dict(zip(ids, p.tolist(), strict=True))
    masses[-1] = max(float(seen.tail_mass[step]), 0.0)
    total = sum(masses.values())
    return {id_: mass / total for id_, mass in masses.items()}


def _at(rows: Sequence[dict[int, float]]) -> float:
    mean: dict[int, float] = {}
    for row in rows:
        for id_, mass in row.items():
            mean[id_] = mean.get(id_, 0.0) + mass / len(rows)
    return max(_entropy(mean) - sum(map(_entropy, rows)) / len(rows), 0.0)


def _entropy(masses: dict[int, float]) -> float:
    p = np.array([mass for mass in masses.values() if mass > 0])
    return float(-(p * np.log(p)).sum())
