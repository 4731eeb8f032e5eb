from __future__ import annotations

import pytest

from potstill.models.base import Answer, Options, Sampling


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
