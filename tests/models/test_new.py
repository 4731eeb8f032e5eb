from __future__ import annotations

import pytest
import torch

from potstill.errors import ModelError, RecipeError
from potstill.models.local import weights_digest
from potstill.models.new import new_config, new_network
from tests.models.small import world_tokenizer

SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}


def new(model_type="llama", settings=SMALL, seed=0, dtype="float32"):
    return new_network(model_type, settings, world_tokenizer(), seed=seed, dtype=dtype)


def test_the_vocabulary_is_the_tokenizers():
    network = new()
    assert network.get_input_embeddings().weight.shape == (640, 16)
    assert (network.config.eos_token_id, network.config.pad_token_id, network.config.bos_token_id) == (4, 0, None)
    assert new(settings={**SMALL, "vocab_size": 700}).config.vocab_size == 700


def test_weights_follow_from_the_seed_alone():
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    assert weights_digest(new(seed=3)) == weights_digest(new(seed=3)) != weights_digest(new(seed=4))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("model_type", "settings"), [("qwen3", SMALL), ("gemma2", SMALL), ("gpt2", {"n_embd": 16, "num_hidden_layers": 1, "n_head": 2})]
)
def test_other_types(model_type, settings):
    network = new(model_type, settings)
    assert network.config.model_type == model_type
    assert network.config.num_hidden_layers == 1


def test_number_types():
    assert new(dtype="bfloat16").dtype == torch.bfloat16


def test_a_misspelt_setting_does_not_pass():
    with pytest.raises(RecipeError, match="has no setting 'hiden_size'; did you mean 'hidden_size'"):
        new(settings={"hiden_size": 16})


def test_an_unknown_type():
    with pytest.raises(ModelError, match="of type 'lama'; did you mean 'llama'"):
        new("lama")


def test_settings_that_do_not_fit():
    with pytest.raises(ModelError, match="hidden size"):
        new(settings={**SMALL, "hidden_size": 15})
    with pytest.raises(RecipeError, match="vocab_size is below the tokenizer's 640 tokens"):
        new_config("llama", {"vocab_size": 100}, world_tokenizer())
