"""Hosted chat APIs: tokens by their bytes, refusals, reasoning, limits by either name."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.dialects.openai import OpenAI
from potstill.endpoints.pieces import ids_by_bytes
from potstill.errors import CapabilityError
from potstill.models import Endpoint, Keep, Options, Sampling, open_model
from potstill.models.base import Spending
from potstill.types import Prompt
from tests.endpoints.plain_server import PlainServer, Reply
from tests.models.small import ask, world_tokenizer

HALF, QUARTER = math.log(0.5), math.log(0.25)
A, B = (ids_by_bytes(world_tokenizer())[piece] for piece in (b"a", b"b"))


def dialect(*, tokenizer: bool = True, **parameters: Any) -> OpenAI:
    return OpenAI("https://h/v1", Endpoint(parameters=parameters), world_tokenizer() if tokenizer else None)


def drawing(k: int = 2, **sampling: Any) -> Request:
    return dialect().draw("m", ask("hi"), None, 0, Sampling(**sampling), Keep(size=k))


def outcome(piece: str, log_p: float) -> dict[str, Any]:
    return {"token": piece, "logprob": log_p, "bytes": list(piece.encode())}


def content(*tokens: str, others: tuple[str, ...] = ("a", "b"), log_p: float = HALF) -> list[dict[str, Any]]:
    told = [outcome(piece, value) for piece, value in zip(others, (HALF, QUARTER), strict=False)]
    return [{**outcome(token, log_p), "top_logprobs": told} for token in tokens]


def response(message: dict[str, Any] | None = None, lines: Any = None, reason: str = "stop") -> bytes:
    choice = {"message": message or {"content": "a"}, "finish_reason": reason, "logprobs": None if lines is None else {"content": lines}}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}).encode()


def test_log_probabilities_are_asked_for_where_outcomes_are_kept():
    assert (drawing().body["logprobs"], drawing().body["top_logprobs"]) == (True, 2)
    assert drawing(1).body["top_logprobs"] == 2
    assert "logprobs" not in drawing(0).body
    assert (dialect().gives, dialect(tokenizer=False).gives) == ({"text", "top_k"}, {"text"})


def test_the_limit_goes_by_the_name_that_the_parameters_use():
    assert drawing(max_new_tokens=9).body["max_tokens"] == 9
    request = dialect(max_completion_tokens=4096).draw("m", ask("hi"), None, 0, Sampling(), Keep())
    assert "max_tokens" not in request.body
    assert request.body["max_completion_tokens"] == 4096
    assert request.tokens >= 4096


def test_tokens_are_told_by_their_bytes():
    answer, _ = dialect().read_draw(drawing(), response(lines=content("a")))
    assert (answer.token_ids, answer.outlook.support_ids.tolist()) == ((A,), [[A, B]])
    assert answer.outlook.kind == "raw"
    unsure, _ = dialect().read_draw(drawing(temperature=0.7), response(lines=content("a")))
    assert unsure.outlook.kind == "unknown"


def test_an_outcome_that_cannot_be_told_stays_in_the_tail():
    answer, _ = dialect().read_draw(drawing(), response(lines=content("a", others=("a", "no such token"))))
    assert answer.outlook.support_ids.tolist() == [[A, -1]]
    assert answer.outlook.tail_mass.tolist() == [pytest.approx(0.5)]
    behind, _ = dialect().read_draw(drawing(), response(lines=content("b", others=("no such token", "b"), log_p=QUARTER)))
    assert (behind.outlook.support_ids.tolist(), behind.outlook.rank.tolist()) == ([[B, -1]], [2])
    twice, _ = dialect().read_draw(drawing(), response(lines=content("a", others=("b", "b"))))
    assert twice.outlook.support_ids.tolist() == [[-1, -1]]


def test_an_answer_with_a_token_that_cannot_be_told_is_text_with_its_log_probabilities():
    answer, _ = dialect().read_draw(drawing(), response({"content": "ax"}, content("a", "no such token")))
    assert (answer.text, answer.token_ids, len(answer.outlook)) == ("ax", (), 2)
    assert answer.outlook.support_ids.shape == (2, 0)


def test_dropped_log_probabilities_are_malformed():
    for lines, message in ((None, "no 'logprobs'"), (content("a", others=("a",)), "shows 1 outcomes and 2")):
        with pytest.raises(MalformedError, match=message):
            dialect().read_draw(drawing(), response(lines=lines))


def test_refusals_and_filtered_answers_are_kept():
    told, _ = dialect().read_draw(drawing(), response({"content": None, "refusal": "I cannot."}))
    assert (told.text, told.finish_reason) == ("I cannot.", "content_filter")
    cut, _ = dialect().read_draw(drawing(), response({"content": None}, reason="content_filter"))
    assert (cut.text, cut.finish_reason) == ("", "content_filter")


def test_reasoning_stands_in_front():
    answer, _ = dialect().read_draw(drawing(0), response({"content": "5", "reasoning_content": "2 and 3"}))
    assert (answer.text, answer.reasoning_field) == ("<think>2 and 3</think>5", "reasoning_content")


def test_ids_that_leave_out_the_reasoning_are_not_the_answers():
    apart, _ = dialect().read_draw(drawing(), response({"content": "a", "reasoning_content": "b"}, content("a")))
    assert (apart.text, apart.token_ids, len(apart.outlook)) == ("<think>b</think>a", (), 0)
    plain, _ = dialect().read_draw(drawing(), response({"content": "a"}, content("a")))
    assert (plain.token_ids, len(plain.outlook)) == ((A,), 1)


def test_a_content_in_parts_is_read():
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "5"}]
    answer, _ = dialect().read_draw(drawing(0), response({"content": parts}))
    assert (answer.text, answer.reasoning_field) == ("<think>hm</think>5", "thinking")
    with pytest.raises(MalformedError, match="of the type 'image_url'"):
        dialect().read_draw(drawing(0), response({"content": [{"type": "image_url"}]}))


def test_an_odd_response_is_asked_again_and_does_not_spoil_the_ledger(tmp_path, monkeypatch):
    monkeypatch.setattr("potstill.endpoints.retry.BASE", 0.01)
    odd, right = json.loads(response(lines=[None])), json.loads(response(lines=content("a")))
    spending = Spending(ledger=tmp_path / "ledger.sqlite")
    with PlainServer(lambda number, _: Reply(body=right if number else odd)) as server:
        for _ in range(2):
            model = open_model(f"{server.base}#m", Options(endpoint=Endpoint("openai", "world:a", spending=spending)))
            ((answer,),) = model.draw([ask("hi")], Sampling(), Keep(size=2))
            assert answer.token_ids == (A,)
        assert len(server.bodies) == 2


def test_bytes_that_are_none_are_malformed():
    lines = content("a")
    lines[0]["bytes"] = [300]
    with pytest.raises(MalformedError, match="another shape within"):
        dialect().read_draw(drawing(), response(lines=lines))


def test_it_scores_nothing_and_continues_nothing():
    with pytest.raises(CapabilityError, match="cannot score a text"):
        dialect().score("m", [1], 0, Keep())
    with pytest.raises(CapabilityError, match="cannot score a text"):
        dialect().read_score(drawing(), b"{}")
    with pytest.raises(CapabilityError, match="plain text"):
        dialect().draw("m", Prompt((), reference="a"), None, 0, Sampling(), Keep())


def test_a_call_of_a_tool_is_kept_as_an_error():
    answer, usage = dialect().read_draw(drawing(), response({"content": None, "tool_calls": [{}]}, reason="tool_calls"))
    assert (answer.text, answer.finish_reason, usage.completion_tokens) == ("", "error", 1)
