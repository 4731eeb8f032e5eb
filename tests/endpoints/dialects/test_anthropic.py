"""Anthropic-shaped message APIs: blocks, system turns, reasons, counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.dialects.anthropic import Anthropic
from potstill.models import Endpoint, Keep, Sampling
from potstill.types import Message, Prompt, Usage

PROMPT = Prompt((Message("system", "Be brief."), Message("user", "hi")))
DIALECT = Anthropic("https://h/v1", Endpoint("anthropic"), None)


def drawing(**sampling: Any) -> Request:
    return DIALECT.draw("m", PROMPT, None, 0, Sampling(**sampling), Keep())


def response(blocks: Any, reason: str = "end_turn", **usage: int) -> bytes:
    return json.dumps({"content": blocks, "stop_reason": reason, "usage": {"input_tokens": 5, "output_tokens": 2, **usage}}).encode()


def test_the_system_turn_stands_apart():
    body = drawing(max_new_tokens=7).body
    assert (body["system"], body["messages"], body["max_tokens"]) == ("Be brief.", [{"role": "user", "content": "hi"}], 7)
    assert drawing().url == "https://h/v1/messages"


def test_the_key_has_a_header_of_its_own():
    assert DIALECT.credentials("k") == {"x-api-key": "k"}
    assert DIALECT.headers["anthropic-version"] == "2023-06-01"


def test_temperature_and_nucleus_are_not_sent_together_where_one_says_nothing():
    bodies = [drawing(temperature=t, top_p=p).body for t, p in ((1, 1), (0.5, 1), (1, 0.9))]
    sent = [{name for name in ("temperature", "top_p") if name in body} for body in bodies]
    assert sent == [{"temperature"}, {"temperature"}, {"top_p"}]


def test_blocks_become_text_with_thinking_in_front():
    blocks = [
        {"type": "thinking", "thinking": "2 and 3", "signature": "s"},
        {"type": "redacted_thinking", "data": "?"},
        {"type": "text", "text": "It is "},
        {"type": "text", "text": "5."},
    ]
    answer, usage = DIALECT.read_draw(drawing(), response(blocks, cache_read_input_tokens=3))
    assert (answer.text, answer.reasoning_field) == ("<think>2 and 3</think>It is 5.", "thinking")
    assert (answer.token_ids, len(answer.outlook), usage) == ((), 0, Usage(8, 2, cached_tokens=3))


def test_counts_that_are_no_numbers_are_not_told():
    usage = DIALECT.read_draw(drawing(), response([], cache_read_input_tokens="2", output_tokens="3"))[1]  # type: ignore[arg-type]
    assert usage == Usage(5)


def test_why_it_ended():
    reasons = [DIALECT.read_draw(drawing(), response([], reason))[0].finish_reason for reason in ("stop_sequence", "max_tokens", "refusal")]
    assert reasons == ["stop", "length", "content_filter"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"content": [', "no whole JSON"),
        (response(None), "no 'content'"),
        (response(["text"]), "no list of blocks"),
        (response([{"type": "text"}]), "no 'text'"),
        (response([], "abort"), "finish reason is 'abort'"),
    ],
)
def test_what_is_missing_is_malformed(raw, message):
    with pytest.raises(MalformedError, match=message):
        DIALECT.read_draw(drawing(), raw)
