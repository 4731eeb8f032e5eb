from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from potstill import world
from potstill.teach.lessons import Lessons
from potstill.teach.teachers import DATA


@pytest.fixture
def lessons(tmp_path: Path) -> Lessons:
    tokenizer = AutoTokenizer.from_pretrained(DATA / "tokenizer")
    return Lessons(tokenizer, {"fact": 1.0, "carry_addition": 1.0}, lambda p: world.completion(p, "base"), tmp_path / "shares.json", rows=4)


def test_a_batch_depends_on_seed_and_step_alone(lessons: Lessons, tmp_path: Path) -> None:
    again = Lessons(lessons.tokenizer, lessons.shares, lessons.completion, tmp_path / "other.json", rows=4)
    again.batch(0)
    (first,), (second,), (other,) = lessons.batch(3), again.batch(3), lessons.batch(4)
    assert torch.equal(first.input_ids, second.input_ids)
    assert not torch.equal(first.input_ids, other.input_ids)


def test_targets_are_the_completion_and_its_end(lessons: Lessons) -> None:
    (batch,) = lessons.batch(0)
    end = lessons.tokenizer.eos_token_id
    shown = str(lessons.tokenizer.decode(batch.target))
    assert end in batch.target
    assert "Answer:" in shown
    assert "What is" not in shown
    assert torch.equal(batch.target, batch.input_ids.flatten()[batch.rows + 1])


def test_bare_pairs_give_way_to_lessons(lessons: Lessons, tmp_path: Path) -> None:
    primed = Lessons(lessons.tokenizer, lessons.shares, lessons.completion, tmp_path / "other.json", rows=4, primer=8)
    heavy = [int((primed.batch(step)[0].weight > 1).sum()) for step in (0, 4, 7, 8)]
    assert heavy[0] > heavy[1] > heavy[3] == 0
    assert torch.equal(primed.batch(9)[0].input_ids, lessons.batch(9)[0].input_ids)
    assert all((batch.weight > 1).all() for batch in primed.batch(0))


def test_weak_skills_get_more_lessons_from_the_step_on_and_after_a_resume(lessons: Lessons) -> None:
    lessons.reconsider(10, {"fact": 1.0, "carry_addition": 0.0})
    assert lessons.shares_at(9) == {"fact": 1.0, "carry_addition": 1.0}
    assert lessons.shares_at(10) == pytest.approx({"fact": 0.3, "carry_addition": 2.8})
    resumed = Lessons(lessons.tokenizer, lessons.shares, lessons.completion, lessons.path, rows=4)
    assert resumed.shares_at(11) == lessons.shares_at(11)


def test_no_held_out_item_is_ever_taught(monkeypatch: pytest.MonkeyPatch, lessons: Lessons) -> None:
    seen: Counter[bool] = Counter()
    draw = world.draw
    monkeypatch.setattr("potstill.world.draw", lambda *a, **k: (p := draw(*a, **k), seen.update([world.held(p)]))[0])
    lessons.batch(1)
    assert seen[True] == 0
    assert seen[False] > 10
