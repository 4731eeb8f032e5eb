from __future__ import annotations

import pytest

from potstill.judges.shares import Estimate, proportion, wilson


def test_wilson_by_hand() -> None:
    # 8 of 10: p = .8, z^2 = 3.8415; centre (.8 + .19207) / 1.38415 = .71674, half 1.95996 / 1.38415 * sqrt(.016 + .0096037) = .22658
    estimate = wilson(8, 10)
    assert estimate.value == 0.8
    assert estimate.low == pytest.approx(0.49016, abs=1e-5)
    assert estimate.high == pytest.approx(0.94332, abs=1e-5)


def test_wilson_at_the_edges() -> None:
    # 0 of 10: the upper bound is z^2 / (n + z^2) = 3.8415 / 13.8415
    none, all_of_them = wilson(0, 10), wilson(10, 10)
    assert (none.low, all_of_them.high) == pytest.approx((0.0, 1.0))
    assert none.high == pytest.approx(0.27753, abs=1e-5)
    assert all_of_them.low == pytest.approx(0.72247, abs=1e-5)


def test_proportion_is_exact_at_the_edges() -> None:
    # 0 of 4: 1 - .025^(1/4) = .60236; 368 clean prompts are needed to say "less than 1%"
    assert proportion(0, 4).high == pytest.approx(0.60236, abs=1e-5)
    assert proportion(4, 4).low == pytest.approx(0.39764, abs=1e-5)
    assert proportion(0, 367).high > 0.01 > proportion(0, 368).high
    assert proportion(8, 10) == wilson(8, 10)


@pytest.mark.parametrize("estimate", [wilson(0, 0), proportion(0, 0)])
def test_nothing_judged_is_no_number(estimate: Estimate) -> None:
    assert estimate == Estimate(None, None, None)
