"""A request's key: what decides the answer, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from potstill.endpoints.base import Request

REQUEST = Request("http://h/v1/completions", {"prompt": [1], "seed": 3}, {"draw": "0"}, 10, "prompt 1")


def test_the_key_is_of_all_that_decides_the_answer():
    others = [
        replace(REQUEST, url="http://other/v1/completions"),
        replace(REQUEST, body={"prompt": [2], "seed": 3}),
        replace(REQUEST, identity={"draw": "1"}),
    ]
    assert len({request.key for request in [REQUEST, *others]}) == 4


def test_the_order_of_keys_the_limit_and_the_words_do_not_matter():
    same = [replace(REQUEST, body={"seed": 3, "prompt": [1]}), replace(REQUEST, tokens=99), replace(REQUEST, about="another")]
    assert {request.key for request in same} == {REQUEST.key}
