"""Random numbers that belong to a row and a step, whatever is computed beside it (SplitMix64, Steele, Lea and Flood 2014)."""

from __future__ import annotations

import hashlib

import numpy as np

_GAMMA, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def row_key(seed: int, key: str, sample: int) -> int:
    """The 64-bit start of a row's stream of random numbers."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}/{sample}".encode()).digest()[:8], "little")


def uniforms(keys: np.ndarray, step: int | np.ndarray) -> np.ndarray:
    """Numbers in [0, 1): outputs `step` of SplitMix64 generators started at `keys` (uint64); the two are broadcast."""
    with np.errstate(over="ignore"):
        z = keys + (np.asarray(step, dtype=np.uint64) + np.uint64(1)) * _GAMMA
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        z = z ^ (z >> np.uint64(31))
    numbers: np.ndarray = (z >> np.uint64(11)) * 2.0**-53
    return numbers
