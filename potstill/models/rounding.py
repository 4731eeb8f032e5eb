"""Log-probabilities with as few bits as their use needs, so that they take little room on disk.

A value loses the bits at the end of its mantissa, as many as its own error allows. It stays a float32 that every reader of Parquet knows;
what is saved is saved by the compressor, which finds zeros where the bits were. The allowed error of a log-probability l = log p is that
of p, for p is what a divergence weighs it by:

    |log p' - log p| <= min(log(1 + e / p), nats)        which gives        |p' - p| <= e
"""

from __future__ import annotations

import numpy as np

P_ERROR = 2e-4
"""Largest absolute error of a probability that is kept."""
NATS_ERROR = 2.0**-5
"""Largest error of its logarithm, which binds where p is below 0.0063: 3% of it, what bfloat16 keeps of log-probabilities below -8."""
REALISED_ERROR = 1e-4
"""Largest error in nats of the realised tokens' log-probabilities, by which texts are compared."""
_MANTISSA = 23
_AT_ONCE = 1 << 15
"""Values rounded together: they stay in the processor's cache."""
_ROUNDING = 0.98
"""Share of the allowed error that is used; the rest is for float32's own rounding."""


def round_log_p(log_p: np.ndarray, p_error: float = P_ERROR, nats: float = NATS_ERROR) -> np.ndarray:
    """Log-probabilities of outcomes, float32 of any shape, rounded. -inf and 0 stay what they are.

    Args:
        log_p: in nats.
        p_error: largest absolute error of the probability.
        nats: largest error of the logarithm.
    """
    with np.errstate(over="ignore"):
        allowed = np.minimum(np.log1p(p_error * np.exp(-log_p)), nats)
    return _fewest_bits(log_p, allowed)


def round_values(values: np.ndarray, error: float) -> np.ndarray:
    """Float32 values of any shape, each rounded by at most `error`."""
    return _fewest_bits(values, np.full(values.shape, error, np.float32))


def round_mass(mass: np.ndarray, p_error: float = P_ERROR, nats: float = NATS_ERROR) -> np.ndarray:
    """Probabilities, float32 of any shape, rounded by at most `p_error`, and `nats` of themselves: a small tail stays one."""
    return _fewest_bits(mass, np.minimum(mass * np.float32(nats), np.float32(p_error)))


def _fewest_bits(values: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Each value with as few bits of its mantissa as leave it within `allowed` of what it was."""
    exact = np.ascontiguousarray(values, np.float32)
    rounded, limit = exact.copy(), (allowed * _ROUNDING).astype(np.float32)
    flat, limits, out = exact.reshape(-1), limit.reshape(-1), rounded.reshape(-1)
    for start in range(0, flat.size, _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        _round(flat[block], limits[block], out[block])
    return rounded


def _round(exact: np.ndarray, limit: np.ndarray, rounded: np.ndarray) -> None:
    """Write into `rounded` each value with as few bits as leave it within `limit`."""
    with np.errstate(invalid="ignore"):
        for dropped in range(1, _MANTISSA + 1):
            coarser = _without(exact, dropped)
            np.copyto(rounded, coarser, where=np.abs(coarser - exact) <= limit)


def _without(values: np.ndarray, dropped: int) -> np.ndarray:
    """The nearest floats whose last `dropped` bits are zero."""
    bits: np.ndarray = (values.view(np.int32) + np.int32(1 << (dropped - 1))) >> np.int32(dropped) << np.int32(dropped)
    return bits.view(np.float32)
