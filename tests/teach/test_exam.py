from __future__ import annotations

from potstill import world
from potstill.models import open_student
from potstill.recipe import StudentSection
from potstill.teach import exam
from tests.train.conftest import SIZES


def test_marks_are_shares_of_held_out_items_by_skill() -> None:
    student = open_student(StudentSection(model="new:llama", config=SIZES, tokenizer="world:a"), seed=1)
    asked = []
    marks = exam(
        student.network, student.tokenizer, ["fact", "colour"], lambda p, text: bool(asked.append(p)) or p.skill == "fact", n=3, seed=5
    )
    assert marks == {"fact": 1.0, "colour": 0.0}
    assert len(asked) == 6
    assert all(world.held(p) for p in asked)
