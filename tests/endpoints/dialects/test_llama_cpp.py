"""llama.cpp's dialect: requests and responses by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.dialects.llama_cpp import LlamaCpp
from potstill.errors import CapabilityError, ModelError
from potstill.models import Endpoint, Keep, Options, Sampling, open_model
from potstill.types import Prompt, Usage
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, world_tokenizer, write_model

HALF, QUARTER = math.log(0.5), math.log(0.25)


def dialect(*, tokenizer: bool = True) -> LlamaCpp:
    return LlamaCpp("http://h:8080/v1", Endpoint("llama_cpp"), world_tokenizer() if tokenizer else None)


def drawing(k: int = 2) -> Request:
    return dialect().draw("m", ask("hi"), (5, 6), 0, Sampling(seed=1), Keep(size=k))


def line(token: int, log_p: float, *others: tuple[int, float]) -> dict[str, Any]:
    return {"id": token, "logprob": log_p, "top_logprobs": [{"id": i, "logprob": v} for i, v in others]}


LINES = [line(8, QUARTER, (9, HALF), (8, QUARTER)), line(4, HALF, (4, HALF), (9, QUARTER))]


def response(**changes: Any) -> bytes:
    usual = {"content": "x", "tokens": [8, 4], "stop_type": "eos", "completion_probabilities": LINES}
    counts = {"tokens_evaluated": 2, "tokens_predicted": 2, "timings": {"cache_n": 0}}
    return json.dumps({**usual, **counts, **changes}).encode()


def test_a_draw_undoes_the_servers_own_samplers_and_its_cache():
    body = drawing().body
    assert (body["samplers"], body["top_k"], body["min_p"]) == (["temperature", "top_p"], 0, 0.0)
    assert (body["cache_prompt"], body["post_sampling_probs"], body["return_tokens"]) == (False, False, True)
    assert (body["n_probs"], drawing(0).body["n_probs"]) == (2, 1)


@pytest.mark.parametrize("tokens", [[8, 4], [8]], ids=["with the end token", "without"])
def test_the_end_token_is_the_last(tokens):
    answer, usage = dialect().read_draw(drawing(), response(tokens=tokens))
    assert (answer.token_ids, answer.finish_reason, usage) == ((8, 4), "stop", Usage(2, 2, cached_tokens=0))
    assert answer.outlook.support_ids.tolist() == [[9, 8], [4, 9]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"completion_probabilities": None}, "no 'completion_probabilities'"),
        ({"tokens": []}, "0 tokens, and log-probabilities of 2"),
        ({"tokens": [8, 5]}, "2 tokens, and log-probabilities of 2"),
        ({"tokens": [8], "stop_type": "limit"}, "1 tokens, and log-probabilities of 2"),
        ({"stop_type": "none"}, "finish reason is 'none'"),
    ],
)
def test_what_is_missing_is_malformed(changes, message):
    with pytest.raises(MalformedError, match=message):
        dialect().read_draw(drawing(), response(**changes))


def test_where_nothing_is_kept_log_probabilities_may_be_missing():
    answer, _ = dialect().read_draw(drawing(0), response(completion_probabilities=None))
    assert (answer.token_ids, len(answer.outlook)) == ((8, 4), 0)
    with pytest.raises(MalformedError):
        dialect().read_draw(drawing(0), response(completion_probabilities=[None]))


def test_a_text_is_scored_a_token_a_request():
    requests = dialect().score("m", [5, 8, 4], 1, Keep(size=2))
    assert [request.body["prompt"] for request in requests] == [[5], [5, 8]]
    assert [request.body["logit_bias"] for request in requests] == [[[8, 1000.0]], [[4, 1000.0]]]
    seen, _ = dialect().read_score(requests[0], response(tokens=[8], completion_probabilities=LINES[:1]))
    assert (seen.support_ids.tolist(), seen.rank.tolist()) == ([[9, 8]], [2])
    with pytest.raises(MalformedError, match="the token 4 was to come"):
        dialect().read_score(requests[1], response(completion_probabilities=LINES[:1]))


def test_without_a_tokenizer_the_server_templates_and_encodes():
    asked = []

    def ask_server(path: str, body: Any = None) -> Any:
        asked.append((path, body))
        return {"prompt": "<hi>"} if path == "/apply-template" else {"tokens": [1, 2]}

    alone = dialect(tokenizer=False)
    assert alone.gives == {"text", "top_k"}
    assert alone.prompt_ids(ask("hi"), ask_server) == [1, 2]
    assert alone.prompt_ids(Prompt((), reference="Once"), ask_server) == [1, 2]
    assert [path for path, _ in asked] == ["/apply-template", "/tokenize", "/tokenize"]
    assert [body["content"] for path, body in asked if path == "/tokenize"] == ["<hi>", "Once"]


def test_the_context_is_that_of_a_slot():
    assert dialect().context("m", lambda path, body=None: {"default_generation_settings": {"n_ctx": 64}}) == 64
    assert dialect().context("m", lambda path, body=None: {}) is None

    def unreachable(path: str, body: Any = None) -> Any:
        raise ModelError("no answer")

    with pytest.raises(ModelError, match="no answer"):
        dialect().context("m", unreachable)


def test_an_old_server_is_told_apart(tmp_path):
    folder = write_model(tmp_path)
    with Server(folder, Behaviour(old_llama=True)) as server:
        model = open_model(server.url, Options(endpoint=Endpoint("llama_cpp", f"hf:{folder}")))
        with pytest.raises(CapabilityError, match="probabilities after sampling"):
            model.draw([ask("hi")], Sampling(max_new_tokens=2), Keep(size=2))
