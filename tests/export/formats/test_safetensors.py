from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from potstill.export.formats.safetensors import Safetensors
from tests.evaluate.setting import model, tokenizer

IDS = torch.tensor([[1, 40, 41, 42, 3]])


@pytest.mark.parametrize(
    ("variant", "dtype", "share"), [("", torch.float32, 1.0), ("bfloat16", torch.bfloat16, 0.5), ("float16", torch.float16, 0.5)]
)
@torch.no_grad()
def test_transformers_loads_what_was_written(variant: str, dtype: torch.dtype, share: float, tmp_path: Path) -> None:
    student, form = model(0), Safetensors()
    form.write(student, tmp_path, variant)
    tokenizer().save_pretrained(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert loaded.dtype == dtype
    assert student.network.dtype == torch.float32
    expected = student.network.to(dtype)(IDS).logits
    assert torch.equal(loaded(IDS).logits, expected)
    head = form.open(tmp_path, student)
    assert torch.allclose(head.logits(head.hidden(IDS)), expected.float(), atol=1e-2 if variant else 1e-6)
    parameters = student.network.num_parameters()
    assert (tmp_path / "model.safetensors").stat().st_size == pytest.approx(4 * parameters * share, abs=3000)


def test_the_code_shown_loads_it() -> None:
    assert 'AutoModelForCausalLM.from_pretrained(".")' in Safetensors().loading()
