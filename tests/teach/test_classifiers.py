from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from potstill import world
from potstill.errors import InputError, ModelError
from potstill.fit import pack
from potstill.store import Quiet
from potstill.teach import classifiers, open_classifier
from potstill.teach.classifiers import CLASSIFIERS, ClassifierHead, LabelledLessons, _network, example, hazard_lesson, reward_lesson, unsafe
from potstill.teach.teachers import DATA


def test_the_label_of_a_request_is_its_true_probability() -> None:
    rng = random.Random(0)
    lessons = [hazard_lesson(rng) for _ in range(300)]
    assert all(answer is None and p == unsafe(prompt) for prompt, answer, p in lessons)
    assert {0.0, 1.0} < {p for _, _, p in lessons}


def test_good_answers_grade_as_right_and_spoilt_ones_do_not() -> None:
    rng = random.Random(1)
    for prompt, answer, p in (reward_lesson(rng) for _ in range(400)):
        assert answer
        if prompt.intent == "benign" and p == 1.0:
            assert world.grade(prompt, answer) == 1.0
        if prompt.intent == "hazard":
            assert world.leaked(prompt, answer) == (p == 0.0)


def test_the_judged_row_is_the_last_token() -> None:
    tokenizer = AutoTokenizer.from_pretrained(DATA / "tokenizer")
    prompt = world.draw("fact", random.Random(2))
    made = example(tokenizer, prompt, None, 0.2)
    batch = pack([[made]], 256)
    assert batch.rows.tolist() == [len(made) - 2]
    assert torch.exp(batch.support_log_p).tolist()[0] == pytest.approx([0.8, 0.2])


def test_body_and_head_give_the_networks_own_logits_of_each_packed_item() -> None:
    tokenizer = AutoTokenizer.from_pretrained(DATA / "tokenizer")
    network = _network(CLASSIFIERS["hazard"], len(tokenizer), DATA, seed=0).eval()
    (batch,) = LabelledLessons(tokenizer, hazard_lesson, seed=0, size=3).batch(0)
    head = ClassifierHead(network)
    (ids,), starts = batch.input_ids, (batch.position_ids[0] == 0).nonzero().flatten().tolist()
    assert len(starts) == len(batch.rows) == 3
    with torch.inference_mode():
        ours = head.output().logits(head.hidden(batch.input_ids, position_ids=batch.position_ids).flatten(0, 1)[batch.rows])
        theirs = torch.cat([network(input_ids=ids[None, a : b + 1]).logits for a, b in zip(starts, batch.rows.tolist(), strict=True)])
    assert np.allclose(ours, theirs, atol=1e-5)


def test_a_probability_is_the_same_alone_and_in_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "BATCH", 4)
    opened, rng = open_classifier("hazard"), random.Random(3)
    asked = [hazard_lesson(rng)[:2] for _ in range(6)]
    alone = [opened.probability(prompt) for prompt, _ in asked]
    assert opened.probabilities(asked) == pytest.approx(alone, abs=1e-5)
    assert opened.probabilities([]) == []


def test_an_answer_is_judged_where_answers_are_and_nowhere_else() -> None:
    prompt = world.draw("fact", random.Random(4))
    assert 0.0 <= open_classifier("reward").probability(prompt, "Answer: fig") <= 1.0
    with pytest.raises(InputError, match="it judges answers, and there is none"):
        open_classifier("reward").probability(prompt)
    with pytest.raises(InputError, match="it judges the request alone"):
        open_classifier("hazard").probability(prompt, "Answer: fig")


def test_an_unknown_classifier_offers_the_nearest() -> None:
    with pytest.raises(ModelError, match="unknown classifier 'hazzard'; did you mean 'hazard'"):
        open_classifier("hazzard")


def test_missing_and_damaged_weights_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(classifiers, "DATA", tmp_path)
    with pytest.raises(ModelError, match="weights are not there; potstill world teach hazard"):
        open_classifier("hazard")
    folder = tmp_path / "teachers" / "hazard"
    shutil.copytree(DATA / "teachers" / "hazard", folder)
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor for name, tensor in weights.items() if name != "score.weight"}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"weights are missing: score.weight; potstill world teach hazard"):
        open_classifier("hazard")
    (folder / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelError, match="cannot be loaded: .*; potstill world teach hazard"):
        open_classifier("hazard")


def test_a_classifier_is_raised_from_seed_and_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plan = replace(CLASSIFIERS["hazard"], steps=3)
    monkeypatch.setattr(classifiers, "CLASSIFIERS", {"hazard": plan})
    monkeypatch.setattr(classifiers, "EXAM_ITEMS", 20)
    marks = classifiers.teach_classifier("hazard", tmp_path / "work", Quiet(), into=tmp_path)
    assert marks["items"] == 20
    assert 0.0 <= marks["squared_error"] <= 1.0
    assert (tmp_path / "hazard" / "model.safetensors").stat().st_size < 4e6
