from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from potstill.curate.strictness import STEPS, curve


def opinions(scores: Sequence[float | None], applies: Sequence[bool] | None = None) -> pa.Table:
    return pa.table({"score": pa.array(scores, pa.float64()), "applies": list(applies or [True] * len(scores))})


def test_a_filter_that_catches_above_leaves_less_at_lower_thresholds() -> None:
    found = curve(opinions([0.1, 0.4, 0.6, 0.9]), ["math", "math", "twins", "twins"], "above", [0.2, 0.5, 0.95])
    assert found.thresholds == (0.95, 0.5, 0.2)
    assert found.kept == {"math": (1.0, 1.0, 0.5), "twins": (1.0, 0.0, 0.0)}
    assert found.counts == {"math": 2, "twins": 2}


def test_one_that_catches_below_leaves_less_at_higher_ones() -> None:
    found = curve(opinions([0.1, 0.9]), ["a", "a"], "below", [0.0, 0.5, 1.0])
    assert found.thresholds == (0.0, 0.5, 1.0)
    assert found.kept == {"a": (1.0, 0.5, 0.0)}


def test_the_threshold_itself_is_caught_above_and_not_below() -> None:
    assert curve(opinions([0.5]), ["a"], "above", [0.5]).kept["a"] == (0.0,)
    assert curve(opinions([0.5]), ["a"], "below", [0.5]).kept["a"] == (1.0,)


def test_what_was_not_judged_is_kept() -> None:
    found = curve(opinions([None, 1.0, 1.0], [True, False, True]), ["a", "a", "a"], "above", [0.5])
    assert found.kept["a"] == (pytest.approx(2 / 3),)


def test_thresholds_are_quantiles_of_the_scores() -> None:
    assert len(curve(opinions([i / 100 for i in range(100)]), ["a"] * 100, "above").thresholds) == STEPS
    assert curve(opinions([0.0, 1.0, 1.0]), ["a"] * 3, "above").thresholds == (1.0, 0.0)


def test_where_a_group_begins_to_lose() -> None:
    found = curve(opinions([0.1, 0.4, 0.6, 0.9]), ["math", "math", "twins", "twins"], "above", [0.05, 0.3, 0.5, 0.95])
    assert found.bends() == {"math": 0.3, "twins": 0.5}


def test_no_scores_make_no_curve() -> None:
    assert curve(opinions([None]), ["a"], "above").thresholds == ()
