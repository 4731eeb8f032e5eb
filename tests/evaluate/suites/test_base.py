from __future__ import annotations

import numpy as np
import pytest

from potstill import registry
from potstill.evaluate.probabilities import Gaps
from potstill.evaluate.suites.base import filled, gap_mean, grouped, share
from potstill.judges.shares import wilson
from potstill.types import Finding
from tests.evaluate.setting import question

BLANK = Finding("suite", "name", "student", "all", None, by="a judge")


def test_groups_hold_the_places_of_their_prompts() -> None:
    prompts = [question(str(i), skill=skill) for i, skill in enumerate("aba")]
    assert grouped(prompts, lambda p: [p.skill]) == {"all": [0, 1, 2], "a": [0, 2], "b": [1]}


def test_what_could_not_be_judged_is_in_neither_value_nor_n() -> None:
    finding = share(BLANK, [1.0, None, 0.0, 1.0, None], wilson)
    assert (finding.value, finding.n, finding.unjudged) == (pytest.approx(2 / 3), 3, 2)
    assert (finding.low, finding.high) == (wilson(2, 3).low, wilson(2, 3).high)


def test_nothing_judged_is_no_number_and_says_why() -> None:
    finding = share(BLANK, [None, None], wilson)
    assert (finding.value, finding.low, finding.n, finding.unjudged, finding.by) == (None, None, 0, 2, "not measured: none could be judged")
    assert filled(BLANK, wilson(1, 2), 2, 2).by == "a judge"


def test_a_gap_mean_weighs_tokens_and_leaves_out_what_was_not_read() -> None:
    values = np.full((6, 4), np.nan, np.float32)
    values[:4, 0] = [1.0, 2.0, 3.0, 6.0]
    gaps = Gaps(np.array([0, 0, 2, 2, 3, 3], np.int32), np.array([0, 1, 0, 1, 0, 1], np.int32), {"student": values})
    everywhere = np.ones(6, bool)
    finding = gap_mean(BLANK, gaps, everywhere, "kl_forward", 0)
    assert (finding.value, finding.n, finding.unjudged) == (3.0, 4, 2)
    assert (finding.low, finding.high) == (1.5, 4.5)  # either prompt alone
    first = gap_mean(BLANK, gaps, gaps.position == 0, "kl_forward", 0)
    assert (first.value, first.n) == (2.0, 2)
    nothing = gap_mean(BLANK, gaps, gaps.prompt == 3, "kl_forward", 0)
    assert (nothing.value, nothing.n, nothing.unjudged) == (None, 0, 2)


def test_a_measure_belongs_to_one_suite() -> None:
    measures = [name for suite in registry.names("suite") for name in registry.find("suite", suite).factory().measures]
    assert len(measures) == len(set(measures))
    assert set(registry.names("suite")) >= {"capability", "fidelity", "safety", "text"}
