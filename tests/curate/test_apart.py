from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from potstill.curate.apart import jensen_shannon
from potstill.models.base import Outlook
from potstill.signal.divergences.jsd import JSD


def outlook(*rows):
    """A row a token: the outcomes kept with their probabilities; the tail is what is missing from 1."""
    width = max(map(len, rows))
    ids = np.full((len(rows), width), -1, np.int32)
    log_p = np.full((len(rows), width), -np.inf, np.float32)
    for step, row in enumerate(rows):
        ids[step, : len(row)], log_p[step, : len(row)] = list(row), np.log(list(row.values()))
    tail = np.array([1 - sum(row.values()) for row in rows], np.float32)
    return Outlook(np.zeros(len(rows), np.float32), np.ones(len(rows), np.int32), ids, log_p, tail)


def test_by_hand():
    # sure of different tokens: log 2; the same: 0; (.9, .1) and (.1, .9): log 2 - H(.9) = .6931 - .3251 = .3681
    one = outlook({1: 1.0}, {1: 0.6, 2: 0.4}, {1: 0.9, 2: 0.1})
    other = outlook({2: 1.0}, {2: 0.4, 1: 0.6}, {2: 0.9, 1: 0.1})
    assert jensen_shannon([one, other]) == pytest.approx([math.log(2), 0.0, 0.3681], abs=1e-4)


def test_three_that_are_sure_of_different_tokens():
    assert jensen_shannon([outlook({n: 1.0}) for n in range(3)]) == pytest.approx([math.log(3)])


def test_whole_distributions_agree_with_the_divergence_of_training():
    p, q = np.random.default_rng(0).dirichlet(np.ones(8), (2, 20))
    mine = jensen_shannon([outlook(*(dict(enumerate(map(float, row))) for row in each)) for each in (p, q)])
    assert mine == pytest.approx(JSD()(torch.tensor(p).log(), torch.tensor(q).log()).numpy(), abs=1e-5)


def test_tails_are_one_outcome():
    # .5 on token 1 and .5 on all the rest, which neither says more of
    assert jensen_shannon([outlook({1: 0.5}), outlook({1: 0.5})]) == pytest.approx([0.0])
    # .5 / .5 and 1 / 0: H(.75, .25) - H(.5, .5) / 2 = .5623 - .3466
    assert jensen_shannon([outlook({1: 0.5}), outlook({1: 1.0})]) == pytest.approx([0.2158], abs=1e-4)


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"of \[1, 2\] tokens"):
        jensen_shannon([outlook({1: 1.0}), outlook({1: 1.0}, {1: 1.0})])
