from __future__ import annotations

import numpy as np
import pytest
import torch

from potstill.errors import ModelError
from potstill.models.base import Begun, Bounded, Continuing, Given, Keep, Outlook, Sampling, Teacher
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


def test_it_goes_on_from_a_beginning_as_if_it_had_not_stopped(model):
    prompts = [ask("What is 2+3?"), ask("Sort 3, 1."), Prompt((), reference="plain text goes on")]
    greedy, keep = Sampling(temperature=0, max_new_tokens=8), Keep(size=5)
    whole = [group[0] for group in model.draw(prompts, greedy, keep)]
    steps = [0, 3, min(5, len(whole[2].token_ids) - 1)]
    begun = [Begun(p, one.token_ids[:k], one.outlook.first(k), 7) for p, one, k in zip(prompts, whole, steps, strict=True)]
    assert isinstance(model, Continuing)
    assert model.can_go_on
    for one, other in zip(whole, model.go_on(begun, greedy, keep), strict=True):
        assert (one.text, one.token_ids, one.finish_reason, one.token_ends) == (
            other.text,
            other.token_ids,
            other.finish_reason,
            other.token_ends,
        )
        np.testing.assert_allclose(one.outlook.log_p, other.outlook.log_p, atol=1e-4)
        np.testing.assert_array_equal(one.outlook.support_ids, other.outlook.support_ids)


def test_what_it_goes_on_with_is_what_it_expects_when_it_reads_the_whole(model):
    prompt, keep = ask("What is 2+3?"), Keep(size=4)
    sampling = Sampling(temperature=2.0, max_new_tokens=12, seed=5)
    ((first,),) = model.draw([prompt], sampling, keep)
    begun = [Begun(prompt, first.token_ids[:4], first.outlook.first(4), sample) for sample in range(6)]
    answers = model.go_on(begun, sampling, keep)
    assert len({one.token_ids for one in answers}) > 1
    for one in answers:
        assert one.token_ids[:4] == first.token_ids[:4]
        assert len(one.token_ids) <= 12
        (read,) = model.score([Given(prompt, one.text, one.token_ids, one.finish_reason)], keep)
        np.testing.assert_allclose(one.outlook.log_p, read.outlook.log_p, atol=1e-4)
        np.testing.assert_allclose(one.outlook.support_log_p, read.outlook.support_log_p, atol=1e-4)
    alone = [model.go_on([one], sampling, keep)[0].token_ids for one in begun]
    assert alone == [one.token_ids for one in answers]


def test_a_whole_answer_is_no_longer_than_it_may_be(model):
    prompts = [ask("What is 2+3?"), ask("Sort 3, 1.")]
    sampling = Sampling(temperature=1.0, max_new_tokens=6, seed=1)
    drawn = [group[0] for group in model.draw(prompts, sampling, Keep(size=2))]
    begun = [Begun(p, one.token_ids[:k], one.outlook.first(k), 1) for p, one, k in zip(prompts, drawn, (0, 4), strict=True)]
    for one in model.go_on(begun, sampling, Keep(size=2)):
        assert len(one.token_ids) == len(one.outlook) <= 6
        assert one.finish_reason == "stop" or len(one.token_ids) == 6


def test_where_nothing_was_said_of_the_beginning_nothing_is_said_of_the_whole(model):
    prompt = ask("What is 2+3?")
    ((first,),) = model.draw([prompt], Sampling(max_new_tokens=6))
    (answer,) = model.go_on([Begun(prompt, first.token_ids[:3], Outlook(), 1)], Sampling(max_new_tokens=6), Keep(size=2))
    assert len(answer.outlook) == 0
    assert answer.token_ids[:3] == first.token_ids[:3]
