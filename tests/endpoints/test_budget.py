from __future__ import annotations

import pytest

from potstill.endpoints.budget import Budget, charged, check_price, cost_microusd, most_microusd
from potstill.errors import ModelError
from potstill.models.base import FREE, Spending
from potstill.types import Usage

PRICE = {"input": 0.15, "output": 0.6, "cached_input": 0.075}


@pytest.mark.parametrize(
    ("usage", "microusd"),
    [
        (Usage(100, 10), 21),  # 15 + 6
        (Usage(1, 0), 1),  # 0.15, rounded up
        (Usage(100, 10, cached_tokens=60), 17),  # 6 + 4.5 + 6 = 16.5
        (Usage(100, 10, cached_tokens=500), 14),  # all of them cached: 7.5 + 6
        (Usage(0, 0), 0),
        (Usage(100, None), None),
        (Usage(None, 10), None),
    ],
)
def test_a_cost_is_exact_and_rounded_up(usage: Usage, microusd: int | None) -> None:
    assert cost_microusd(usage, PRICE) == microusd


def test_an_unknown_price_is_no_price_of_zero() -> None:
    assert cost_microusd(Usage(1, 1), None) is None
    assert cost_microusd(Usage(1, 1), {"input": 0.0, "output": 0.0}) == 0
    assert cost_microusd(Usage(10, 0, cached_tokens=10), {"input": 3.0, "output": 0.0}) == 30
    assert most_microusd(10, None) is None


def test_prices_are_not_binary_fractions() -> None:
    assert cost_microusd(Usage(10_000_000, 0), {"input": 0.1, "output": 0.0}) == 1_000_000
    assert most_microusd(10, PRICE) == 6


def test_what_is_in_flight_counts_until_it_ends() -> None:
    budget = Budget(Spending(tokens=100), tokens=50)
    assert budget.allows(50, None)
    assert not budget.allows(51, None)
    budget.set_aside(40, None)
    assert not budget.allows(11, None)
    budget.settle(40, None, 5, None)
    assert budget.allows(45, None)
    assert (budget.tokens, budget.in_flight) == (55, 0)


def test_a_request_of_unknown_size_does_not_start_at_the_limit() -> None:
    assert not Budget(Spending(tokens=100), tokens=100).allows(0, None)
    assert Budget(FREE, tokens=10**12).allows(10**9, 10**9)


def test_dollars_are_counted_as_tokens_are() -> None:
    budget = Budget(Spending(usd=0.0001), microusd=40)
    assert budget.allows(1, 60)
    assert not budget.allows(1, 61)
    budget.set_aside(1, 60)
    budget.settle(1, 60, 1, 10)
    assert str(budget.error("http://x")).startswith("http://x: the budget is used up: 1 tokens and 5e-05 of 0.0001 US dollars are spent; ")


def test_a_server_that_does_not_count_is_charged_the_most() -> None:
    assert charged(Usage(3, 2, cost_microusd=7), 100, 200) == (5, 7)
    assert charged(Usage(3, None), 100, 200) == (100, 200)


def test_a_price_is_checked() -> None:
    check_price(FREE, None, "m")
    check_price(Spending(usd=1.0), PRICE, "m")
    with pytest.raises(ModelError, match="needs the teacher's price"):
        check_price(Spending(usd=1.0), None, "m")
    for wrong in ({"input": 1.0}, {"input": 1.0, "output": 1.0, "inptu": 2.0}):
        with pytest.raises(ModelError, match="give input and output"):
            check_price(FREE, wrong, "m")
