from __future__ import annotations

import numpy as np
import pytest
import torch

from potstill.errors import ModelError
from potstill.models.base import Bounded, Given, Keep, Sampling, Teacher
from potstill.models.local import Loaded, LocalModel, weights_digest
from potstill.types import Prompt
from tests.models.small import ask, small_network, world_tokenizer
from tests.text.pieces import of_words


@pytest.fixture(scope="module")
def model():
    return LocalModel.of(small_network(), world_tokenizer(), "small")


def test_it_is_a_teacher(model):
    assert isinstance(model, Teacher)
    assert model.gives == {"text", "top_k", "score", "full", "hidden_states", "gradients"}
    assert model.context == 128


def text(words: str) -> Given:
    return Given(Prompt((), reference=words))


def test_drawing(model):
    prompts = [ask("What is 2+3?"), ask("Sort 3, 1."), Prompt((), reference="plain text goes on")]
    drawn = model.draw(prompts, Sampling(n=2, max_new_tokens=8), Keep(size=5))
    assert [len(group) for group in drawn] == [2, 2, 2]
    for answer in (one for group in drawn for one in group):
        assert answer.text == model.tokenizer.decode(answer.token_ids, skip_special_tokens=True)
        assert answer.outlook.support_ids.shape == (len(answer.token_ids), 5)
        assert answer.finish_reason == ("stop" if answer.token_ids[-1] in model.end_ids else "length")


def test_an_answer_knows_whether_its_template_began_a_thought(model):
    tokenizer = world_tokenizer()
    thinker = LocalModel.of(small_network(), tokenizer, "thinker")
    tokenizer.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    sampling = Sampling(max_new_tokens=2)
    assert [one.draw([ask("2 + 2?")], sampling)[0][0].thinking for one in (thinker, model)] == [True, False]


def test_a_scored_text_has_ends_whatever_stands_before_its_first_word():
    tokenizer = of_words()
    scorer = LocalModel.of(small_network(vocabulary=len(tokenizer), bos_token_id=1, eos_token_id=2), tokenizer, "words")
    before = Prompt((), reference="They found the toy")
    (answer,) = scorer.score([Given(before, " soft rainbow 🙂", finish_reason="length")])
    assert answer.token_ends[-1] == len(" soft rainbow 🙂".encode())
    assert len(answer.token_ends) == len(answer.token_ids)


def test_scoring_agrees_with_the_network(model):
    (answer,) = model.score([text("Ann has 3 pens.")], Keep(size=4))
    ids = model.tokenizer("Ann has 3 pens.")["input_ids"]
    with torch.no_grad():
        expected = model.network(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    assert answer.token_ids == tuple(ids[1:])  # this tokenizer has no BOS: nothing predicts the first token
    np.testing.assert_allclose(answer.outlook.log_p, expected[range(len(ids) - 1), ids[1:]].numpy(), atol=1e-5)


def test_whether_a_text_can_be_scored_is_told_beforehand(model):
    assert isinstance(model, Bounded)
    room = 128 - len(model.score([Given(ask("a"), "b")])[0].token_ids)
    for given in (Given(ask("a"), "1" * words, finish_reason="length") for words in (1, 20, room, 200)):
        try:
            model.score([given])
        except ModelError:
            assert not model.can_score(given)
        else:
            assert model.can_score(given)
    assert not model.can_score(text("1" * 500))
    assert not model.can_score(text(""))


def test_texts_that_cannot_be_scored(model):
    with pytest.raises(ModelError, match="and the context holds 128"):
        model.score([text("pen " * 400)])
    with pytest.raises(ModelError, match="no token to predict"):
        model.score([text("")])


def test_answers_end_at_every_end_token():
    network, tokenizer = small_network(), world_tokenizer()
    network.generation_config.eos_token_id = [7, 9]
    tokenizer.bos_token = "<system>"
    assert LocalModel.of(network, tokenizer, "x").end_ids == {7, 9, tokenizer.eos_token_id, 1}


def test_weights_are_read_when_needed():
    def load() -> Loaded:
        raise ModelError("loaded too early")

    model = LocalModel("lazy", load, lambda: {"weights": "abc"})
    assert model.identity() == {"weights": "abc"}
    with pytest.raises(ModelError, match="too early"):
        _ = model.network


def test_identity_follows_weights_and_template():
    network, tokenizer = small_network(), world_tokenizer()
    before = LocalModel.of(network, tokenizer, "x").identity()
    assert before == LocalModel.of(small_network(), world_tokenizer(), "x").identity()
    tokenizer.chat_template += " "
    changed = LocalModel.of(network, tokenizer, "x").identity()
    assert {key for key in before if before[key] != changed[key]} == {"special_tokens", "chat_template"}
    with torch.no_grad():
        network.model.norm.weight[0] += 1e-3
    assert LocalModel.of(network, tokenizer, "x").identity()["weights"] != before["weights"]


def test_the_digest_knows_number_types():
    network = small_network(vocabulary=8)
    plain = weights_digest(network)
    assert weights_digest(network.to(torch.bfloat16)) != plain


def test_a_tokenizer_that_is_too_large_is_refused():
    model = LocalModel.of(small_network(vocabulary=40), world_tokenizer(), "x")
    with pytest.raises(ModelError, match="the tokenizer has 640 tokens and the network knows 40"):
        _ = model.network
