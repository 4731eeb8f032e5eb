"""Reading responses: what is missing is said by name."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import count as numbers
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from potstill.endpoints.base import Dialect, MalformedError, Request
from potstill.endpoints.budget import charged
from potstill.endpoints.reading import (
    count,
    field,
    finish_reason,
    first_choice,
    is_filtered,
    number,
    openai_usage,
    thought,
    token_ids,
    well_formed,
    whole,
    with_filtered,
    with_reasoning,
)
from potstill.models import Endpoint, Keep, Sampling
from potstill.registry import find
from potstill.text.chat import render
from potstill.text.segments import segments
from potstill.types import Usage
from tests.endpoints.server import Behaviour
from tests.endpoints.server.network import NAME, Network
from tests.endpoints.server.serving import SPEAKERS
from tests.endpoints.server.spoiling import everywhere, needed
from tests.models.small import ask, world_tokenizer, write_model


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
    with pytest.raises(MalformedError, match="'a' should stand in None"):
        field(None, "a", int)
    with pytest.raises(MalformedError, match="no 'b'") as told:
        field({}, "b", int, "buy one")
    assert told.value.fix == "buy one"
    assert token_ids({"a": [1, 2]}, "a") == (1, 2)
    for odd in ([None], ["1"], None):
        with pytest.raises(MalformedError):
            token_ids({"a": odd}, "a")
    assert [count({"a": value}, "a") for value in (3, "3", 3.0, None)] == [3, None, None, None]
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
    assert with_reasoning({"content": "5", "reasoning": "2 and 3"}) == ("<think>2 and 3</think>5", "reasoning")
    assert with_reasoning({"reasoning": None, "reasoning_content": "so"}, "5") == ("<think>so</think>5", "reasoning_content")
    assert with_reasoning({"content": None, "reasoning_content": ""}, "5") == ("5", "")
    assert [segment.kind for segment in segments(thought("so") + "5")] == ["reasoning", "answer"]


def test_a_content_in_parts_is_its_text_with_its_thinking_in_front():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "2 and"}, {"type": "text", "text": " 3"}]}
    parts = [thinking, {"type": "text", "text": "It is "}, {"type": "text", "text": "5."}]
    assert with_reasoning({"content": parts}) == ("<think>2 and 3</think>It is 5.", "thinking")
    assert with_reasoning({"content": [{"type": "thinking", "thinking": "so"}]}) == ("<think>so</think>", "thinking")
    assert with_reasoning({"content": parts[1:]}) == ("It is 5.", "")
    for odd in ([{"type": "image_url"}], ["5"], [{"type": "text", "text": None}], [{"type": "thinking", "thinking": [None]}], {"a": 1}, 5):
        with pytest.raises(MalformedError):
            with_reasoning({"content": odd})


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


def test_an_odd_shape_is_malformed_and_a_fault_of_the_reader_is_not():
    class Speaker:
        @well_formed
        def read(self, request: Request, raw: bytes) -> tuple[Any, Usage]:
            if raw == b"fault":
                raise RuntimeError("a fault of the reader")
            return orjson.loads(raw)["a"][0].strip(), Usage()

    request = Request("u", {}, {})
    assert Speaker().read(request, b'{"a": [" x"]}') == ("x", Usage())
    for raw in (b'{"a": [null]}', b'{"a": []}', b"{}", b"[]", b'{"a": 1}'):
        with pytest.raises(MalformedError, match="another shape within"):
            Speaker().read(request, raw)
    with pytest.raises(RuntimeError):
        Speaker().read(request, b"fault")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return Network(write_model(tmp_path_factory.mktemp("model"), vocabulary=len(world_tokenizer())), Behaviour())


CASES = [("vllm", True, 2), ("vllm", False, 2), ("vllm", True, 0), ("sglang", True, 2), ("sglang", True, 0), ("llama_cpp", True, 2)]
CASES += [("llama_cpp", True, 0), ("openai", True, 2), ("openai", False, 0), ("anthropic", False, 0)]


def exchanges(network: Network, name: str, told: bool, k: int) -> Iterator[tuple[Dialect, str, Request, Any]]:
    """What a dialect asks, and the true responses: its reader, the request and the response."""
    dialect = find("dialect", name).factory("http://h/v1", Endpoint(name), world_tokenizer() if told else None)
    ids = list(render(world_tokenizer(), ask("hi"), None).input_ids)
    keep, sampling = Keep(size=k), Sampling(max_new_tokens=2)
    asked = [("read_draw", dialect.draw(NAME, ask("hi"), ids if dialect.takes_ids and told else None, 0, sampling, keep))]
    if "score" in dialect.gives and k:
        asked += [("read_score", request) for request in dialect.score(NAME, [*ids, 9], len(ids), keep)]
    for reader, request in asked:
        yield dialect, reader, request, SPEAKERS[urlsplit(request.url).path](network, dict(request.body))


@pytest.mark.parametrize(("name", "told", "k"), CASES)
def test_whatever_is_needed_and_missing_is_malformed(network, name, told, k):
    missed = 0
    for dialect, reader, request, response in exchanges(network, name, told, k):
        getattr(dialect, reader)(request, orjson.dumps(response))
        for place in range(len(needed(response))):
            spoilt = deepcopy(response)
            holder, key = needed(spoilt)[place]
            holder[key] = None
            with pytest.raises(MalformedError):
                getattr(dialect, reader)(request, orjson.dumps(spoilt))
            missed += 1
    assert missed > 0 or name == "anthropic"


@pytest.mark.parametrize(("name", "told", "k"), CASES)
def test_no_shape_of_a_response_is_a_fault_of_its_reader(network, name, told, k):
    turn, malformed = numbers(), 0
    for dialect, reader, request, response in exchanges(network, name, told, k):
        for place in range(len(list(everywhere(response)))):
            for odd in (None, "x", -1, 10**18, [], [None], [[0]], {}, {"a": None}):
                spoilt = deepcopy(response)
                holder, key = list(everywhere(spoilt))[place]
                holder[key] = odd
                try:
                    _, usage = getattr(dialect, reader)(request, orjson.dumps(spoilt))
                    charged(usage, request.tokens, None)
                except MalformedError:
                    malformed += 1
                next(turn)
    assert 0 < malformed < next(turn)
