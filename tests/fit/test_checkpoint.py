from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from safetensors import safe_open

from potstill.errors import StoreError
from potstill.fit import Learner, checkpoint
from tests.fit import small


def prepared(seed: int, **settings: object) -> tuple[Accelerator, torch.nn.Module, torch.optim.Optimizer]:
    accelerator, student = Accelerator(cpu=True), small.network(seed, **settings)
    _, optimizer = accelerator.prepare(Learner(student), torch.optim.AdamW(student.parameters()))
    return accelerator, student, optimizer


def one_step(student: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    ids = torch.arange(8)[None]
    student(ids, labels=ids).loss.backward()
    optimizer.step()
    optimizer.zero_grad()


@pytest.mark.parametrize("tied", [True, False])
def test_weights_optimizer_and_random_numbers_come_back(tied: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    accelerator, student, optimizer = prepared(0, tie_word_embeddings=tied)
    one_step(student, optimizer)
    with caplog.at_level(logging.WARNING):
        checkpoint.save(accelerator, tmp_path, 3, {"tokens": 7})
    assert not [r.message for r in caplog.records if "shared" in r.message]
    expected = torch.rand(3)
    other, again, fresh = prepared(1, tie_word_embeddings=tied)
    assert checkpoint.load(other, tmp_path) == {"step": 3, "processes": 1, "tokens": 7}
    assert torch.equal(torch.rand(3), expected)
    assert (again.lm_head.weight is again.model.embed_tokens.weight) == tied
    for pair in (student, optimizer), (again, fresh):
        one_step(*pair)
    assert all(torch.equal(a, b) for a, b in zip(student.parameters(), again.parameters(), strict=True))


def test_tied_weights_are_stored_once(tmp_path: Path) -> None:
    accelerator, _, _ = prepared(0)
    checkpoint.save(accelerator, tmp_path, 1, {})
    with safe_open(next(tmp_path.glob("*/model.safetensors")), framework="pt") as file:
        assert sum("embed_tokens" in name or "lm_head" in name for name in file.keys()) == 1  # noqa: SIM118  not a mapping


def test_only_the_newest_is_kept_and_half_of_one_is_not_seen(tmp_path: Path) -> None:
    accelerator, _, _ = prepared(0)
    for step in (4, 8):
        checkpoint.save(accelerator, tmp_path, step, {})
    (tmp_path / "step-00000012").mkdir()
    state = checkpoint.load(accelerator, tmp_path)
    assert state is not None
    assert state["step"] == 8
    assert not (tmp_path / "step-00000004").exists()


def test_none_to_load(tmp_path: Path) -> None:
    assert checkpoint.load(prepared(0)[0], tmp_path) is None


def test_a_checkpoint_of_more_processes_is_refused(tmp_path: Path) -> None:
    accelerator, _, _ = prepared(0)
    checkpoint.save(accelerator, tmp_path, 1, {})
    file = tmp_path / "step-00000001" / checkpoint.STATE
    file.write_text(file.read_text().replace('"processes": 1', '"processes": 4'))
    with pytest.raises(StoreError, match="4 processes, not 1"):
        checkpoint.load(accelerator, tmp_path)
