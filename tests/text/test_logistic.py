"""Logistic regression: its lowest point by hand, folds, weights of texts, temperature."""

from __future__ import annotations

import math

import numpy as np
import pytest

from potstill.text.hashing import Rows
from potstill.text.logistic import Learner, counting, figures, fitted_temperature, folds_of, held_out, log_softmax, products

ROWS = Rows(np.array([0, 1, 2, 3, 4]), np.array([0, 0, 1, 1], np.int32), np.ones(4, np.float32))
EVEN = np.full(4, 0.25)


def test_the_gradient_is_zero_where_it_ends() -> None:
    """Column 0 is of label 0 and column 1 of label 1. By symmetry the weights are w, -w; -w, w with l2 w = sigmoid(-2 w) / 2."""
    target = np.array([0, 0, 1, 1])
    weights, bias = Learner(bits=1, classes=2, l2=0.1).fit(ROWS, target, EVEN)
    w = float(weights[0, 0])
    assert weights.tolist() == [[pytest.approx(w), pytest.approx(-w)], [pytest.approx(-w), pytest.approx(w)]]
    assert 0.1 * w == pytest.approx(0.5 / (1 + math.exp(2 * w)), abs=1e-4)
    assert bias == pytest.approx([0, 0], abs=1e-5)


def test_without_features_the_bias_gives_the_shares() -> None:
    empty = Rows(np.zeros(5, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    _, bias = Learner(bits=1, classes=2, l2=0.1).fit(empty, np.array([0, 0, 0, 1]), EVEN)
    assert np.exp(log_softmax(bias[None].astype(np.float64)))[0] == pytest.approx([0.75, 0.25], abs=1e-4)


def test_products_by_hand() -> None:
    rows = Rows(np.array([0, 2, 2]), np.array([0, 1], np.int32), np.array([0.5, 2.0], np.float32))
    table = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    assert products(rows, table).tolist() == [[6.5, 9.0], [0.0, 0.0]]


def test_balanced_labels_count_alike() -> None:
    target = np.array([0, 0, 0, 1])
    assert counting(target, True, None).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert counting(target, False, None).tolist() == [0.25] * 4
    assert counting(target, False, [1, 1, 2, 4]).tolist() == [0.125, 0.125, 0.25, 0.5]


def test_folds_take_turns_within_labels_and_keep_groups_together() -> None:
    assert folds_of(np.array([0, 1, 0, 1, 0]), 2, None).tolist() == [0, 0, 1, 1, 0]
    assert folds_of(np.array([0, 1, 0, 1]), 2, ["a", "b", "a", "c"]).tolist() == [0, 1, 0, 0]


def test_held_out_texts_are_judged_by_the_others() -> None:
    """With the only two texts of label 1 held out, nothing speaks for it."""
    target = np.array([0, 0, 1, 1])
    logits = held_out(ROWS, target, EVEN, Learner(1, 2, 1e-3), np.array([0, 0, 1, 1]))
    assert (logits[2:, 0] > logits[2:, 1]).all()


def test_temperature_suits_the_share_that_is_right() -> None:
    """Logits say 2 nats, three of four are right: the best temperature makes of it log 3."""
    logits = np.array([[2.0, 0.0]] * 4)
    target = np.array([0, 0, 0, 1])
    found = fitted_temperature(logits, target, EVEN)
    assert found == pytest.approx(2 / math.log(3), rel=1e-4)
    told = figures(logits / found, target)
    assert told == {"accuracy": 0.75, "cross_entropy": pytest.approx(-(3 * math.log(0.75) + math.log(0.25)) / 4), "n": 4}
