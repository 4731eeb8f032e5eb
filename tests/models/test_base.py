from __future__ import annotations

import numpy as np
import pytest

from potstill.models.base import Answer, Options, Outlook, Sampling


def test_defaults_are_the_recommended_setting():
    assert Sampling() == Sampling(n=1, temperature=1.0, top_p=1.0, max_new_tokens=256, seed=0)
    assert Options() == Options(revision=None, dtype="float32", remote_code=False, columns={}, batch_size=64)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 0}, "at least 1"),
        ({"max_new_tokens": 0}, "at least 1"),
        ({"temperature": -0.1}, "temperature is at least 0"),
        ({"top_p": 0.0}, "top_p in"),
        ({"top_p": 1.1}, "top_p in"),
        ({"n": 2, "temperature": 0.0}, "all the same"),
    ],
)
def test_impossible_sampling_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Sampling(**given)


def test_an_answer_of_text_alone_has_no_numbers():
    answer = Answer("hello")
    assert answer.token_ids == ()
    assert answer.outlook.log_p.shape == (0,)
    assert answer.outlook.support_ids.shape == answer.outlook.support_log_p.shape == (0, 0)


def outlook(*log_p, k=1, **facts):
    steps = len(log_p)
    ids, numbers = np.zeros((steps, k), np.int32), np.zeros((steps, k), np.float32)
    tail = np.array([-one for one in log_p], np.float32)
    return Outlook(np.array(log_p, np.float32), np.ones(steps, np.int32), ids, numbers, tail, np.zeros((steps, 0), np.float32), **facts)


def test_outlooks_stand_one_behind_the_other():
    both = outlook(-1, -2).then(outlook(-3))
    assert both.log_p.tolist() == [-1, -2, -3]
    assert both.tail_mass.tolist() == [1, 2, 3]
    assert both.support_ids.shape == (3, 1)
    assert len(both.first(2)) == 2
    alone = outlook(-1)
    assert Outlook().then(alone) is alone
    assert alone.then(Outlook()) is alone


@pytest.mark.parametrize("other", [{"k": 2}, {"codec": "sampled"}, {"kind": "unknown"}, {"temperature": 2.0}])
def test_outlooks_kept_in_different_ways_are_never_mixed(other):
    with pytest.raises(ValueError, match="cannot stand in one"):
        outlook(-1).then(outlook(-2, **other))
