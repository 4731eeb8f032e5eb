from __future__ import annotations

import json

from potstill.recipe import Ramp
from potstill.train.moving import EAGER, Moving

ADAPTIVE = Ramp(start=0.4, end=1.0, shape="adaptive")


def went(losses: list[float], moving: Moving, steps: int = 1000) -> list[float]:
    values = []
    for step, loss in enumerate(losses):
        values.append(moving.begin(step / steps))
        moving.observe(loss)
    return values


def test_a_line_does_not_look_at_the_loss() -> None:
    ramp = Ramp(start=0.0, end=1.0)
    assert went([5.0, 4.0, 3.0], Moving(ramp), steps=2) == [0.0, 0.5, 1.0]


def test_an_adaptive_one_is_never_behind_the_line() -> None:
    short, long = (went([1.0] * 100, Moving(ADAPTIVE), steps) for steps in (100, 10**6))
    assert short == [ADAPTIVE.at(step / 100) for step in range(100)]
    assert long[-1] > 0.41 > ADAPTIVE.at(99 / 10**6)


def test_it_gains_more_where_the_loss_falls_fast() -> None:
    falling, still, rising = (went([rate**i for i in range(40)], Moving(ADAPTIVE), 10**6)[-1] for rate in (0.5, 1.0, 2.0))
    assert falling > still > rising > 0.4


def test_one_step_by_hand() -> None:
    moving = Moving(ADAPTIVE)
    for loss in (1.0, 1.0):
        moving.begin(0.0)
        moving.observe(loss)
    assert abs(moving.begin(0.0) - (0.4 + 0.6 * EAGER / 2)) < 1e-12


def test_it_arrives_and_goes_no_further() -> None:
    moving = Moving(ADAPTIVE)
    assert moving.begin(1.0) == 1.0
    moving.observe(2.0)
    moving.observe(1.0)
    assert moving.begin(1.0) == 1.0


def test_what_it_remembers_goes_through_json() -> None:
    first, second = Moving(ADAPTIVE), Moving(ADAPTIVE)
    second.restore(json.loads(json.dumps(first.state())))
    went([3.0, 2.0, 1.5], first)
    second.restore(json.loads(json.dumps(first.state())))
    assert went([1.2, 1.0, 0.9], first) == went([1.2, 1.0, 0.9], second)
