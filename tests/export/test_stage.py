from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM

from potstill.errors import RecipeError
from potstill.export import load_int8, speed, write
from potstill.export.formats.int8 import Int8
from potstill.store import Artifact, rows
from potstill.store.tables import read
from potstill.types import Finding, Scorecard
from tests.evaluate.setting import items, recipe, run, saved

PROMPTS = items("carry_addition", n=2)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "TOKENS", 4)
    monkeypatch.setattr(speed, "REPEATS", 1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A teacher's folder and a student's."""
    folder = tmp_path_factory.mktemp("models")
    return saved(folder / "teacher", 0, num_hidden_layers=2), saved(folder / "student", 1)


def exported(tmp: Path, folders: tuple[Path, Path], teacher: str = "", extra: str = "") -> Artifact:
    return write(*run(tmp, recipe(teacher or f"hf:{folders[0]}", extra), PROMPTS, folders[1]))


def test_every_format_is_written_and_measured(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    artifact = exported(tmp_path, folders)
    card = Scorecard(tuple(rows(artifact.table("findings"), Finding)))
    plain, small = (card.find("bytes", name, "weights").value for name in ("safetensors", "int8"))
    assert small < 0.5 * plain
    assert card.find("drift_kl", "safetensors").value == pytest.approx(0, abs=1e-6)
    assert 0 < card.find("drift_kl", "int8").value < 0.1
    assert card.find("parameters_ratio", "int8").value < 1
    AutoModelForCausalLM.from_pretrained(artifact.path("safetensors"))
    load_int8(artifact.path("int8"))
    timed = Scorecard(tuple(rows(read(artifact.folder / "log" / "speed.parquet"), Finding)))
    assert {(f.subject, f.group) for f in timed.findings if f.name == "tokens_per_second"} == {
        (name, group) for name in ("teacher", "safetensors", "int8") for group in ("batch 1", "batch 16")
    }
    assert not any(name.startswith("log") for name in artifact.manifest.files)


def test_an_interrupted_export_goes_on_and_ends_the_same(
    tmp_path: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = exported(tmp_path / "a", folders)
    with monkeypatch.context() as patched:
        patched.setattr(Int8, "write", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            exported(tmp_path / "b", folders)
    assert exported(tmp_path / "b", folders).content == undisturbed.content


def test_a_teacher_on_file_has_neither_size_nor_speed(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    artifact = exported(tmp_path, folders, "fake:x", '[export]\nformats = ["safetensors:bfloat16"]')
    assert {f.subject for f in rows(artifact.table("findings"), Finding)} == {"safetensors:bfloat16"}
    assert artifact.path("safetensors-bfloat16/model.safetensors").is_file()
    timed = rows(read(artifact.folder / "log" / "speed.parquet"), Finding)
    assert {f.name for f in timed} == {"tokens_per_second"}


def test_another_teacher_is_another_export(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    extra = '[export]\nformats = ["safetensors"]'
    beside, alone = (exported(tmp_path, folders, teacher, extra) for teacher in ("", "fake:x"))
    assert beside.folder != alone.folder
    subjects = [{f.subject for f in rows(made.table("findings"), Finding)} for made in (beside, alone)]
    assert subjects == [{"teacher", "safetensors"}, {"safetensors"}]


def test_an_unknown_format_is_told_before_any_work(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    with pytest.raises(RecipeError, match=r"export.formats.1: unknown format 'int9'; did you mean 'int8'\?"):
        exported(tmp_path, folders, extra='[export]\nformats = ["safetensors", "int9"]')
