from __future__ import annotations

import subprocess
import sys

import pytest

from potstill.errors import ModelError, RecipeError
from potstill.models import LocalModel, Options, open_model, open_teacher
from potstill.models.fake import FakeTeacher
from potstill.recipe import TeacherSection
from tests.models.small import write_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("small") / "model")


def test_models_by_name(folder):
    assert isinstance(open_model("fake:yes"), FakeTeacher)
    assert isinstance(open_model(f"hf:{folder}"), LocalModel)
    with pytest.raises(RecipeError, match="unknown model 'hff'; did you mean 'hf'"):
        open_model("hff:x")
    for spec in ("plain", "hf:"):
        with pytest.raises(ModelError, match="written KIND:NAME"):
            open_model(spec)


def test_remote_code_needs_a_revision(folder):
    with pytest.raises(ModelError, match="remote code needs a revision"):
        open_model(f"hf:{folder}", Options(remote_code=True))


def test_a_teacher_of_a_recipe(folder):
    teacher = open_teacher(TeacherSection(model=f"hf:{folder}", dtype="bfloat16"), batch_size=7)
    assert isinstance(teacher, LocalModel)
    assert teacher.batch_size == 7
    assert teacher.identity()["dtype"] == "bfloat16"


def test_what_opens_teachers_brings_no_torch_in():
    code = "import sys; from potstill.models import open_teacher, spending_of; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
