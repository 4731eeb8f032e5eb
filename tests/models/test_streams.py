from __future__ import annotations

import numpy as np

from potstill.models.streams import row_key, uniforms

MASK = (1 << 64) - 1


def splitmix64(state):
    """The generator as its authors publish it, one number."""
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_uniforms_are_splitmix64():
    keys = [0, 1, 2**63 + 12345, MASK]
    for step in (0, 1, 77):
        expected = [(splitmix64((key + (step + 1) * 0x9E3779B97F4A7C15) & MASK) >> 11) * 2.0**-53 for key in keys]
        assert uniforms(np.array(keys, dtype=np.uint64), step).tolist() == expected
    assert splitmix64(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF  # the first output for seed 0, as published


def test_row_keys_differ_by_seed_prompt_and_draw():
    keys = {row_key(seed, key, sample) for seed in (0, 1) for key in ("a", "b") for sample in (0, 1)}
    assert len(keys) == 8


def test_rows_and_steps_are_broadcast():
    keys, steps = np.array([[3], [9]], dtype=np.uint64), np.arange(4)
    assert uniforms(keys, steps).tolist() == [[uniforms(np.array([key], np.uint64), step)[0] for step in range(4)] for key in (3, 9)]
