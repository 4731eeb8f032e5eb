from __future__ import annotations

import numpy as np
import pytest

from potstill.evaluate.statistics import cluster_mean, macro_mean, macro_ratio, retention
from potstill.judges.shares import Estimate, proportion


@pytest.mark.parametrize("estimate", [macro_mean([]), cluster_mean(np.zeros(0), np.zeros(0))])
def test_nothing_judged_is_no_number(estimate: Estimate) -> None:
    assert estimate == Estimate(None, None, None)


def test_a_cluster_mean_weighs_tokens_and_resamples_prompts() -> None:
    # two prompts, of 1 token at 0 and of 3 tokens at 1: mean 3/4; resamples give 0, 3/4 or 1
    estimate = cluster_mean(np.array([0.0, 3.0]), np.array([1.0, 3.0]))
    assert estimate == Estimate(0.75, 0.0, 1.0)


def test_clusters_are_wider_than_their_tokens() -> None:
    rng = np.random.default_rng(0)
    of_prompts = rng.normal(size=200)
    clustered = cluster_mean(20 * of_prompts, np.full(200, 20.0))
    loose = cluster_mean(np.repeat(of_prompts, 20), np.ones(4000))
    assert clustered.value == pytest.approx(loose.value)
    # the standard error of 200 normal draws is 1/sqrt(200) = .0707, so the interval is .277 wide
    assert clustered.high - clustered.low == pytest.approx(0.277, rel=0.15)
    assert loose.high - loose.low == pytest.approx(0.277 / 20**0.5, rel=0.15)


def test_a_ratio_is_paired() -> None:
    # numerators are half the denominators and a little noise, prompt by prompt: the ratio is near 1/2 in every resample
    below = np.arange(1.0, 50.0)
    above = below / 2 + np.where(np.arange(49) % 2, 0.1, -0.1)
    estimate = macro_ratio([(above, below)])
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.5, 0.5, 0.5), abs=0.002)
    assert estimate.low < estimate.value < estimate.high


def test_resamples_without_spread_claim_no_certainty() -> None:
    # a student with the very marks of its teacher, and one that has nothing right: neither is known to be so always
    marks = np.array([1.0, 0.0, 1.0, 1.0])
    assert macro_ratio([(marks, marks)]) == Estimate(1.0)
    assert macro_ratio([(np.zeros(3), np.ones(3))]) == Estimate(0.0)
    assert cluster_mean(np.zeros(3), np.ones(3)) == Estimate(0.0)
    assert macro_ratio([(np.ones(3), np.ones(3)), (np.zeros(3), np.ones(3))]) == Estimate(0.5)


def test_a_mean_of_constant_strata_has_the_interval_of_proportions() -> None:
    # 0 of 3 is at most 1 - .025^(1/3) = .7076; three skills of 3 each count as 9 prompts
    assert macro_mean([np.zeros(3)]) == proportion(0, 3)
    assert macro_mean([np.zeros(3)]).high == pytest.approx(0.70760, abs=1e-5)
    assert macro_mean([np.ones(3)] * 3) == proportion(9, 9)
    assert macro_mean([np.zeros(3), np.zeros(200)]) == proportion(0, 6)
    assert macro_mean([np.full(4, 0.5)]) == proportion(2, 4)


def test_strata_weigh_the_same() -> None:
    # means 1 (of 2 prompts) and 0 (of 200): the mean of means is 1/2; its bounds are .025^(1/2)/2 and (1 + 1 - .025^(1/200))/2
    ones, zeros = np.ones(2), np.zeros(200)
    estimate = macro_mean([ones, zeros, np.zeros(0)])
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.5, 0.07906, 0.50914), abs=1e-5)
    assert macro_ratio([(ones, ones), (zeros, np.ones(200))]).value == 0.5


def test_nothing_to_compare_with_is_no_number() -> None:
    assert macro_ratio([(np.ones(5), np.zeros(5))]) == Estimate(None)


def test_one_prompt_has_no_spread() -> None:
    assert cluster_mean(np.array([6.0]), np.array([3.0])) == Estimate(2.0)


def test_the_seed_alone_decides() -> None:
    values = np.random.default_rng(1).random(30)
    assert macro_mean([values], seed=3) == macro_mean([values], seed=3)
    assert macro_mean([values], seed=3) != macro_mean([values], seed=4)


def test_many_prompts_are_resampled_in_blocks() -> None:
    values = np.random.default_rng(1).random(9000)
    estimate = cluster_mean(values, np.ones(9000))
    # standard error of 9000 uniform draws: sqrt(1/12/9000) = .00304
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.00304, rel=0.15)


def test_retention_of_marks_that_never_differ_has_bounds_all_the_same() -> None:
    """Right on 100 of 100, both of them: the two differ on at most 1 - 0.025^(1/100) = 3.6% of prompts."""
    marks = np.ones(100)
    found = retention([(marks, marks)])
    assert found.value == 1.0
    assert (found.low, found.high) == pytest.approx((1 - 0.0362, 1 + 0.0362), abs=1e-4)
    half = np.repeat([0.0, 1.0], 50)
    assert retention([(half, half)]).low == pytest.approx(1 - 2 * 0.0362, abs=2e-4)
    two = retention([(marks, marks), (marks, marks)])
    assert two.low is not None
    assert two.low > (found.low or 0.0)


def test_retention_of_marks_that_differ_is_the_bootstrap() -> None:
    student, teacher = np.repeat([0.0, 1.0], [10, 90]), np.ones(100)
    assert retention([(student, teacher)], 3) == macro_ratio([(student, teacher)], 3)
    assert retention([(np.zeros(3), np.zeros(3))]).value is None
