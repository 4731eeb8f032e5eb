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
    kept = student.network.state_dict()
    assert all(torch.equal(value, kept[name].to(dtype)) for name, value in loaded.state_dict().items())
    head = form.open(tmp_path, student)
    assert head.network.dtype == dtype
    assert torch.allclose(head.logits(head.hidden(IDS)), loaded(IDS).logits.float(), atol=0.05 if variant else 1e-6)
    parameters = student.network.num_parameters()
    assert (tmp_path / "model.safetensors").stat().st_size == pytest.approx(4 * parameters * share, abs=3000)
