from __future__ import annotations

import json

import numpy as np

from potstill.fit import Example, pack
from potstill.fit.loop import Scheduled
from potstill.recipe import LossSection
from potstill.signal.divergences.taid import TAID
from potstill.train.objective import Objective

FIXED = LossSection(kind="cross_entropy")
MOVING = LossSection.model_validate({"weight": {"start": 0.0, "end": 2.0}, "divergence": "jsd", "beta": {"start": 0.2, "end": 0.6}})


def batch():
    stored = {"support_ids": np.array([[1]]), "support_log_p": np.log([[0.5]])}
    return pack([[Example(np.array([0, 1]), 1, **stored)]], 8)


def test_settings_are_those_of_the_step() -> None:
    objective = Objective([FIXED, MOVING], None)
    assert isinstance(objective, Scheduled)
    assert objective.begin(0.5) == {"losses.1.weight": 1.0, "losses.1.beta": 0.4}
    fixed, moving = objective(batch())
    assert (fixed.weight.tolist(), moving.weight.tolist()) == ([1.0], [1.0])
    assert moving.divergence.beta == 0.4
    objective.begin(1.0)
    assert objective(batch())[1].weight.tolist() == [2.0]


def test_what_does_not_move_is_not_told() -> None:
    assert Objective([FIXED], None).begin(0.3) == {}


def test_the_moving_target_moves_of_itself() -> None:
    objective = Objective([LossSection(divergence="taid")], None)
    assert objective.begin(0.0) == {"losses.0.t": 0.4}
    assert objective.begin(0.5)["losses.0.t"] > 0.6
    (term,) = objective(batch())
    assert isinstance(term.divergence, TAID)
    assert term.divergence.t > 0.6


def test_a_target_that_is_told_to_stand_still_does() -> None:
    objective = Objective([LossSection.model_validate({"divergence": "taid", "t": 0.5})], None)
    assert objective.begin(0.9) == {}
    assert objective(batch())[0].divergence.t == 0.5


def test_it_goes_on_where_it_was() -> None:
    first, second = (Objective([FIXED, LossSection(divergence="taid")], None) for _ in range(2))
    for loss in (3.0, 2.0, 1.0):
        first.begin(0.0)
        first.observe([1.0, loss])
    second.restore(json.loads(json.dumps(first.state())))
    assert second.begin(0.0) == first.begin(0.0)
    assert second.begin(0.0)["losses.1.t"] > 0.4
