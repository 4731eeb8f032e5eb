from __future__ import annotations

from pathlib import Path

import pytest

from potstill.errors import CapabilityError
from potstill.evaluate.engine import grade
from potstill.evaluate.subjects import NAMES
from potstill.models.local import LocalModel
from potstill.models.tokenizers import open_tokenizer
from potstill.types import Trace
from tests.evaluate.setting import items, local, model, network, plain, question, scripted

PROMPTS = [
    question("2 + 2", reference="4", grader="number"),
    plain("some text"),
    question("a word", reference="x"),
    question("3", grader="number"),
]


def test_prompts_are_asked_and_texts_are_not(tmp_path: Path) -> None:
    given = {"2 + 2": "It is 4.", "a word": "x", "3": "3"}
    engine = scripted(dict.fromkeys(NAMES, given), PROMPTS, tmp_path)
    assert [p.question for p in engine.asked] == ["2 + 2", "a word", "3"]
    assert engine.texts == [PROMPTS[1]]
    assert [a.text for a in engine.answers("student")] == ["It is 4.", "x", "3"]
    assert engine.answered == ("student",)


def test_grades_are_the_prompts_own_judges(tmp_path: Path) -> None:
    engine = scripted({key: {"2 + 2": "It is 4.", "a word": "x", "3": "3"} for key in NAMES}, PROMPTS, tmp_path)
    assert engine.grades("student") == [1.0, None, None]  # no judge; a judge without a reference
    assert grade(PROMPTS[0], Trace(PROMPTS[0].id, "teacher", 0, "", finish_reason="error")) is None


def test_each_subject_answers_once_and_answers_outlive_the_engine(tmp_path: Path) -> None:
    first = scripted({key: {"2 + 2": "4", "a word": "x", "3": "3"} for key in NAMES}, PROMPTS, tmp_path)
    before = first.answers("base")
    second = scripted({key: {} for key in NAMES}, PROMPTS, tmp_path)
    assert second.answers("base") == before


def test_greedy_answers_do_not_depend_on_the_pieces(tmp_path: Path) -> None:
    prompts = items("carry_addition", n=6)
    models = {name: model(seed) for seed, name in enumerate(NAMES)}
    whole = local(models, prompts, tmp_path / "a").answers("student")
    one_by_one = [local(models, [p], tmp_path / str(i)).answers("student")[0] for i, p in enumerate(prompts)]
    assert [a.token_ids for a in whole] == [a.token_ids for a in one_by_one]


def test_other_tokens_cannot_be_compared(tmp_path: Path) -> None:
    other = LocalModel.of(network(0, 896), open_tokenizer("world:b"), "other")
    engine = local({"teacher": model(0), "student": other, "base": model(1)}, items("carry_addition"), tmp_path)
    with pytest.raises(CapabilityError, match="tokens are not the teacher's"):
        _ = engine.answer_gaps
