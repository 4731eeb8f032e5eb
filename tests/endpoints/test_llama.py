"""The same weights through llama.cpp's own server and through transformers: one text, one distribution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from potstill.endpoints.teacher import EndpointTeacher
from potstill.errors import ModelError
from potstill.models import Answer, Endpoint, Given, Keep, LocalModel, Options, Sampling, open_model
from potstill.types import Prompt
from tests.endpoints.llama import llama_server

STORIES = [Prompt((), reference=text) for text in ("Once upon a time", "Tom and Lily went to the", "The dog was")]
KEEP = Keep(size=10)
NATS = {"f16": 1e-2, "f32": 1e-3}
"""How far apart the two engines may be at a realised token, by the number type of llama.cpp's cache; measured: 5e-3 and 4e-6."""


@pytest.fixture(scope="module")
def stories(data_dir: Path) -> Path:
    folder = data_dir / "stories260K"
    if not (folder / "gguf" / "stories260K-f32.gguf").is_file():
        pytest.skip("no stories260K among the shared data")
    return folder


@pytest.fixture(scope="module")
def local(stories: Path) -> LocalModel:
    model = open_model(f"hf:{stories / 'hf'}")
    assert isinstance(model, LocalModel)
    return model


@pytest.fixture(scope="module", params=["f16", "f32"])
def served(request: pytest.FixtureRequest, stories: Path) -> Iterator[tuple[EndpointTeacher, float]]:
    """The model behind llama.cpp's server, and the nats that it may be off."""
    with llama_server(stories / "gguf" / "stories260K-f32.gguf", exact=request.param == "f32") as address:
        endpoint = Endpoint("llama_cpp", f"hf:{stories / 'hf'}", concurrency=1, timeout=60)
        model = open_model(f"{address}/v1#stories260K", Options(endpoint=endpoint))
        assert isinstance(model, EndpointTeacher)
        yield model, NATS[request.param]


def check_seen(one: Answer, other: Answer, nats: float) -> None:
    """What was expected is the same; float16 moves outcomes of a ten-thousandth by more nats, and by less probability."""
    seen, expected = one.outlook, other.outlook
    assert np.abs(seen.log_p - expected.log_p).max() <= nats
    assert np.abs(seen.tail_mass - expected.tail_mass).max() <= nats
    assert np.abs(np.exp(seen.support_log_p) - np.exp(expected.support_log_p)).max() <= nats
    if nats <= NATS["f32"]:
        assert np.abs(seen.support_log_p - expected.support_log_p).max() <= nats


def check_same(one: Answer, other: Answer, nats: float) -> None:
    """The same text in the same tokens, and the same expectation."""
    assert (one.text, one.token_ids, one.token_ends) == (other.text, other.token_ids, other.token_ends)
    assert one.finish_reason == other.finish_reason
    check_seen(one, other, nats)


def test_greedy_stories_are_the_same_token_by_token(served, local):
    teacher, nats = served
    sampling = Sampling(temperature=0, max_new_tokens=120)
    for (one,), (other,) in zip(teacher.draw(STORIES, sampling, KEEP), local.draw(STORIES, sampling, KEEP), strict=True):
        assert len(one.token_ids) == 120
        check_same(one, other, nats)


def test_a_drawn_story_is_scored_by_the_local_model_as_by_the_server(served, local):
    teacher, nats = served
    ((one,),) = teacher.draw(STORIES[:1], Sampling(temperature=0.8, top_p=0.9, max_new_tokens=60, seed=4), KEEP)
    (other,) = local.score([Given(STORIES[0], one.text, one.token_ids, one.finish_reason)], KEEP)
    check_seen(one, other, nats)


def test_given_texts_are_scored_the_same(served, local):
    teacher, nats = served
    texts = [Given(STORIES[0], ", there was a little girl.", finish_reason="stop"), Given(Prompt((), reference="One day, Tom ran."))]
    for one, other in zip(teacher.score(texts, KEEP), local.score(texts, KEEP), strict=True):
        check_same(one, other, nats)


def test_without_a_tokenizer_the_server_encodes(served, local):
    teacher, nats = served
    alone = open_model(teacher.name, Options(endpoint=Endpoint("llama_cpp", concurrency=1)))
    sampling = Sampling(temperature=0, max_new_tokens=20)
    ((one,),), ((other,),) = alone.draw(STORIES[:1], sampling, KEEP), local.draw(STORIES[:1], sampling, KEEP)
    assert one.token_ids == other.token_ids
    check_seen(one, other, nats)


def test_a_prompt_longer_than_its_context_is_told(served):
    teacher, _ = served
    assert teacher.context == 512
    with pytest.raises(ModelError, match="the server's context holds 512"):
        teacher.draw([Prompt((), reference="a " * 600)], Sampling())


def test_a_story_ends_where_the_next_would_begin(served, local):
    teacher, nats = served
    sampling = Sampling(temperature=0, max_new_tokens=400)
    ((one,),), ((other,),) = teacher.draw(STORIES[:1], sampling, KEEP), local.draw(STORIES[:1], sampling, KEEP)
    assert one.token_ids[-1] == local.tokenizer.bos_token_id
    check_same(one, other, nats)
