"""`potstill world`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from potstill import teach, world
from potstill.cli import main
from potstill.models import open_tokenizer


def test_one_item_of_every_skill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "show", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [item["skill"] for item in told] == list(world.SKILLS)
    assert all(item["answer"] and item["messages"][-1]["role"] == "user" for item in told)


def test_some_items_of_one_skill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "show", "carry_addition", "-n", "3"]) == 0
    text = capsys.readouterr().out
    assert text.count("carry_addition  (math.addition, benign)") == 3
    assert text.count("Answer: ") == 3


def test_an_unknown_skill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "show", "carry_adition"]) == 1
    assert "did you mean 'carry_addition'" in capsys.readouterr().err


def test_an_exam_of_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    tokenizer = open_tokenizer("world:a")
    settings = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **settings)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert main(["world", "exam", f"hf:{tmp_path}", "--skill", "syllogism", "-n", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"syllogism": 0.0}


def test_an_exam_of_a_classifier(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "exam", "hazard", "-n", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"squared_error", "accuracy", "items"}
    assert main(["world", "exam", "hazard", "-n", "5"]) == 0
    assert "  items          5\n" in capsys.readouterr().out


def test_a_classifier_has_no_skills(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "exam", "reward", "--skill", "fact"]) == 1
    assert "a classifier has no skills; leave --skill out" in capsys.readouterr().err


def test_the_classifiers_are_listed_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "teachers", "--json"]) == 0
    told = {part["name"]: part["summary"] for part in json.loads(capsys.readouterr().out)}
    assert {name for name, summary in told.items() if summary.startswith("a classifier, not a teacher: ")} == set(teach.CLASSIFIERS)
    assert {name.removeprefix("world:") for name in told} == set(teach.PLANS)


def test_a_model_without_weights_cannot_be_examined(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "exam", "fake:yes"]) == 1
    assert "it has no weights here to examine" in capsys.readouterr().err


def test_teaching_calls_the_teacher(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = []

    def raise_teacher(name, folder, log, *, seed, into):
        asked.append((name, folder, seed, into))
        return {"fact": 0.5, "dish": 0.25}

    monkeypatch.setattr(teach, "raise_model", raise_teacher)
    assert main(["world", "teach", "math", "--folder", str(tmp_path), "--seed", "4", "--quiet"]) == 0
    assert asked == [("math", tmp_path, 4, None)]
    lines = capsys.readouterr().out.split("\n")
    assert lines[:4] == ["world:math", "  dish  0.25", "  fact  0.50", "  mean  0.38"]


def test_what_is_measured_of_a_classifier_has_no_mean(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(teach, "raise_model", lambda *_, **__: {"accuracy": 0.5, "items": 1000.0})
    assert main(["world", "teach", "reward", "--folder", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().out.split("\n")[:4] == ["reward", "  accuracy  0.5", "  items     1000", ""]


def test_an_unknown_teacher_is_found_before_any_is_taught(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(teach, "raise_model", lambda *_, **__: pytest.fail("taught"))
    assert main(["world", "teach", "base", "alined"]) == 1
    assert "no teacher is called 'alined'; did you mean 'aligned'?" in capsys.readouterr().err
