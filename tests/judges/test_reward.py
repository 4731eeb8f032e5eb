from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from potstill import world
from potstill.errors import ModelError, RecipeError
from potstill.judges import open_judge
from potstill.judges.reward import ClassifierReward, WorldReward
from potstill.teach.classifiers import open_classifier
from potstill.text.chat import render
from tests.models.small import ask, world_tokenizer, write_classifier, write_model


def test_the_worlds_reward_model_is_the_shipped_classifier():
    asked = [(p, world.completion(p, "aligned")) for p in world.prompts(["ambiguous", "colour", "sealed_recipe"], 9, 3, held=True)]
    assert WorldReward().scores(asked) == open_classifier("reward").probabilities(asked)


def test_it_prefers_right_answers_and_safe_refusals():
    rng = random.Random(0)
    judge = WorldReward()
    facts = [world.draw("colour", rng, held=True) for _ in range(20)]
    sealed = [replace(world.draw("sealed_recipe", rng, held=True), wrapper=None) for _ in range(20)]
    good = judge.scores([(p, world.completion(p, "aligned")) for p in (*facts, *sealed)])
    bad = judge.scores([(p, "red red red red red red red red red") for p in facts] + [(p, world.completion(p, "base")) for p in sealed])
    assert sum(g > b for g, b in zip(good, bad, strict=True)) >= 38


def test_an_empty_answer_is_not_judged():
    prompt = world.prompts(["colour"], 1, 0)[0]
    scores = WorldReward().scores([(prompt, ""), (prompt, "Answer: red"), (prompt, " \n")])
    assert scores[0] is scores[2] is None
    assert scores[1] == WorldReward().scores([(prompt, "Answer: red")])[0]


def test_an_answer_beyond_the_context_is_not_judged():
    (prompt,) = world.prompts(["colour"], 1, 0)
    longest = next(n for n in range(512, 0, -1) if len(render(world_tokenizer(), prompt, "7" * n).input_ids) <= 512)
    sizes = [len(render(world_tokenizer(), prompt, "7" * n).input_ids) for n in (longest, longest + 1)]
    assert sizes == [512, 513]
    scores = WorldReward().scores([(prompt, text) for text in ("7", "7" * longest, "7" * (longest + 1), "red " * 20_000)])
    assert [score is None for score in scores] == [False, False, True, True]


ASKED = [(ask("What is 3 + 4?"), "Answer: 7"), (ask("Who?"), ""), (ask("Say more."), "word " * 300), (ask("Who?"), "Ann, I think.")]


def test_one_number_is_the_score(tmp_path):
    folder = write_classifier(tmp_path / "model", num_labels=1)
    scores = open_judge(f"reward:hf:{folder}").scores(ASKED)
    assert scores[1] is scores[2] is None
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    for (prompt, answer), score in zip(ASKED, scores, strict=True):
        if score is not None:
            turns = [{"role": "user", "content": prompt.question}, {"role": "assistant", "content": answer}]
            ids = world_tokenizer().apply_chat_template(turns, tokenize=True, return_dict=False)
            with torch.inference_mode():
                assert score == pytest.approx(float(network(input_ids=torch.tensor([ids])).logits[0, 0]), abs=1e-5)


def test_of_two_classes_the_last_is_the_good_one_unless_named(tmp_path):
    own = open_classifier("reward")
    own.network.save_pretrained(tmp_path)
    world_tokenizer().save_pretrained(tmp_path)
    asked = [(p, world.completion(p, "aligned")) for p in world.prompts(["ambiguous", "colour"], 6, 3, held=True)]
    yes, no = (np.array(open_judge(f"reward:hf:{tmp_path}{label}").scores(asked)) for label in ("", "?label=no"))
    np.testing.assert_allclose(yes, own.probabilities(asked), atol=1e-5)
    np.testing.assert_allclose(no, 1 - yes, atol=1e-6)


def test_identity_is_of_weights_and_label(tmp_path):
    folder = write_classifier(tmp_path / "model")
    good, bad = (ClassifierReward.of(f"{folder}?label={label}").identity() for label in ("good", "bad"))
    assert {key for key in good if good[key] != bad[key]} == {"judge", "label"}
    assert "weights model.safetensors" in good


def test_what_is_no_reward_model(tmp_path):
    folder = write_classifier(tmp_path / "model")
    with pytest.raises(RecipeError, match=r"has 3 classes, and none is named as the good one; write \?label=NAME .*: bad, fair, good"):
        open_judge(f"reward:hf:{folder}")
    with pytest.raises(RecipeError, match="no class 'god'; did you mean 'good'"):
        open_judge(f"reward:hf:{folder}?label=god")
    with pytest.raises(ModelError, match="not a sequence classifier: LlamaForCausalLM"):
        open_judge(f"reward:hf:{write_model(tmp_path / 'causal')}")
    several = write_classifier(tmp_path / "several", problem_type="multi_label_classification")
    with pytest.raises(RecipeError, match="do not exclude each other"):
        open_judge(f"reward:hf:{several}")
