"""What is written of a network and of a tokenizer, and what is not shown while it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from potstill.models.saving import save_network, save_tokenizer, without_progress_bars
from potstill.models.tokenizers import open_tokenizer, tokenizer_facts
from potstill.store.artifact import hash_files
from tests.fit.small import network


def test_what_is_written_loads_as_it_was_and_nothing_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    student = network()
    save_network(student, tmp_path)
    assert capfd.readouterr() == ("", "")
    assert (tmp_path / "model.safetensors").is_file()
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    for ours, theirs in zip(student.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_tokenizers_files_do_not_tell_of_the_machine(tmp_path: Path) -> None:
    for offline in (True, False):
        tokenizer = open_tokenizer("world:a")
        tokenizer.init_kwargs["local_files_only"] = offline
        save_tokenizer(tokenizer, tmp_path / str(offline))
    first, second = (hash_files(tmp_path / str(offline)) for offline in (True, False))
    assert first == second
    again = open_tokenizer(f"hf:{tmp_path}/True")
    assert tokenizer_facts(again) == tokenizer_facts(open_tokenizer("world:a"))


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
