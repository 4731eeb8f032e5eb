from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from potstill.errors import InputError
from potstill.store import Quiet
from potstill.teach import CURRICULA, teach, teachers


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curriculum of two steps and two skills, examined on two items each."""
    plan = replace(CURRICULA["base"], skills={"fact": 1.0, "colour": 1.0}, primer=1, steps=2, rounds=1)
    monkeypatch.setattr(teachers, "CURRICULA", {"base": plan, "math": replace(plan, start="base")})
    monkeypatch.setattr(teachers, "EXAM_ITEMS", 2)
    monkeypatch.setattr(teachers, "FINAL_ITEMS", 2)


def test_a_teacher_is_written_in_two_bytes_a_weight_and_is_the_same_from_the_same_seed(short: None, tmp_path: Path) -> None:
    for name in ("a", "b"):
        marks = teach("base", tmp_path / f"work-{name}", Quiet(), into=tmp_path / name)
    assert set(marks) == {"fact", "colour"}
    first, second = (tmp_path / name / "base" / "model.safetensors" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 4e6
    assert {str(t.dtype) for t in load_file(first).values()} == {"torch.bfloat16"}


def test_a_specialist_needs_the_teacher_that_it_starts_from(short: None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="potstill world teach base"):
        teach("math", tmp_path, Quiet(), into=tmp_path)


def test_an_unknown_teacher_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'base'"):
        teach("bass", tmp_path, Quiet())
