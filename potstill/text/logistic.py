"""Logistic regression over sparse rows, with the logits of texts held out, and the temperature that suits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from potstill.text.hashing import Rows
from potstill.text.minimise import minimise

Target = Int64[np.ndarray, " N"]
"""The number of each text's label."""
Counts = Float64[np.ndarray, " N"]
"""How much each text counts; the sum is 1."""


@dataclass(frozen=True, slots=True)
class Learner:
    """Logistic regression over rows of 2^bits columns, with `classes` labels.

    The counted mean of the cross-entropy plus l2/2 times the squared weights is minimised.
    """

    bits: int
    classes: int
    l2: float

    def fit(self, rows: Rows, target: Target, counts: Counts) -> tuple[Float32[np.ndarray, "D C"], Float32[np.ndarray, " C"]]:
        """Weights and biases; weights as they are after they were saved."""
        columns, places = np.unique(rows.columns, return_inverse=True)
        of_row = rows.row_of_each()
        order = np.argsort(places, kind="stable")
        column_starts = np.searchsorted(places[order], np.arange(len(columns)))
        inner = Rows(rows.starts, places.astype(np.int32), rows.values)
        across = Rows(np.append(column_starts, len(order)), of_row[order].astype(np.int32), rows.values[order])
        sizes = len(columns), self.classes
        wanted = np.eye(self.classes)[target]

        def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
            weights, bias = point[: -self.classes].reshape(sizes), point[-self.classes :]
            log_p = log_softmax(products(inner, weights.astype(np.float32)) + bias)
            value = -float((counts * (wanted * log_p).sum(axis=1)).sum()) + self.l2 / 2 * float((weights * weights).sum())
            wrong = counts[:, None] * (np.exp(log_p) - wanted)
            slope = products(across, wrong.astype(np.float32))
            return value, np.concatenate([(slope + self.l2 * weights).ravel(), wrong.sum(axis=0)])

        point = minimise(loss, np.zeros(len(columns) * self.classes + self.classes), tolerance=1e-6)
        weights = np.zeros((1 << self.bits, self.classes), np.float32)
        weights[columns] = point[: -self.classes].reshape(sizes).astype(np.float16)
        return weights, point[-self.classes :].astype(np.float32)


def products(rows: Rows, table: Float32[np.ndarray, "D C"]) -> Float64[np.ndarray, "N C"]:
    """Each row times the table, summed in an order that does not depend on the rows beside it."""
    if not len(rows.columns):
        return np.zeros((len(rows), table.shape[1]))
    sums = np.zeros((len(rows), table.shape[1]))
    filled = np.flatnonzero(np.diff(rows.starts))
    for label in range(table.shape[1]):
        weights = np.ascontiguousarray(table[:, label])
        sums[filled, label] = np.add.reduceat(weights[rows.columns] * rows.values, rows.starts[filled])
    return sums


def log_softmax(logits: Float64[np.ndarray, "N C"]) -> Float64[np.ndarray, "N C"]:
    """Log-probabilities, row by row."""
    shifted = logits - logits.max(axis=1, keepdims=True, initial=-np.inf)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def counting(target: Target, balanced: bool, weights: Sequence[float] | None) -> Counts:
    """How much each text counts; the sum is 1."""
    counts = np.ones(len(target)) if weights is None else np.array(weights, np.float64)
    if balanced:
        counts = counts / np.bincount(target, counts)[target]
    return np.asarray(counts / counts.sum())


def folds_of(target: Target, folds: int, groups: Sequence[str] | None) -> Int64[np.ndarray, " N"]:
    """The fold of each text: in turn within its label, or in turn by group, as groups first come."""
    if groups is not None:
        seen: dict[str, int] = {}
        return np.array([seen.setdefault(group, len(seen)) % folds for group in groups])
    found = np.zeros(len(target), np.int64)
    for label in np.unique(target):
        mine = np.flatnonzero(target == label)
        found[mine] = np.arange(len(mine)) % folds
    return found


def held_out(rows: Rows, target: Target, counts: Counts, learner: Learner, folds: Int64[np.ndarray, " N"]) -> Float64[np.ndarray, "N C"]:
    """The logits of each text by weights fitted without its fold."""
    logits = np.zeros((len(rows), learner.classes))
    for fold in np.unique(folds):
        out, kept = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(kept):
            weights, bias = learner.fit(rows.take(kept), target[kept], counts[kept] / counts[kept].sum())
            logits[out] = products(rows.take(out), weights) + bias
    return logits


def fitted_temperature(logits: Float64[np.ndarray, "N C"], target: Target, counts: Counts) -> float:
    """The temperature of the least mean cross-entropy, by golden section over its logarithm; between 1/20 and 20."""

    def loss(log_t: float) -> float:
        log_p = log_softmax(logits / np.exp(log_t))
        return -float((counts * log_p[np.arange(len(target)), target]).sum())

    low, high = -np.log(20.0), np.log(20.0)
    ratio = (np.sqrt(5.0) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return float(np.exp((low + high) / 2))


def figures(logits: Float64[np.ndarray, "N C"], target: Target) -> dict[str, float]:
    """Of texts held out, each counted once."""
    log_p = log_softmax(logits)
    nats = -log_p[np.arange(len(target)), target].mean()
    return {"accuracy": float((log_p.argmax(axis=1) == target).mean()), "cross_entropy": float(nats), "n": len(target)}
