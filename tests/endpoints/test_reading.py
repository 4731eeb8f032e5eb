"""Reading responses: what is missing is said by name."""

from __future__ import annotations

import orjson
import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.reading import (
    field,
    finish_reason,
    first_choice,
    is_filtered,
    number,
    openai_usage,
    thought,
    whole,
    with_filtered,
    with_reasoning,
)
from potstill.text.segments import segments
from potstill.types import Usage


def test_a_cut_off_response_is_malformed():
    assert whole(b'{"a": 1}') == {"a": 1}
    for raw in (b'{"a": ', b"", b"<html>", b"[1]"):
        with pytest.raises(MalformedError):
            whole(raw)


def test_fields_are_of_their_type():
    assert field({"a": [1]}, "a", list) == [1]
    assert (number({"a": -1}, "a"), number({"a": -1.5}, "a")) == (-1.0, -1.5)
    with pytest.raises(MalformedError, match="no 'b'"):
        field({"a": 1}, "b", int)
    with pytest.raises(MalformedError, match="'a' is 'x'"):
        number({"a": "x"}, "a")
    with pytest.raises(MalformedError, match="no choice"):
        first_choice({"choices": []})


def test_reasons_of_all_dialects():
    told = ["stop", "eos", "end_turn", "length", "limit", "max_tokens", "content_filter", "refusal"]
    assert [finish_reason(reason) for reason in told] == ["stop"] * 3 + ["length"] * 3 + ["content_filter"] * 2
    assert [finish_reason(reason) for reason in ("tool_calls", "function_call", "pause_turn", "new")] == ["error"] * 4
    for reason in ("abort", None, 3):
        with pytest.raises(MalformedError, match="did not end"):
            finish_reason(reason)


def test_reasoning_stands_in_front_and_its_field_is_told():
    assert with_reasoning({"reasoning": "2 and 3"}, "5") == ("<think>2 and 3</think>5", "reasoning")
    assert with_reasoning({"reasoning": None, "reasoning_content": "so"}, "5") == ("<think>so</think>5", "reasoning_content")
    assert with_reasoning({"reasoning_content": ""}, "5") == ("5", "")
    assert [segment.kind for segment in segments(thought("so") + "5")] == ["reasoning", "answer"]


def test_usage_is_what_the_server_says():
    details = {"prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 2}}
    assert openai_usage({"usage": {"prompt_tokens": 9, "completion_tokens": 5, **details}}) == Usage(9, 5, 2, 4)
    assert openai_usage({"usage": {"prompt_tokens": 9, "prompt_tokens_details": None}}) == Usage(9)
    assert openai_usage({}) == Usage()


def test_a_filters_refusal_of_a_prompt_is_told_by_its_code():
    for error in (
        {"code": "content_filter", "message": "no"},
        {"code": "400", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
        {"type": "content_policy_violation"},
    ):
        assert is_filtered(orjson.dumps({"error": error}))
    for raw in (b'{"error": {"message": "content_filter"}}', b'{"error": "content_filter"}', b"content_filter", b"[]"):
        assert not is_filtered(raw)


def test_a_filters_refusal_is_an_empty_answer_that_costs_what_it_says():
    def read(request: Request, raw: bytes) -> tuple[str, Usage]:
        return raw.decode(), Usage(1, 1)

    reader, request = with_filtered(read), Request("u", {}, {})
    answer, usage = reader(request, b'{"error": {"code": "content_filter"}}')
    assert (answer.text, answer.token_ids, answer.finish_reason, usage) == ("", (), "content_filter", Usage(0, 0))
    assert reader(request, b'{"error": {"code": "content_filter"}, "usage": {"prompt_tokens": 7}}')[1] == Usage(7, 0)
    assert reader(request, b"good") == ("good", Usage(1, 1))
