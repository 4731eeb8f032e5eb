from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, pipeline

from potstill import world
from potstill.errors import CapabilityError, ModelError
from potstill.models import Given, Keep, Options, Sampling, open_model, open_student, teacher_tokenizer
from potstill.models import classifier as module
from potstill.models.classifier import ClassifierTeacher, open_sequence_classifier, outlook_of, read
from potstill.models.hf import open_hf
from potstill.recipe.models import StudentSection, TeacherSection
from potstill.teach.classifiers import open_classifier
from potstill.types import Message, Prompt
from tests.models.small import ask, world_tokenizer, write_classifier, write_model

WORDS = ["Ann has 3 pens.", "ten", "What is the colour of this one, and of that one over there?", "no"]
PROMPTS = [ask(word) for word in WORDS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_classifier(tmp_path_factory.mktemp("small") / "classifier")


@pytest.fixture(scope="module")
def teacher(folder):
    return open_model(f"hf:{folder}")


def softmax(rows):
    return np.exp(rows - rows.max()) / np.exp(rows - rows.max()).sum()


def test_it_opens_as_a_classifier_teacher(teacher, folder):
    assert isinstance(teacher, ClassifierTeacher)
    assert teacher.gives == {"text", "classes"}
    assert teacher.labels == ("bad", "fair", "good")
    assert {"weights model.safetensors", "config", "tokenizer", "dtype"} <= set(teacher.identity())
    assert teacher_tokenizer(TeacherSection(model=f"hf:{folder}")) is None


@pytest.mark.parametrize("model_type", ["llama", "bert", "distilbert", "roberta"])
def test_probabilities_are_those_of_transformers_pipeline(tmp_path, model_type):
    sizes = {"max_position_embeddings": 130} if model_type == "roberta" else {}
    folder = write_classifier(tmp_path / "model", model_type, template=False, **sizes)
    asked = [Prompt((), reference=word) for word in WORDS]
    answers = [row[0] for row in open_model(f"hf:{folder}").draw(asked, Sampling(temperature=0), Keep(size=20))]
    theirs = pipeline("text-classification", model=str(folder), top_k=None, device="cpu")(WORDS)
    for answer, expected in zip(answers, theirs, strict=True):
        scores = {each["label"]: each["score"] for each in expected}
        ours = {
            ("bad", "fair", "good")[i]: p
            for i, p in zip(answer.outlook.support_ids[0], np.exp(answer.outlook.support_log_p[0]), strict=True)
        }
        assert ours == pytest.approx(scores, abs=1e-5)
        assert answer.text == max(scores, key=scores.get)


def test_an_answer_is_a_class_with_all_probabilities(teacher, folder):
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    for prompt, (answer,) in zip(PROMPTS, teacher.draw(PROMPTS, Sampling(temperature=0), Keep(size=5)), strict=True):
        ids = read(world_tokenizer(), prompt, None).input_ids
        with torch.inference_mode():
            p = network(input_ids=torch.tensor([ids])).logits[0].softmax(-1).numpy()
        assert answer.token_ids == (int(p.argmax()),)
        assert answer.text == ("bad", "fair", "good")[int(p.argmax())]
        assert answer.token_ends == (len(answer.text),)
        seen = answer.outlook
        assert (seen.support_ids.shape, seen.log_p.shape, seen.codec, seen.kind) == ((1, 3), (1,), "top_k", "raw")
        np.testing.assert_allclose(np.exp(seen.support_log_p[0]), p[seen.support_ids[0]], atol=1e-5)
        assert seen.rank.tolist() == [1]
        assert seen.tail_mass[0] == pytest.approx(0.0, abs=1e-6)


def test_fewer_outcomes_leave_a_tail():
    seen = outlook_of(np.log(np.array([0.2, 0.7, 0.1], np.float32)), 2, Keep(size=2))
    assert seen.support_ids.tolist() == [[1, 0]]
    np.testing.assert_allclose(np.exp(seen.support_log_p[0]), [0.7, 0.2], atol=1e-6)
    assert seen.tail_mass[0] == pytest.approx(0.1, abs=1e-6)
    assert (np.exp(seen.log_p[0]), seen.rank[0]) == (pytest.approx(0.1, abs=1e-6), 3)
    assert outlook_of(np.zeros(3, np.float32), 0, Keep()).support_ids.shape == (1, 0)
    with pytest.raises(CapabilityError, match="not kept as 'sampled'"):
        outlook_of(np.zeros(3, np.float32), 0, Keep("sampled", 4))


def test_draws_follow_the_probabilities_and_the_seed(teacher):
    (row,) = teacher.draw(PROMPTS[:1], Sampling(n=2000, seed=1), Keep(size=3))
    expected = dict(zip(row[0].outlook.support_ids[0].tolist(), np.exp(row[0].outlook.support_log_p[0]), strict=True))
    counts = Counter(answer.token_ids[0] for answer in row)
    assert {i: counts[i] / 2000 for i in expected} == pytest.approx(expected, abs=0.04)
    later = teacher.draw(PROMPTS[:1], Sampling(n=5, first=7, seed=1))[0]
    assert [a.text for a in later] == [a.text for a in row[7:12]]
    assert {a.token_ids[0] for a in teacher.draw(PROMPTS[:1], Sampling(n=50, top_p=0.01, seed=1))[0]} == {max(expected, key=expected.get)}


def test_a_class_is_scored_by_its_name(teacher):
    (drawn,) = teacher.draw(PROMPTS[:1], Sampling(temperature=0), Keep(size=3))
    p = dict(zip(drawn[0].outlook.support_ids[0].tolist(), drawn[0].outlook.support_log_p[0], strict=True))
    for place, label in enumerate(teacher.labels):
        by_name, by_id = teacher.score([Given(PROMPTS[0], label), Given(PROMPTS[0], None, (place,))])
        assert by_name.outlook.log_p[0] == by_id.outlook.log_p[0] == pytest.approx(p[place], abs=1e-5)
        assert by_name.text == by_id.text == label
    with pytest.raises(ModelError, match="'god' is no class of it; did you mean 'good'"):
        teacher.score([Given(PROMPTS[0], "god")])


def test_padding_changes_nothing(folder):
    classifier = open_sequence_classifier(str(folder), Options())
    together = classifier.logits([(prompt, None) for prompt in PROMPTS])
    for prompt, row in zip(PROMPTS, together, strict=True):
        np.testing.assert_allclose(row, classifier.logits([(prompt, None)])[0], atol=1e-5)


def test_a_decoder_without_a_padding_token_reads_each_last_token(tmp_path):
    folder = write_classifier(tmp_path / "model", pad_token_id=None)
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    classifier = open_sequence_classifier(str(folder), Options())
    for prompt, row in zip(PROMPTS, classifier.logits([(prompt, "so") for prompt in PROMPTS]), strict=True):
        ids = read(world_tokenizer(), prompt, "so").input_ids
        with torch.inference_mode():
            np.testing.assert_allclose(row, network(input_ids=torch.tensor([ids])).logits[0], atol=1e-5)


def test_a_prompt_beyond_the_context_is_told(teacher):
    with pytest.raises(ModelError, match="does not fit its context of 128 tokens"):
        teacher.draw([ask("pen " * 300)], Sampling())
    assert teacher.classifier.logits([(ask("pen " * 300), None), (PROMPTS[0], None)])[0] is None


@pytest.mark.parametrize("settings", [{"num_labels": 1}, {"problem_type": "multi_label_classification"}])
def test_what_gives_no_distribution_cannot_teach(tmp_path, settings):
    folder = write_classifier(tmp_path / "model", **settings)
    with pytest.raises(ModelError, match="no distribution over classes, so that it cannot teach; .* reward:hf:"):
        open_model(f"hf:{folder}")


def test_a_classifier_is_no_language_model_and_the_other_way_round(folder, tmp_path):
    with pytest.raises(ModelError, match="a sequence classifier, and a language model is needed"):
        open_hf(str(folder), Options())
    with pytest.raises(ModelError, match="a sequence classifier, and a language model is needed"):
        open_student(StudentSection(model=f"hf:{folder}"))
    with pytest.raises(ModelError, match="not a sequence classifier: LlamaForCausalLM"):
        open_sequence_classifier(str(write_model(tmp_path / "model")), Options())


def test_the_worlds_classifiers_read_alike_as_models_of_transformers(tmp_path):
    prompts = world.prompts(["ambiguous", "sealed_recipe", "colour"], 12, 5, held=True)
    for name, asked in (("hazard", [(p, None) for p in prompts]), ("reward", [(p, world.completion(p, "aligned")) for p in prompts])):
        own = open_classifier(name)
        own.network.save_pretrained(tmp_path / name)
        world_tokenizer().save_pretrained(tmp_path / name)
        rows = open_sequence_classifier(str(tmp_path / name), Options()).logits(asked)
        np.testing.assert_allclose([softmax(row)[1] for row in rows], own.probabilities(asked), atol=1e-5)


def test_pairs_are_read_as_pairs_without_a_template():
    tokenizer = world_tokenizer()
    assert read(tokenizer, Prompt((Message("system", "Be kind."), Message("user", "Hi."))), "Yes.").input_ids[-1] == tokenizer.eos_token_id
    tokenizer.chat_template = None
    both = read(tokenizer, ask("Hi."), "Yes.").input_ids
    assert both == (*read(tokenizer, ask("Hi."), None).input_ids, *read(tokenizer, ask("Yes."), None).input_ids)


INT8 = {"quant_method": "torchao", "quant_type": {"default": {"_type": "Int8WeightOnlyConfig", "_version": 2, "_data": {}}}}


def test_a_quantised_classifier_says_that_it_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "quantization_config", lambda settings, where: object())
    identity = open_model(f"hf:{write_classifier(tmp_path)}", Options(quantization=INT8)).identity()
    assert identity["dtype"] == "float32, torchao"
    assert "Int8WeightOnlyConfig" in identity["quantization"]


def test_wrong_settings_of_quantisation_are_found_when_it_is_opened(tmp_path):
    with pytest.raises(ModelError, match=r"unknown quant_method 'torchoa'; did you mean 'torchao'\?"):
        open_model(f"hf:{write_classifier(tmp_path)}", Options(quantization={"quant_method": "torchoa"}))
