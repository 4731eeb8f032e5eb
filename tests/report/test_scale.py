import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potstill.report.scale import fixed, linear, log_ticks, logarithmic, nice_step, ticks


@pytest.mark.parametrize(
    ("span", "count", "step"),
    [(1.0, 5, 0.2), (1.0, 4, 0.5), (97.0, 5, 20.0), (0.03, 3, 0.01), (5_400_000.0, 5, 2_000_000.0), (0.0, 5, 1.0)],
)
def test_a_step_is_round(span: float, count: int, step: float) -> None:
    assert nice_step(span, count) == pytest.approx(step)


def test_ticks_lie_within_the_ends_and_are_exact() -> None:
    assert ticks(0.0, 1.0) == (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    assert ticks(0.05, 0.93, 4) == (0.5,)
    assert ticks(-3.0, 3.0, 3) == (-2.0, 0.0, 2.0)


def test_logarithmic_ticks_are_one_two_five() -> None:
    assert log_ticks(0.1, 10.0) == pytest.approx((0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0))
    assert log_ticks(0.001, 1000.0) == pytest.approx((0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0))


def test_a_linear_scale_ends_at_ticks() -> None:
    scale = linear([0.3, 9.1], 100.0, 0.0)
    assert (scale.low, scale.high, scale.marks) == (0.0, 10.0, (0.0, 2.0, 4.0, 6.0, 8.0, 10.0))
    assert (scale(0.0), scale(5.0), scale(10.0)) == (100.0, 50.0, 0.0)
    assert linear([4.0, 5.0], 0.0, 1.0, zero=True).low == 0.0


def test_a_fixed_scale_keeps_its_ends_and_puts_what_is_beyond_on_them() -> None:
    scale = fixed(0.0, 3.0, 10.0, 40.0)
    assert (scale(3.0), scale(7.0), scale(-1.0)) == (40.0, 40.0, 10.0)


def test_equal_ratios_are_equally_far_apart() -> None:
    scale = logarithmic([1.0, 100.0], 0.0, 200.0)
    assert [scale(v) for v in (1.0, 10.0, 100.0)] == pytest.approx([0.0, 100.0, 200.0])


@given(st.lists(st.floats(-1e9, 1e9), min_size=0, max_size=5), st.booleans())
def test_every_value_is_on_the_scale(values: list[float], zero: bool) -> None:
    scale = linear(values, 0.0, 300.0, zero=zero)
    assert scale.high > scale.low
    assert 2 <= len(scale.marks) <= 8
    assert all(-1e-6 <= scale(v) <= 300 + 1e-6 for v in values)


def test_one_value_nan_or_none_at_all_still_gives_a_scale() -> None:
    for values in ([2.0], [], [math.nan], [0.0, 0.0]):
        assert linear(values, 0.0, 1.0).high > linear(values, 0.0, 1.0).low
    assert logarithmic([3.0], 0.0, 1.0)(3.0) == pytest.approx(0.5)
