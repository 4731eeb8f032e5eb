from __future__ import annotations

import numpy as np
import pytest

from potstill.models.rounding import NATS_ERROR, P_ERROR, REALISED_ERROR, round_log_p, round_values


def _log_p(seed: int, scale: float) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, scale, (500, 30))
    return (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)


def test_by_hand():
    # e^-1 may be off by 2e-4, so its logarithm by 5.4e-4: 1 + 1/4096 becomes 1. Small probabilities: a logarithm may be off by 1/32
    rounded = round_log_p(np.array([-1.0, -1.0 - 2**-12, -8.1, -20.3], np.float32))
    assert rounded.tolist() == [-1.0, -1.0, -8.125, -20.3125]


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0, 10.0])
def test_errors_stay_within_what_is_allowed(scale):
    log_p = _log_p(0, scale)
    rounded = round_log_p(log_p)
    exact = log_p.astype(np.float64)
    assert np.abs(np.exp(rounded.astype(np.float64)) - np.exp(exact)).max() <= P_ERROR
    assert np.abs(rounded - exact).max() <= NATS_ERROR
    assert rounded.dtype == np.float32


def test_few_bits_are_left():
    rounded = round_log_p(_log_p(1, 3.0))
    assert not (rounded.view(np.int32) & 0xFF).any()
    assert len(np.unique(rounded)) < rounded.size / 3


def test_what_has_no_finite_logarithm_stays():
    assert round_log_p(np.array([-np.inf, 0.0], np.float32)).tolist() == [-np.inf, 0.0]
    assert round_log_p(np.zeros((0, 4), np.float32)).shape == (0, 4)


def test_values_are_off_by_their_error_at_most():
    values = np.random.default_rng(2).exponential(3, 1000).astype(np.float32)
    rounded = round_values(-values, REALISED_ERROR)
    assert 0 < np.abs(rounded + values.astype(np.float64)).max() <= REALISED_ERROR
