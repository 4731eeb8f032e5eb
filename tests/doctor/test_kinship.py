"""Sizes, and whether two models grew from one initialisation."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from potstill.doctor.kinship import initialisation, probe_kinship, sizes
from potstill.doctor.sides import Pair, pair_of
from potstill.models import open_model, open_teacher
from potstill.recipe import StudentSection, TeacherSection
from tests.models.small import small_network, world_tokenizer, write_model


def pair(teacher: Path, student: str) -> Pair:
    section = TeacherSection(model=f"hf:{teacher}")
    own = StudentSection(model=student)
    return pair_of(section, open_teacher(section), world_tokenizer(), own, (), first_tokenizer=world_tokenizer())


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return write_model(tmp_path / "teacher")


def test_a_fine_tuned_copy_is_found_out(teacher: Path, tmp_path: Path) -> None:
    network = small_network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    network.save_pretrained(tmp_path / "copy")
    world_tokenizer().save_pretrained(tmp_path / "copy")
    told = initialisation(pair(teacher, f"hf:{tmp_path}/copy"))
    assert told.outcome == "warning"
    assert told.seen.startswith("one initialisation: mean cosine of the embeddings 0.9")


def test_the_same_shape_from_another_seed_is_no_kin(teacher: Path, tmp_path: Path) -> None:
    network = small_network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)))
    network.save_pretrained(tmp_path / "other")
    world_tokenizer().save_pretrained(tmp_path / "other")
    told = initialisation(pair(teacher, f"hf:{tmp_path}/other"))
    assert told.outcome == "ok"
    assert told.seen.startswith("the same shape and other weights")


def test_other_shapes_and_fresh_weights_need_no_look(teacher: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "wide", hidden_size=48, head_dim=12)
    assert initialisation(pair(teacher, f"hf:{tmp_path}/wide")).seen == "other shapes, so another initialisation"
    assert initialisation(pair(teacher, "new:llama")).seen == "the student's weights are fresh"


def test_weights_that_are_not_here_are_unknown(teacher: Path) -> None:
    section = TeacherSection(model="fake:x")
    distant = pair_of(section, open_model("fake:x"), None, StudentSection(model=f"hf:{teacher}"), ())
    assert [result.outcome for result in probe_kinship(distant)] == ["unknown", "unknown"]


def test_a_student_larger_than_its_teacher(teacher: Path, tmp_path: Path) -> None:
    larger = write_model(tmp_path / "larger", num_hidden_layers=3)
    assert sizes(pair(teacher, f"hf:{larger}")).outcome == "warning"
    assert sizes(pair(larger, f"hf:{teacher}")).outcome == "ok"
