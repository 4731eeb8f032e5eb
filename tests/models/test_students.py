from __future__ import annotations

import pytest

from potstill.errors import ModelError
from potstill.models import open_student, open_tokenizer, teacher_tokenizer
from potstill.models.local import weights_digest
from potstill.recipe import StudentSection, TeacherSection
from tests.models.small import write_model

SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("small") / "model")


def test_a_teachers_tokenizer(folder):
    assert len(teacher_tokenizer(TeacherSection(model=f"hf:{folder}"))) == 640
    assert len(teacher_tokenizer(TeacherSection(model="world:base"))) == 640
    assert teacher_tokenizer(TeacherSection(model="fake:x")) is None


def test_a_new_student():
    section = StudentSection(model="new:llama", config=SMALL)
    student = open_student(section, open_tokenizer("world:b"), seed=2)
    assert student.network.config.vocab_size == len(student.tokenizer) == 896
    again = open_student(section, open_tokenizer("world:b"), seed=2)
    assert weights_digest(student.network) == weights_digest(again.network)
    assert student.identity() == again.identity() != open_student(section, open_tokenizer("world:b"), seed=3).identity()


def test_a_new_student_with_its_own_tokenizer_and_template():
    section = StudentSection(model="new:llama", config=SMALL, tokenizer="world:a", chat_template="{{ messages[0]['content'] }}")
    student = open_student(section, open_tokenizer("world:b"))
    assert len(student.tokenizer) == 640
    assert student.tokenizer.chat_template == "{{ messages[0]['content'] }}"


def test_a_new_student_without_a_tokenizer():
    with pytest.raises(ModelError, match=r"needs a tokenizer, and its teacher has none; set \[student\] tokenizer"):
        open_student(StudentSection(model="new:llama", config=SMALL))


def test_a_student_that_is_there(folder):
    plain = open_student(StudentSection(model=f"hf:{folder}"))
    assert plain.tokenizer.chat_template
    other = open_student(StudentSection(model=f"hf:{folder}", chat_template="x"))
    assert other.tokenizer.chat_template == "x"
    assert other.identity() != plain.identity()
    assert other.name == plain.name == f"hf:{folder}"
