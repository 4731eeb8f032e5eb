from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from potstill.export.folders import complete, generation_config
from potstill.export.formats.base import read_format
from potstill.models.saving import save_network
from tests.evaluate.setting import model, recipe


@pytest.mark.parametrize("spec", ["safetensors", "int8"])
def test_a_folder_is_whole_and_its_readme_runs(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    student, wanted = model(0), read_format(spec)
    wanted.format.write(student, tmp_path, "")
    complete(tmp_path, student, wanted, recipe("fake:x"))
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json", ".jinja", ".md"}
    assert AutoTokenizer.from_pretrained(tmp_path).chat_template == student.tokenizer.chat_template
    text = (tmp_path / "README.md").read_text()
    assert "distilled from `fake:x`" in text
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1].replace("max_new_tokens=256", "max_new_tokens=4")
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    exec(code, {})
    assert capsys.readouterr().out


def test_answers_stop_where_turns_end() -> None:
    student = model(0)
    assert generation_config(student).eos_token_id == [4]
    assert generation_config(student).pad_token_id == 0
    student.tokenizer.chat_template = None
    assert generation_config(student).eos_token_id == [4]


def test_no_path_of_this_machine_is_written(tmp_path: Path) -> None:
    student = model(0)
    save_network(student.network, tmp_path / "a")
    complete(tmp_path / "a", student, read_format("safetensors"), recipe("fake:x"))
    assert str(tmp_path) not in "".join(path.read_text(errors="ignore") for path in (tmp_path / "a").iterdir())
    assert json.loads((tmp_path / "a" / "generation_config.json").read_text())["do_sample"] is False
