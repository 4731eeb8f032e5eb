"""SGLang's dialect: flat arrays in base64, nested lists, and draws that are scored afterwards."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.dialects.sglang import SGLang
from potstill.errors import ModelError
from potstill.models import Endpoint, Given, Keep, Options, Sampling, open_model
from potstill.types import Usage
from tests.endpoints.server import Behaviour, Server
from tests.models.small import ask, world_tokenizer, write_model

HALF, QUARTER = math.log(0.5), math.log(0.25)
IDS, VALUES = np.array([[9, 8], [4, 9]], "<i4"), np.array([[HALF, QUARTER], [HALF, QUARTER]], "<f4")


def dialect() -> SGLang:
    return SGLang("http://h:30000/v1", Endpoint("sglang"), world_tokenizer())


def drawing(**sampling: Any) -> Request:
    return dialect().draw("m", ask("hi"), (5, 6), 0, Sampling(**sampling), Keep(size=2))


def flat(side: str, skipped: int, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {f"{side}_top_logprobs_shape": [2, 2], f"{side}_top_logprobs_null_prefix": skipped}
    for name, array in (("idx", IDS), ("val", VALUES)):
        fields[f"{side}_top_logprobs_{name}_flat_b64"] = base64.b64encode(array.tobytes()).decode()
        fields[f"{side}_top_logprobs_{name}_flat_b64_dtype"] = array.dtype.name
    return {**fields, **changes}


def response(**meta: Any) -> bytes:
    usual = {"finish_reason": {"type": "stop", "matched": 4}, "prompt_tokens": 2, "completion_tokens": 2, "cached_tokens": 1}
    tokens = {"output_token_logprobs": [[QUARTER, 8, None], [HALF, 4, None]]}
    return json.dumps({"text": "x", "output_ids": [8, 4], "meta_info": {**usual, **tokens, **meta}}).encode()


def test_a_draw_sends_ids_and_asks_for_flat_arrays():
    request = drawing()
    assert request.url == "http://h:30000/generate"
    assert request.body["input_ids"] == [5, 6]
    assert request.body["sampling_params"]["top_k"] == -1
    assert request.body["return_flat_raw_top_logprobs_b64"]
    assert request.identity["model"] == "m"


def test_draws_at_other_temperatures_are_scored_afterwards():
    assert not dialect().scores_draws(Sampling(temperature=1.0))
    assert not dialect().scores_draws(Sampling(temperature=0.0))
    assert dialect().scores_draws(Sampling(temperature=0.7))
    request = drawing(temperature=0.7)
    assert "return_logprob" not in request.body
    answer, _ = dialect().read_draw(request, response())
    assert (answer.token_ids, len(answer.outlook)) == ((8, 4), 0)


@pytest.mark.parametrize(
    "told",
    [
        flat("output", 0),
        {
            "output_top_logprobs_shape": [2, 2],
            "output_top_logprobs_null_prefix": 0,
            "output_top_logprobs_idx_flat": IDS.ravel().tolist(),
            "output_top_logprobs_val_flat": VALUES.ravel().tolist(),
        },
        {"output_top_logprobs": [[[HALF, 9, None], [QUARTER, 8, None]], [[HALF, 4, None], [QUARTER, 9, None]]]},
    ],
    ids=["base64", "flat", "nested"],
)
def test_outcomes_are_read_in_every_form(told):
    answer, usage = dialect().read_draw(drawing(), response(**told))
    assert (answer.token_ids, answer.finish_reason, usage) == ((8, 4), "stop", Usage(2, 2, cached_tokens=1))
    np.testing.assert_array_equal(answer.outlook.support_ids, IDS)
    np.testing.assert_allclose(answer.outlook.support_log_p, VALUES, rtol=1e-6)
    assert answer.outlook.rank.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"output_token_logprobs": None}, "no 'output_token_logprobs'"),
        ({"output_token_logprobs": [[HALF]]}, "not a list of log-probabilities with ids"),
        ({}, "no 'output_top_logprobs'"),
        (flat("output", 1), "do not begin where"),
        (flat("output", 0, output_top_logprobs_shape=[3, 2]), "do not have the shape"),
        (flat("output", 0, output_top_logprobs_val_flat_b64="?"), "cannot be read"),
        (flat("output", 0, output_top_logprobs_val_flat_b64_dtype="strange"), "cannot be read"),
        ({"output_top_logprobs": [None, None]}, "no likeliest tokens"),
        ({"finish_reason": {"type": "abort"}}, "finish reason is 'abort'"),
    ],
)
def test_what_is_missing_is_malformed(meta, message):
    with pytest.raises(MalformedError, match=message):
        dialect().read_draw(drawing(), response(**meta))


def test_a_text_is_scored_from_the_token_before():
    (request,) = dialect().score("m", [5, 8, 4], 1, Keep(size=2))
    assert request.body["logprob_start_len"] == 0
    assert request.body["sampling_params"]["max_new_tokens"] == 0
    lines = [[None, 5, None], [QUARTER, 8, None], [HALF, 4, None]]
    seen, _ = dialect().read_score(request, response(input_token_logprobs=lines, **flat("input", 1)))
    np.testing.assert_array_equal(seen.support_ids, IDS)
    with pytest.raises(MalformedError, match="not the 3 that were sent"):
        dialect().read_score(request, response(input_token_logprobs=lines[1:], **flat("input", 1)))


def test_the_vocabularys_last_id_may_be_shown_as_0():
    last = len(world_tokenizer()) - 1
    (request,) = dialect().score("m", [5, 8, last], 1, Keep(size=2))
    lines = [[None, 5, None], [QUARTER, 8, None], [HALF, 0, None]]
    top = flat("input", 1)
    shown = base64.b64encode(np.array([[9, 8], [last, 9]], "<i4").tobytes()).decode()
    seen, _ = dialect().read_score(request, response(input_token_logprobs=lines, **{**top, "input_top_logprobs_idx_flat_b64": shown}))
    assert seen.rank.tolist() == [2, 1]
    (other,) = dialect().score("m", [5, 8, 4], 1, Keep(size=2))
    with pytest.raises(MalformedError, match="not the 3 that were sent"):
        dialect().read_score(other, response(input_token_logprobs=lines, **top))


def test_where_nothing_is_kept_log_probabilities_may_be_missing():
    request = dialect().draw("m", ask("hi"), (5, 6), 0, Sampling(), Keep())
    answer, _ = dialect().read_draw(request, response(output_token_logprobs=None))
    assert (answer.token_ids, len(answer.outlook)) == ((8, 4), 0)


def test_it_needs_a_tokenizer():
    with pytest.raises(ModelError, match="needs a tokenizer"):
        SGLang("http://h/v1", Endpoint("sglang"), None)


def test_ragged_rows_give_the_same_answers(tmp_path):
    folder = write_model(tmp_path)
    found = []
    for behaviour in (Behaviour(), Behaviour(ragged=True)):
        with Server(folder, behaviour) as server:
            model = open_model(server.url, Options(endpoint=Endpoint("sglang", f"hf:{folder}")))
            found.append(model.draw([ask("hi")], Sampling(temperature=0, max_new_tokens=4), Keep(size=3))[0][0])
    np.testing.assert_array_equal(found[0].outlook.support_ids, found[1].outlook.support_ids)
    np.testing.assert_allclose(found[0].outlook.support_log_p, found[1].outlook.support_log_p, atol=1e-6)


def test_a_text_with_the_vocabularys_last_token_is_scored(tmp_path):
    tokenizer = world_tokenizer()
    folder = write_model(tmp_path, vocabulary=len(tokenizer))
    given = Given(ask("hi"), "x", token_ids=(9, len(tokenizer) - 1, 8))
    with Server(folder) as server:
        found = open_model(server.url, Options(endpoint=Endpoint("sglang", f"hf:{folder}"))).score([given], Keep(size=2))[0]
    local = open_model(f"hf:{folder}").score([given], Keep(size=2))[0]
    np.testing.assert_allclose(found.outlook.log_p, local.outlook.log_p, atol=1e-4)
