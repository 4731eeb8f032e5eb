from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from potstill.errors import ModelError
from potstill.models import hf
from potstill.models.base import Given, Keep, Options, Sampling
from potstill.models.hf import Place, locate, open_hf, weights_facts
from potstill.models.scoring import score_ids
from potstill.store.artifact import digest_file
from potstill.types import Prompt
from tests.models.small import ask, write_model


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("small") / "model")


@pytest.fixture
def folder(written, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(written, tmp_path / "model")


def test_a_folder_is_opened_and_answers(written):
    model = open_hf(str(written), Options())
    assert model.name == f"hf:{written}"
    ((answer,),) = model.draw([ask("What is 1+1?")], Sampling(max_new_tokens=4))
    assert len(answer.token_ids) in range(1, 5)


def test_bfloat16_weights(written):
    model = open_hf(str(written), Options(dtype="bfloat16"))
    assert model.network.dtype == torch.bfloat16
    assert model.identity()["dtype"] == "bfloat16"
    whole = open_hf(str(written), Options())
    a, b = (score_ids(m.head, [[5, 6, 7, 8]])[0].log_p for m in (model, whole))
    assert abs(a - b).max() < 0.1


def test_identity_is_of_the_files(folder):
    before = open_hf(str(folder), Options()).identity()
    assert before == open_hf(str(folder), Options()).identity()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-4}))
    after = open_hf(str(folder), Options()).identity()
    assert {key for key in before if before[key] != after[key]} == {"config"}
    assert set(weights_facts(Place(str(folder)))) == {"weights model.safetensors", "config", "generation_config"}


def test_weights_are_read_for_their_hash_once_while_they_stay(folder, monkeypatch):
    read = []
    monkeypatch.setattr(hf, "digest_file", lambda path: read.append(path.name) or digest_file(path))
    weights = folder / "model.safetensors"
    before = weights_facts(Place(str(folder)))
    assert weights_facts(Place(str(folder))) == before
    assert read.count(weights.name) == 1
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert weights_facts(Place(str(folder))) != before
    assert read.count(weights.name) == 2


def test_end_tokens_and_own_code_are_in_the_identity(folder):
    before = weights_facts(Place(str(folder)))
    (folder / "generation_config.json").write_text('{"eos_token_id": [2, 3]}')
    assert weights_facts(Place(str(folder)))["generation_config"] != before["generation_config"]
    (folder / "generation_config.json").unlink()
    assert set(before) - set(weights_facts(Place(str(folder)))) == {"generation_config"}
    (folder / "modeling_own.py").write_text("x = 1")
    assert "modeling_own.py" not in weights_facts(Place(str(folder)))
    assert "modeling_own.py" in weights_facts(Place(str(folder)), remote_code=True)


def test_on_the_hub_the_commit_is_the_identity(monkeypatch):
    monkeypatch.setattr(hf, "weights_digests", lambda repository, revision: {})
    assert weights_facts(Place("some/model", "0123abc")) == {"repository": "some/model", "revision": "0123abc"}


def test_the_data_folder_is_expanded(written, monkeypatch):
    monkeypatch.setenv("POTSTILL_DATA", str(written.parent))
    assert locate("${POTSTILL_DATA}/model") == Place(str(written))
    with pytest.raises(ModelError, match="no such folder; set POTSTILL_DATA"):
        locate("${POTSTILL_DATA}/nothing")


@pytest.mark.parametrize("name", ["./nothing", "/nothing/here", "a/b/c"])
def test_a_missing_folder(name):
    with pytest.raises(ModelError, match="no such folder; check the path"):
        locate(name)


def test_an_unreachable_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="some/model: not found on the hub, and no such folder"):
        locate("some/model")


def test_a_folder_without_a_config(folder):
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no config\.json"):
        open_hf(str(folder), Options())


def test_a_folder_without_weights(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="the folder has no weights"):
        open_hf(str(folder), Options())


def test_a_folder_with_pickled_weights_only(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin and no weights in safetensors; convert them"):
        open_hf(str(folder), Options())


def test_an_unknown_architecture(folder):
    (folder / "config.json").write_text('{"model_type": "phlogiston"}')
    with pytest.raises(ModelError, match="config cannot be read.*phlogiston"):
        open_hf(str(folder), Options())


def test_damaged_weights(folder):
    (folder / "model.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00notjson!")
    with pytest.raises(ModelError, match=r"model.safetensors: damaged weights: .*; copy the file again"):
        _ = open_hf(str(folder), Options()).network


def test_missing_weights_are_not_made_up(folder):
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"weights are missing: model\.layers\.1\.mlp\.up_proj\.weight"):
        _ = open_hf(str(folder), Options()).network


def test_a_folder_without_a_tokenizer(folder):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(ModelError, match="the folder has no tokenizer"):
        _ = open_hf(str(folder), Options()).tokenizer


def test_a_real_model_scores_as_measured(data_dir):
    model = open_hf(str(data_dir / "stories260K" / "hf"), Options())
    text = (data_dir / "tinystories" / "tiny_stories_780k.txt").read_text()[:1000]
    (answer,) = model.score([Given(Prompt((), reference=text))], Keep(size=10))
    assert -answer.outlook.log_p.mean() == pytest.approx(1.5, abs=0.3)
    assert model.tokenizer.pad_token is not None
    assert model.tokenizer.decode(answer.token_ids) == text


def test_two_real_models_answer(data_dir):

    for name in ("stories260K", "aidreams260K"):
        model = open_hf(str(data_dir / name / "hf"), Options())
        ((answer,),) = model.draw([Prompt((), reference="I was in a")], Sampling(max_new_tokens=20), Keep(size=3))
        assert answer.text.strip()
