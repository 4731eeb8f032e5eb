from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from potstill.errors import ModelError
from potstill.export import load_int8
from potstill.export.int8 import SCALE, WEIGHTS, Int8Embedding, Int8Head, Int8Linear, quantise, save_int8
from tests.evaluate.setting import network

IDS = torch.tensor([[1, 40, 41, 42, 3], [5, 6, 7, 8, 9]])


def saved(one: PreTrainedModel, folder: Path) -> Path:
    folder.mkdir()
    save_int8(one, folder)
    return folder


@torch.no_grad()
def logits(one: PreTrainedModel) -> torch.Tensor:
    return one(IDS).logits


def test_quantised_by_hand() -> None:
    # scales 2.54 / 127 = .02 and 1 (a row of zeros); 1 / .02 = 50, -.03 / .02 = -1.5, rounded to the even -2
    rows, scale = quantise(torch.tensor([[2.54, 1.0, -0.03], [0.0, 0.0, 0.0]]))
    assert rows.tolist() == [[127, 50, -2], [0, 0, 0]]
    assert scale.tolist() == pytest.approx([0.02, 1.0])


def test_a_layer_multiplies_with_its_int8_rows() -> None:
    torch.manual_seed(0)
    weight, bias, x = torch.randn(5, 16), torch.randn(5), torch.randn(2, 3, 16)
    layer = Int8Linear(*quantise(weight), bias)
    assert (layer.weight - weight).abs().max() < weight.abs().max() / 250
    # inputs have 7 bits: each is off by half a step, 2 max |x| / 127 / 2, at most
    error = (layer(x) - (x @ weight.T + bias)).abs()
    assert (error < x.abs().amax(-1, keepdim=True) / 127 * weight.abs().sum(1) + 0.01).all()
    assert list(layer.state_dict()) == []


def test_a_token_does_not_suffer_from_the_outliers_of_another() -> None:
    torch.manual_seed(0)
    layer, x = Int8Linear(*quantise(torch.randn(5, 16)), None), torch.randn(1, 1, 16)
    beside_an_outlier = layer(torch.cat((x, torch.full((1, 1, 16), 1e4)), dim=1))[:, :1]
    assert (beside_an_outlier - layer(x)).abs().max() < 0.1
    assert not layer(torch.zeros(1, 1, 16)).any()


def test_an_embedding_reads_scaled_rows() -> None:
    table = Int8Embedding(torch.tensor([[127, 0], [10, -10]], dtype=torch.int8), torch.tensor([0.5, 0.1]))
    assert torch.equal(table(torch.tensor([[1, 0]])), torch.tensor([[[1.0, -1.0], [63.5, 0.0]]]))


def test_a_tied_head_is_stored_once(tmp_path: Path) -> None:
    original = network(0)
    folder = saved(original, tmp_path / "int8")
    tensors = load_file(folder / WEIGHTS)
    assert "lm_head.weight" not in tensors
    assert tensors["model.embed_tokens.weight"].dtype == torch.int8
    assert tensors["model.layers.0.mlp.up_proj.weight"].shape == (24, 16)
    assert tensors["model.norm.weight"].dtype == torch.float32
    assert sum(t.numel() for name, t in tensors.items() if not name.endswith(SCALE)) == original.num_parameters()
    assert (logits(load_int8(folder)) - logits(original)).abs().max() < 0.1 * logits(original).abs().max()


@pytest.mark.parametrize("changed", [{"tie_word_embeddings": False}, {"attention_bias": True, "mlp_bias": True}])
def test_other_heads_and_biases(changed: dict[str, bool], tmp_path: Path) -> None:
    original = network(0, **changed)
    loaded = load_int8(saved(original, tmp_path / "int8"))
    assert (logits(loaded) - logits(original)).abs().max() < 0.1 * logits(original).abs().max()
    assert not any(type(module) is torch.nn.Linear for module in loaded.modules())


def test_other_layers_stay_as_they_are(tmp_path: Path) -> None:
    torch.manual_seed(0)
    original = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=16, n_layer=1, n_head=2, n_positions=32, initializer_range=0.3)).eval()
    loaded = load_int8(saved(original, tmp_path / "int8"))
    assert torch.equal(loaded.transformer.h[0].attn.c_attn.weight, original.transformer.h[0].attn.c_attn.weight)
    assert (logits(loaded) - logits(original)).abs().max() < 0.1 * logits(original).abs().max()


def test_what_is_loaded_is_frozen_and_generates(tmp_path: Path) -> None:
    loaded = load_int8(saved(network(0), tmp_path / "int8"))
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
    assert loaded.generate(IDS, attention_mask=torch.ones_like(IDS), max_new_tokens=3, do_sample=False).shape[1] > IDS.shape[1]


def test_saving_and_loading_again_gives_the_same(tmp_path: Path) -> None:
    first, second = saved(network(0), tmp_path / "a"), saved(network(0), tmp_path / "b")
    assert (first / WEIGHTS).read_bytes() == (second / WEIGHTS).read_bytes()
    assert torch.equal(logits(load_int8(first)), logits(load_int8(second)))


@torch.no_grad()
def test_body_and_head_make_the_whole(tmp_path: Path) -> None:
    loaded = load_int8(saved(network(0), tmp_path / "int8"))
    head = Int8Head(loaded)
    assert torch.equal(head.logits(head.hidden(IDS)), logits(loaded))
    capped = Int8Head(loaded, scale=2.0, softcap=3.0)
    assert torch.allclose(capped.logits(head.hidden(IDS)), 3 * torch.tanh(2 * logits(loaded) / 3), atol=1e-6)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model.int8.safetensors in the folder; give the folder int8/ of an export"):
        load_int8(tmp_path)
    folder = saved(network(0), tmp_path / "int8")
    (folder / WEIGHTS).write_bytes(b"damaged")
    with pytest.raises(ModelError, match="cannot be read"):
        load_int8(folder)


def test_weights_of_another_config_are_refused(tmp_path: Path) -> None:
    folder = saved(network(0), tmp_path / "int8")
    saved(network(0, num_hidden_layers=2), tmp_path / "deeper")
    (folder / WEIGHTS).write_bytes((tmp_path / "deeper" / WEIGHTS).read_bytes())
    with pytest.raises(ModelError, match=r"do not fit its config: model.layers.1"):
        load_int8(folder)
