"""What is written of a network, and what is not shown while it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from potstill.models.saving import save_network, without_progress_bars
from tests.fit.small import network


def test_what_is_written_loads_as_it_was_and_nothing_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    student = network()
    save_network(student, tmp_path)
    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "model.safetensors").is_file()
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    for ours, theirs in zip(student.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("shown", [True, False])
def test_the_bars_are_as_they_were_afterwards(shown: bool) -> None:
    before = logging.is_progress_bar_enabled()
    try:
        (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
        with pytest.raises(KeyError), without_progress_bars():
            assert not logging.is_progress_bar_enabled()
            raise KeyError
        assert logging.is_progress_bar_enabled() == shown
    finally:
        (logging.enable_progress_bar if before else logging.disable_progress_bar)()
