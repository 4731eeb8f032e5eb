"""The test server itself: it answers as the model in this process does, and errs as it is told."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import pytest

from potstill.models import LocalModel, Sampling, open_model
from potstill.text.chat import render
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, write_model


def post(server: Server, path: str, body: dict[str, Any], **headers: str) -> Any:
    request = urllib.request.Request(server.root + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(folder) -> LocalModel:
    opened = open_model(f"hf:{folder}")
    assert isinstance(opened, LocalModel)
    return opened


def test_it_answers_as_the_model_does(folder, model):
    prompt = ask("What is 2+3?")
    ((expected,),) = model.draw([prompt], Sampling(temperature=0, max_new_tokens=8))
    ids = list(render(model.tokenizer, prompt, None).input_ids)
    with Server(folder) as server:
        body = {"model": "tiny", "prompt": ids, "max_tokens": 8, "temperature": 0, "logprobs": 0, "return_token_ids": True}
        choice = post(server, "/v1/completions", body)["choices"][0]
    assert tuple(choice["token_ids"]) == expected.token_ids
    np.testing.assert_allclose(choice["logprobs"]["token_logprobs"], expected.outlook.log_p, atol=1e-4)


def test_faults_pass_and_are_counted(folder):
    with Server(folder, Behaviour(share=1.0, faults=("500",))) as server:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError, match="500"):
                post(server, "/v1/completions", {"prompt": [5], "max_tokens": 1}, **{"Idempotency-Key": "a"})
        assert list(server.attempts.values()) == [2]
        assert server.faults == {"500": 2}
        assert not server.answered


def test_a_request_that_comes_again_under_its_key_is_charged_once(folder):
    with Server(folder) as server:
        one, other = (post(server, "/v1/completions", {"prompt": [5], "max_tokens": 4}, **{"Idempotency-Key": "a"}) for _ in range(2))
        assert one == other
        assert server.answered == {"a": 1}


def test_a_wrong_key_an_unknown_model_and_a_long_prompt_are_refused(folder):
    with Server(folder, Behaviour(key="right")) as server:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            post(server, "/v1/completions", {"prompt": [5], "max_tokens": 1})
        with pytest.raises(urllib.error.HTTPError, match="404"):
            post(server, "/v1/completions", {"model": "other", "prompt": [5]}, Authorization="Bearer right")
        with pytest.raises(urllib.error.HTTPError, match="400"):
            post(server, "/v1/completions", {"prompt": [5] * 999}, Authorization="Bearer right")


def completion(server: Server, **settings: Any) -> Any:
    body = {"prompt": "What is", "max_tokens": 8, "logprobs": 3, "return_token_ids": True, **settings}
    return post(server, "/v1/completions", body)["choices"][0]


def test_parameters_are_ignored_where_it_is_told_to(folder):
    with Server(folder, Behaviour(ignores=frozenset({"seed", "temperature"}))) as server:
        drawn = {completion(server, seed=1)["text"] for _ in range(4)}
        assert len(drawn) > 1
    with Server(folder) as server:
        assert len({completion(server, seed=1)["text"] for _ in range(4)}) == 1


def test_log_probabilities_are_scaled_where_it_is_told_to(folder):
    greedy = {"temperature": 0.5, "top_p": 1e-9, "max_tokens": 1}
    found = []
    for behaviour in (Behaviour(), Behaviour(scaled=True)):
        with Server(folder, behaviour) as server:
            found.append(completion(server, **greedy)["logprobs"]["token_logprobs"][0])
    assert found[1] > found[0]


def test_bos_is_doubled_in_text_where_it_is_told_to(data_dir):
    stories = data_dir / "stories260K" / "hf"
    for behaviour, count in ((Behaviour(), 1), (Behaviour(double_bos=True), 2)):
        with Server(stories, behaviour) as server:
            assert completion(server, max_tokens=1)["prompt_token_ids"].count(1) == count


def test_log_probabilities_and_ids_are_dropped_where_it_is_told_to(folder):
    with Server(folder, Behaviour(drop_logprobs=True, no_ids=True)) as server:
        choice = completion(server)
    assert choice["logprobs"] is None
    assert "token_ids" not in choice
