"""vLLM's dialect: requests and responses by hand, and the traps of its log-probabilities."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.dialects.vllm import VLLM
from potstill.errors import ModelError
from potstill.models import Answer, Endpoint, Given, Keep, LocalModel, Options, Sampling, open_model
from potstill.types import Prompt, Usage
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, world_tokenizer, write_model

HALF, QUARTER = math.log(0.5), math.log(0.25)


def dialect(*, tokenizer: bool = True, **parameters: Any) -> VLLM:
    return VLLM("http://h:8000/v1", Endpoint("vllm", parameters=parameters), world_tokenizer() if tokenizer else None)


def drawing(k: int = 2) -> Request:
    return dialect().draw("m", ask("hi"), (5, 6), 0, Sampling(max_new_tokens=3, seed=1), Keep(size=k))


def completion(**changes: Any) -> bytes:
    log_probs = {
        "token_logprobs": [QUARTER, HALF],
        "top_logprobs": [{"token_id:8": QUARTER, "token_id:9": HALF}, {"token_id:4": HALF, "token_id:9": QUARTER, "token_id:2": -9999.0}],
    }
    choice = {"text": "x", "finish_reason": "stop", "token_ids": [8, 4], "logprobs": log_probs, **changes}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 2, "completion_tokens": 2}}).encode()


def test_a_draw_sends_ids_and_undoes_the_models_own_sampling_defaults():
    request = drawing()
    assert request.url == "http://h:8000/v1/completions"
    assert request.body["prompt"] == [5, 6]
    assert (request.body["logprobs"], request.body["return_token_ids"], request.body["return_tokens_as_token_ids"]) == (2, True, True)
    assert (request.body["top_k"], request.body["min_p"], request.body["repetition_penalty"]) == (-1, 0.0, 1.0)
    assert request.tokens == 5
    assert dialect(priority=3).draw("m", ask("hi"), (5,), 0, Sampling(), Keep()).body["priority"] == 3


def test_without_a_tokenizer_conversations_go_to_the_servers_template_and_plain_text_as_text():
    chat = dialect(tokenizer=False).draw("m", ask("hi"), None, 0, Sampling(), Keep(size=2))
    assert chat.url.endswith("/chat/completions")
    assert (chat.body["logprobs"], chat.body["top_logprobs"]) == (True, 3)
    for kept, asked in ((0, 0), (1, 2), (19, 20), (20, 20), (64, 64)):
        chat = dialect(tokenizer=False).draw("m", ask("hi"), None, 0, Sampling(), Keep(size=kept))
        assert chat.body["top_logprobs"] == asked
    assert dialect(tokenizer=False).draw("m", Prompt((), reference="Once"), None, 0, Sampling(), Keep()).body["prompt"] == "Once"


def test_a_completion_is_read():
    answer, usage = dialect().read_draw(drawing(), completion())
    assert (answer.token_ids, answer.finish_reason, usage) == ((8, 4), "stop", Usage(2, 2))
    assert answer.outlook.support_ids.tolist() == [[9, 8], [4, 9]]
    np.testing.assert_allclose(answer.outlook.log_p, [QUARTER, HALF], rtol=1e-6)
    assert answer.outlook.rank.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"logprobs": None}, "no 'logprobs'"),
        ({"token_ids": None}, "no 'token_ids'"),
        ({"finish_reason": "abort"}, "finish reason is 'abort'"),
        ({"token_ids": [8]}, "1 tokens, and log-probabilities of 2"),
        ({"logprobs": {"token_logprobs": [HALF, HALF], "top_logprobs": [{" the": HALF}] * 2}}, "by its text"),
        ({"logprobs": {"token_logprobs": [HALF, HALF], "top_logprobs": [{"token_id:8": HALF}] * 2}}, "shows 1 outcomes"),
    ],
)
def test_what_is_missing_is_malformed(changes, message):
    with pytest.raises(MalformedError, match=message):
        dialect().read_draw(drawing(), completion(**changes))


def scored(*lines: Any) -> bytes:
    return json.dumps({"choices": [{"prompt_logprobs": list(lines)}], "usage": {}}).encode()


def outcome(log_p: float, rank: int) -> dict[str, Any]:
    return {"logprob": log_p, "rank": rank, "decoded_token": "x"}


def test_a_prompts_log_probabilities_are_read_with_their_ranks():
    (request,) = dialect().score("m", [5, 6, 7], 2, Keep(size=1))
    assert (request.body["prompt_logprobs"], request.body["max_tokens"]) == (1, 1)
    line = {"7": outcome(math.log(0.1), 14), "9": outcome(HALF, 1)}
    seen, _ = dialect().read_score(request, scored(None, {"6": outcome(HALF, 1)}, line))
    assert (seen.support_ids.tolist(), seen.rank.tolist()) == ([[9]], [14])
    assert seen.tail_mass.tolist() == [pytest.approx(0.5)]
    for lines, message in (([None], "log-probabilities of 1"), ([None, line, None], "no log-probability"), ([None, line, {}], "is None")):
        with pytest.raises(MalformedError, match=message):
            dialect().read_score(request, scored(*lines))


def test_each_text_is_scored_under_a_salt_of_its_own():
    salts = {dialect().score("m", ids, 1, Keep(size=k))[0].body["cache_salt"] for ids in ([5, 6], [5, 7]) for k in (1, 2)}
    assert len(salts) == 4


def test_where_nothing_is_kept_ids_and_log_probabilities_may_be_missing():
    both, _ = dialect().read_draw(drawing(0), completion())
    assert (both.token_ids, len(both.outlook), both.outlook.support_ids.shape) == ((8, 4), 2, (2, 0))
    ids, _ = dialect().read_draw(drawing(0), completion(logprobs=None))
    assert (ids.token_ids, len(ids.outlook)) == ((8, 4), 0)
    text, _ = dialect().read_draw(drawing(0), completion(logprobs={"token_logprobs": [HALF, HALF]}, token_ids=None))
    assert (text.text, text.token_ids, len(text.outlook)) == ("x", (), 0)
    with pytest.raises(MalformedError, match="2 tokens, and log-probabilities of 1"):
        dialect().read_draw(drawing(0), completion(logprobs={"token_logprobs": [HALF]}))


def test_the_advice_follows_what_is_wrong():
    collided = {"token_logprobs": [HALF, HALF], "top_logprobs": [{"token_id:8": HALF}] * 2}
    named = {"token_logprobs": [HALF, HALF], "top_logprobs": [{" the": HALF}] * 2}
    for log_probs, advice in ((None, "returns log-probabilities"), (collided, "lower top_k"), (named, "return_tokens_as_token_ids")):
        with pytest.raises(MalformedError) as told:
            dialect().read_draw(drawing(), completion(logprobs=log_probs))
        assert advice in told.value.fix


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"), vocabulary=len(world_tokenizer()))


def served(server: Server, folder: Any) -> Any:
    return open_model(server.url, Options(endpoint=Endpoint("vllm", f"hf:{folder}", concurrency=2)))


def test_a_stale_prefix_cache_does_not_reach_the_scores(folder):
    local = open_model(f"hf:{folder}")
    assert isinstance(local, LocalModel)
    texts = [Given(Prompt((), reference=f"Ann has a red pen and {end}")) for end in ("a cat", "a dog", "a cup")]
    with Server(folder, Behaviour(stale_cache=True)) as server:
        found = served(server, folder).score(texts, Keep(size=2))
        ids = list(server.bodies[-1][1]["prompt"])
        once, twice = (server.network.read(ids, "shared") for _ in range(2))
    assert np.abs(once - twice).max() > 0.1
    for one, other in zip(found, local.score(texts, Keep(size=2)), strict=True):
        np.testing.assert_allclose(one.outlook.log_p, other.outlook.log_p, atol=1e-4)


def test_colliding_names_are_found(folder, monkeypatch):
    monkeypatch.setattr("potstill.endpoints.retry.BASE", 0.01)
    with Server(folder, Behaviour(collide=True)) as server:
        with pytest.raises(ModelError, match=r"colliding names|not the one among"):
            served(server, folder).draw([ask("What is 2+3?")], Sampling(max_new_tokens=20), Keep(size=20))


def test_a_floor_does_not_become_probability(folder):
    with Server(folder, Behaviour(floor=-9999.0)) as server:
        ((answer,),) = served(server, folder).draw([ask("hi")], Sampling(temperature=0, max_new_tokens=3), Keep(size=4))
    assert np.isfinite(answer.outlook.log_p).all()


def drawn(server: Server, name: str, tokenizer: str | None, k: int) -> Answer:
    model = open_model(server.url, Options(endpoint=Endpoint(name, tokenizer)))
    return model.draw([ask("What is 2+3?")], Sampling(max_new_tokens=12, seed=1), Keep(size=k))[0][0]


@pytest.mark.parametrize("k", [1, 5])
def test_a_chat_says_what_a_completion_says(folder, k):
    with Server(folder) as server:
        chat, completed = drawn(server, "vllm", None, k), drawn(server, "vllm", f"hf:{folder}", k)
    assert chat.token_ids == completed.token_ids
    assert 0 in chat.outlook.rank
    assert chat.outlook.rank.tolist() == completed.outlook.rank.tolist()
    np.testing.assert_array_equal(chat.outlook.support_ids, completed.outlook.support_ids)
    np.testing.assert_allclose(chat.outlook.tail_mass, completed.outlook.tail_mass, atol=1e-5)


@pytest.mark.parametrize(("name", "k"), [("vllm", 20), ("openai", 1), ("openai", 5)])
def test_a_chat_that_cannot_be_asked_for_more_leaves_out_what_it_cannot_tell(folder, name, k):
    with Server(folder, Behaviour(sampled_first=True, max_logprobs=20)) as server:
        chat, completed = drawn(server, name, f"hf:{folder}" if name == "openai" else None, k), drawn(server, "vllm", f"hf:{folder}", k)
    assert chat.token_ids == completed.token_ids[: len(chat.token_ids)]
    short = 0
    for place, ids in enumerate(chat.outlook.support_ids):
        whole, kept = completed.outlook.support_ids[place].tolist(), [token for token in ids.tolist() if token >= 0]
        assert kept == whole[: len(kept)]
        assert len(kept) == k or (len(kept) == k - 1 and chat.outlook.rank[place] == 0)
        short += len(kept) < k
    assert short > 0 or k == 1
    both = np.stack([chat.outlook.rank, completed.outlook.rank[: len(chat.outlook)]])
    assert (both[0][both[0] > 0] == both[1][both[0] > 0]).all()


def test_a_text_is_drawn_from_a_server_that_tells_neither_ids_nor_log_probabilities(folder):
    with Server(folder, Behaviour(drop_logprobs=True, no_ids=True)) as server:
        answer, local = drawn(server, "vllm", f"hf:{folder}", 0), drawn(server, "vllm", None, 0)
        assert len(server.bodies) == 2
    assert answer.text == local.text != ""
    assert (answer.token_ids, len(answer.outlook)) == ((), 0)
