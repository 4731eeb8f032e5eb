"""Sizes of models, from their configs."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors import safe_open

from potstill.check.sizes import student_size, teacher_size
from potstill.errors import ModelError, PotstillError
from potstill.recipe import load
from tests.e2e.still import TINY
from tests.models.small import write_classifier


def test_a_new_students_size_by_hand() -> None:
    size = student_size(load(TINY))
    layer = 4 * 16 * 16 + 3 * 16 * 32 + 2 * 16
    assert size.parameters == 2 * 640 * 16 + layer + 16  # its head is not tied to the embeddings
    assert (size.layers, size.hidden, size.dtype) == (1, 16, "float32")


def test_a_really_trained_teacher(data_dir: Path) -> None:
    section = load(TINY, [f"teachers.0.model=hf:{data_dir}/stories260K/hf"]).teachers[0]
    size = teacher_size(section)
    assert (size.parameters, size.layers, size.hidden) == (260_032, 5, 64)


def test_a_classifier_of_any_architecture(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "model", "distilbert")
    section = load(TINY, [f"teachers.0.model=hf:{folder}"]).teachers[0]
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        stored = sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118 - it is no mapping
    assert teacher_size(section).parameters == stored


def test_answers_on_file_have_no_parameters() -> None:
    assert teacher_size(load(TINY).teachers[0]).parameters == 0


def test_a_new_student_without_a_tokenizer() -> None:
    with pytest.raises(ModelError, match="needs a tokenizer, and its teacher has none"):
        student_size(load(TINY, ["student.tokenizer="]))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("student.model=new:lama", "new:lama: transformers has no causal language model of type 'lama'; did you mean 'llama'"),
        ("student.config.hiden_size=16", "student.config: new:llama has no setting 'hiden_size'; did you mean 'hidden_size'"),
        ("student.config.num_attention_heads=3", "new:llama: its config refuses the settings: The hidden size (16) is not a multiple"),
        ("student.config.num_key_value_heads=4", "student.config: num_attention_heads (2) is not a multiple of num_key_value_heads (4); "),
        (
            'student={model = "new:gpt2", tokenizer = "world:a", config = {n_embd = 16, n_head = 3}}',
            "no network with these settings: `embed_",
        ),
    ],
)
def test_a_student_that_cannot_be(override: str, told: str) -> None:
    with pytest.raises(PotstillError) as raised:
        student_size(load(TINY, [override]))
    assert told in str(raised.value)
