"""Quantised teachers, through transformers' own configs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from potstill.errors import ModelError
from potstill.models import Given, Keep, LocalModel, Options, Sampling, hf, open_model
from potstill.models.quantization import quantization_config
from tests.models.small import ask, write_model

INT8 = {"quant_method": "torchao", "quant_type": {"default": {"_type": "Int8WeightOnlyConfig", "_version": 2, "_data": {}}}}


def test_without_settings_nothing_is_quantised() -> None:
    assert quantization_config({}, "hf:x") is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"quant_method": "torchoa"}, r"hf:x: unknown quant_method 'torchoa'; did you mean 'torchao'\?"),
        ({"bits": 4}, "hf:x: quantization names no quant_method; one of: "),
        ({"quant_method": "compressed-tensors", "bits": []}, "hf:x: compressed-tensors "),
    ],
)
def test_settings_that_cannot_be_are_told(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        quantization_config(settings, "hf:x")


def test_a_package_that_is_not_there_is_told_when_the_model_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.quantizers.auto import AutoQuantizationConfig

    def missing(settings: dict[str, Any]) -> None:
        raise ImportError("No module named 'torchao'")

    monkeypatch.setattr(AutoQuantizationConfig, "from_dict", missing)
    with pytest.raises(ModelError, match=r"torchao cannot be used here: No module named 'torchao'; pip install 'potstill\[quant\]'"):
        open_model(f"hf:{write_model(tmp_path)}", Options(quantization=INT8))


def test_the_config_reaches_the_loader_and_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a method's config: it is handed on as it is."""
    given: dict[str, Any] = {}
    config = object()

    class Loader:
        @staticmethod
        def from_pretrained(name: str, **options: Any) -> None:
            given.update(options)
            raise ImportError("its kernels are not there")

    monkeypatch.setattr(hf, "quantization_config", lambda settings, where: config)
    options = Options(quantization=INT8, dtype="bfloat16")
    model = open_model(f"hf:{write_model(tmp_path)}", options)
    identity = model.identity()
    assert identity["dtype"] == "bfloat16, torchao"
    assert "Int8WeightOnlyConfig" in identity["quantization"]
    assert identity != open_model(f"hf:{tmp_path}", Options(dtype="bfloat16")).identity()
    with pytest.raises(ModelError, match="cannot be loaded: its kernels are not there"):
        hf.load_network(hf.Place(str(tmp_path)), options, Loader)
    assert given["quantization_config"] is config


def test_eight_bits_answer_nearly_as_the_whole_weights_do(tmp_path: Path) -> None:
    pytest.importorskip("torchao.quantization", reason="torchao is not installed: pip install 'potstill[quant]'")
    write_model(tmp_path)
    whole, small = open_model(f"hf:{tmp_path}"), open_model(f"hf:{tmp_path}", Options(quantization=INT8))
    text = [Given(ask("Add 2 and 3."), "The answer is 5.")]
    one, other = (model.score(text, Keep(size=5))[0].outlook.log_p for model in (whole, small))
    assert 0 < np.abs(one - other).max() < 0.2
    assert isinstance(small, LocalModel)
    assert "Int8" in type(small.network.model.layers[0].mlp.up_proj.weight).__name__


def test_draws_in_bfloat16_are_scored_as_they_were_drawn(tmp_path: Path) -> None:
    model = open_model(f"hf:{write_model(tmp_path)}", Options(dtype="bfloat16"))
    prompts = [ask("Add 2 and 3."), ask("Hello there, what?")]
    drawn = [group[0] for group in model.draw(prompts, Sampling(max_new_tokens=20, seed=1), Keep(size=5))]
    texts = [Given(prompt, None, answer.token_ids, answer.finish_reason) for prompt, answer in zip(prompts, drawn, strict=True)]
    for answer, scored in zip(drawn, model.score(texts, Keep(size=5)), strict=True):
        assert np.abs(answer.outlook.log_p - scored.outlook.log_p).max() < 0.1
        assert answer.outlook.support_log_p.dtype == np.float32
    plain = open_model(f"hf:{tmp_path}").score(texts, Keep(size=5))
    assert max(np.abs(a.outlook.log_p - b.outlook.log_p).max() for a, b in zip(drawn, plain, strict=True)) < 0.3
