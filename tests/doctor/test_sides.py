"""The two sides of a pair."""

from __future__ import annotations

from pathlib import Path

from potstill.doctor.sides import pair_of
from potstill.models import open_teacher, teacher_tokenizer
from potstill.recipe import StudentSection, TeacherSection
from tests.models.small import write_model

SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}


def test_a_local_teacher_and_a_new_student() -> None:
    teacher = TeacherSection(model="world:base")
    tokenizer = teacher_tokenizer(teacher)
    opened = open_teacher(teacher)
    pair = pair_of(teacher, opened, tokenizer, StudentSection(model="new:llama", config=SMALL), (), first_tokenizer=tokenizer)
    assert (pair.teacher.name, pair.teacher.rows, pair.teacher.parameters) == ("world:base", 640, 1_342_880)
    assert pair.teacher.open() is opened
    assert (pair.student.name, pair.student.rows, pair.student.parameters) == ("new:llama", 640, 23_088)
    assert pair.student.tokenizer is tokenizer


def test_a_student_in_a_folder(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "student")
    teacher = TeacherSection(model="fake:x")
    pair = pair_of(teacher, open_teacher(teacher), None, StudentSection(model=f"hf:{folder}"), ())
    assert (pair.teacher.config, pair.teacher.rows, pair.teacher.parameters, pair.teacher.open()) == (None, None, None, None)
    assert pair.student.rows == 640
    student = pair.student.open()
    assert student is not None
    assert student.network.config.hidden_size == 32
