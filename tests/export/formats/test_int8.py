from __future__ import annotations

from pathlib import Path

import torch

from potstill.export.formats.int8 import Int8
from potstill.export.int8 import Int8Head
from tests.evaluate.setting import model, tokenizer

IDS = torch.tensor([[1, 40, 41, 42, 3]])


@torch.no_grad()
def test_what_was_written_is_opened_as_a_head(tmp_path: Path) -> None:
    student, form = model(0), Int8()
    form.write(student, tmp_path, "")
    tokenizer().save_pretrained(tmp_path)
    head = form.open(tmp_path, student)
    assert isinstance(head, Int8Head)
    whole = head.network(IDS).logits
    assert torch.equal(head.logits(head.hidden(IDS)), whole)
    assert (whole - student.network(IDS).logits).abs().max() < 0.1 * whole.abs().max()
