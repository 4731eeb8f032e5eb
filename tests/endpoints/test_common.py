"""What dialects share: addresses, parameters, seeds, limits."""

from __future__ import annotations

from typing import Any

import pytest

from potstill.endpoints.base import MalformedError, Request
from potstill.endpoints.common import CommonDialect, about, draw_identity, merged, messages_of, most_tokens, seed_of, token_number
from potstill.endpoints.retry import AbsentError
from potstill.errors import CapabilityError, ModelError, RecipeError
from potstill.models.base import Endpoint, Keep, Sampling
from potstill.types import Prompt
from tests.models.small import ask, world_tokenizer


def dialect(address: str, **parameters: Any) -> CommonDialect:
    return CommonDialect(address, Endpoint(parameters=parameters), None)


def test_addresses_with_and_without_a_version():
    assert (dialect("http://h:1/v1").root, dialect("http://h:1/v1/").v1) == ("http://h:1", "http://h:1/v1")
    assert (dialect("http://h:1").root, dialect("http://h:1").v1) == ("http://h:1", "http://h:1/v1")
    assert dialect("https://h/api/v1beta").v1 == "https://h/api/v1beta"


def test_parameters_join_the_body_and_may_not_stand_in_for_settings():
    assert merged({"a": 1, "inner": {"b": 2}}, {"c": 3, "inner": {"d": 4}}) == {"a": 1, "c": 3, "inner": {"b": 2, "d": 4}}
    with pytest.raises(RecipeError, match=r"teachers.parameters.inner: 'b' is set by potstill"):
        merged({"inner": {"b": 2}}, {"inner": {"b": 3}})


def test_seeds_differ_by_prompt_and_draw_and_repeat():
    seeds = {seed_of(Sampling(seed=1), prompt, sample) for prompt in (ask("a"), ask("b")) for sample in range(4)}
    assert len(seeds) == 8
    assert all(0 <= seed < 1 << 31 for seed in seeds)
    assert seed_of(Sampling(seed=1), ask("a"), 0) in seeds
    assert seed_of(Sampling(seed=2), ask("a"), 0) not in seeds


def test_draws_with_the_same_body_are_different_requests():
    one, other = (Request("u", {}, draw_identity(sample, Keep(size=2))) for sample in (0, 1))
    assert one.key != other.key


def test_the_context_is_the_models_own_or_unknown():
    cards = {"data": [{"id": "a", "max_model_len": 10}, {"id": "b"}]}
    assert [dialect("http://h").context(model, lambda path, body=None: cards) for model in ("a", "b", "c")] == [10, None, None]

    def unreachable(path: str, body: Any = None) -> Any:
        raise ModelError("no answer")

    with pytest.raises(ModelError, match="no answer"):
        dialect("http://h").context("a", unreachable)

    def absent(path: str, body: Any = None) -> Any:
        raise AbsentError("nothing there")

    assert dialect("http://h").context("a", absent) is None


def test_the_most_tokens_of_a_draw():
    assert most_tokens(ask("é"), (1, 2, 3), Sampling(max_new_tokens=5)) == 8
    assert most_tokens(ask("é"), None, Sampling(max_new_tokens=5)) == 2 + 64 + 5


def test_what_is_asked_of_a_position_is_at_most_the_vocabulary():
    known = CommonDialect("http://h", Endpoint(), world_tokenizer())
    request = Request("u", {}, {"top_k": "100000"})
    assert (known.asked(request).top_k, known.asked(request).shown) == (100000, len(world_tokenizer()))


def test_chat_apis_take_conversations_only():
    assert messages_of(ask("hi"), "h") == [{"role": "user", "content": "hi"}]
    with pytest.raises(CapabilityError, match="plain text"):
        messages_of(Prompt((), reference="text"), "h")
    assert about(ask("hi", source="file:3")) == "file:3"


def test_tokens_are_told_by_their_number():
    assert token_number("token_id:12") == 12
    for name in ("12", " the", "token_id:", "token_id:x"):
        with pytest.raises(MalformedError, match="by its text"):
            token_number(name)
