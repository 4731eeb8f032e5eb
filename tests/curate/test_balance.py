from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest

from potstill.curate.balance import Balanced, balance, focus, shares
from potstill.errors import InputError
from potstill.recipe import BalanceSection

MATH, CODE, RARE = 200, 40, 4
STRATA = ["math"] * MATH + ["code"] * CODE + ["rare"] * RARE
IDS = [f"{place:016x}" for place in range(len(STRATA))]


def drawn(seed: int = 1, **settings: Any) -> Balanced:
    return balance(IDS, STRATA, BalanceSection(**settings), seed)


def after(found: Balanced) -> dict[str, int]:
    return dict(zip(found.table["stratum"].to_pylist(), found.table["after"].to_pylist(), strict=True))


def test_a_target_is_met() -> None:
    assert after(drawn(target={"math": 0.5, "code": 0.4, "rare": 0.1}, total=100)) == {"math": 50, "code": 40, "rare": 10}


def test_strata_that_the_target_does_not_name_share_the_rest_as_they_stand() -> None:
    found = shares({"math": 200, "code": 30, "rare": 10}, BalanceSection(target={"math": 0.2}))
    assert found == pytest.approx({"math": 0.2, "code": 0.6, "rare": 0.2})


def test_a_temperature_flattens_by_its_root() -> None:
    found = shares({"a": 100, "b": 4}, BalanceSection(temperature=2))
    assert found == pytest.approx({"a": 10 / 12, "b": 2 / 12})
    assert shares({"a": 100, "b": 4}, BalanceSection(temperature=1)) == pytest.approx({"a": 100 / 104, "b": 4 / 104})


def test_without_either_all_strata_are_alike() -> None:
    assert set(shares({"a": 100, "b": 4}, BalanceSection()).values()) == {0.5}


def test_what_is_above_the_cap_goes_to_the_others() -> None:
    found = shares({"a": 70, "b": 20, "c": 10}, BalanceSection(temperature=1, cap=0.4))
    assert found == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.2})


def test_a_cap_that_binds_all_leaves_draws_lacking() -> None:
    assert sum(shares({"a": 70, "b": 30}, BalanceSection(cap=0.3)).values()) == pytest.approx(0.6)


def test_no_prompt_is_drawn_more_often_than_allowed_and_what_lacks_is_told() -> None:
    found = drawn(total=120, max_upsampling=3)
    assert after(found) == {"code": 40, "math": 40, "rare": 12}
    assert max(found.times) == 3
    assert found.summary()["short"] == 28
    assert dict(zip(found.table["stratum"].to_pylist(), found.table["short"].to_pylist(), strict=True))["rare"] == 28


def test_within_a_stratum_prompts_are_drawn_equally_often_give_or_take_one() -> None:
    found = drawn(total=300, max_upsampling=9)
    for name in ("math", "code", "rare"):
        times = [time for time, of in zip(found.times.tolist(), STRATA, strict=True) if of == name]
        assert max(times) - min(times) <= 1


def test_the_order_of_prompts_does_not_matter() -> None:
    pairs = list(zip(IDS, STRATA, strict=True))
    random.Random(0).shuffle(pairs)
    shuffled = balance([id_ for id_, _ in pairs], [of for _, of in pairs], BalanceSection(total=90), 1)
    told = dict(zip(IDS, drawn(total=90).times.tolist(), strict=True))
    assert {id_: time for (id_, _), time in zip(pairs, shuffled.times.tolist(), strict=True)} == told
    assert shuffled.table.equals(drawn(total=90).table)


def test_the_seed_decides_which_and_a_larger_total_only_adds() -> None:
    few, other, more = drawn(total=60).times, drawn(2, total=60).times, drawn(total=90).times
    assert (few != other).any()
    assert (more >= few).all()


def test_over_focus_is_told_before_and_after() -> None:
    found = drawn(total=120, max_upsampling=10)
    assert found.before.largest == "math"
    assert found.before.share == pytest.approx(MATH / len(STRATA))
    assert found.after.share == pytest.approx(1 / 3)
    assert found.after.effective == pytest.approx(3)


def test_effective_strata_by_hand() -> None:
    told = focus({"a": 3, "b": 1, "nothing": 0})
    assert (told.strata, told.largest, told.share) == (2, "a", 0.75)
    assert told.effective == pytest.approx(math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25))))


def test_each_prompt_has_a_row_and_none_is_lost() -> None:
    found = drawn(total=60)
    table = found.draws(IDS)
    assert table["prompt_id"].to_pylist() == IDS
    counted: Counter[str] = Counter()
    for row in table.to_pylist():
        counted[row["stratum"]] += row["times"]
    assert counted == after(found)
    assert found.summary()["left_out"] == table["times"].to_pylist().count(0)


def test_a_target_of_no_prompts_is_an_error_that_offers_the_nearest() -> None:
    with pytest.raises(InputError, match="no prompt is of the stratum 'maths'") as caught:
        drawn(target={"maths": 0.5})
    assert "math" in str(caught.value)


def test_a_total_too_small_for_anything_is_an_error() -> None:
    with pytest.raises(InputError, match="draws no prompt"):
        drawn(target={"math": 0.0, "code": 0.0, "rare": 0.0})
