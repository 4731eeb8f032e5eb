"""`doctor`: a model, a pair, a recipe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from potstill.cli import main
from tests.e2e.still import TINY
from tests.models.small import write_model


def test_a_teacher_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "fake:yes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "fake:yes"
    assert lines[1].split() == ["ok", "answers", "'yes',", "ended", "by", "stop"]
    assert lines[-1].startswith("warning: train on outputs")


def test_a_pair_that_cannot_be_compared_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    student = write_model(tmp_path / "student")
    (student / "chat_template.jinja").unlink(missing_ok=True)
    config = json.loads((student / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (student / "tokenizer_config.json").write_text(json.dumps(config))
    assert main(["doctor", "world:base", "--student", f"hf:{student}", "--json"]) == 1
    [facts] = json.loads(capsys.readouterr().out)
    assert facts["student"] == f"hf:{student}"
    assert [result["name"] for result in facts["results"] if result["outcome"] == "refused"] == ["chat template"]


def test_a_recipe_is_examined_with_its_own_prompts_and_writes_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", str(TINY), "--set", "teachers.0.licence=MIT", "--out", "found.json"]) == 0
    assert " -> new:llama" in capsys.readouterr().out
    [facts] = json.loads(Path("found.json").read_text())
    found = {result["name"]: result for result in facts["results"]}
    assert found["licence"]["seen"] == "MIT"
    assert found["same tokenizer"]["outcome"] == "unknown"
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]
    assert main(["doctor", str(TINY), "--set", "teachers.0.train_on_outputs=forbidden"]) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["wrld:base"], "unknown model 'wrld'; did you mean 'world'?"),
        (["fake:yes", "--dialect", "vllm"], "dialect is for http: and https: and not for fake:yes"),
        (["fake:yes", "--top-k", "-1"], "top_k"),
        (["fake:yes", "--student", "world:base"], "world:base"),
        (["fake:yes", "--set", "seed=1"], "--set changes a recipe's settings"),
        ([str(TINY), "--top-k", "3"], "--top-k is for a single model"),
        (["nowhere.toml"], "no such recipe"),
        (["hf:./nowhere"], "no such folder"),
    ],
)
def test_what_cannot_be_examined_is_a_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *words]) == 1
    assert told in capsys.readouterr().err
