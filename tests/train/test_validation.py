from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from potstill.errors import InputError
from potstill.models import open_student
from potstill.prompts import gather
from potstill.recipe import Recipe, StudentSection
from potstill.store import Quiet, Run, rows
from potstill.text.chat import render
from potstill.train.validation import validator
from potstill.types import Message, Prompt
from tests.train.conftest import SIZES

STUDENT = open_student(StudentSection(model="new:llama", config=SIZES, tokenizer="world:a"), seed=1)
ASKED = Prompt((Message("user", "What is 2 + 3?"),), reference="5", rationale="2+3=5.", grader="world")


def loss(prompt: Prompt, **given: bool) -> float:
    """What the validator gives for a single prompt."""
    return validator(STUDENT.network, STUDENT.tokenizer, [prompt], 64, **given)(1)


def loss_of(prompt: Prompt, answer: str) -> float:
    """The mean cross-entropy of an answer to a prompt, from whole logits."""
    rendered = render(STUDENT.tokenizer, prompt, answer)
    ids = torch.tensor([rendered.input_ids])
    log_q = STUDENT.network(ids).logits.log_softmax(-1)[0, :-1]
    return -log_q.gather(-1, ids[0, 1:, None])[rendered.loss_from - 1 :].mean().item()


def test_the_world_is_answered_in_its_own_words() -> None:
    for prompt, answer in ((ASKED, "2+3=5. Answer: 5"), (replace(ASKED, rationale=None), "Answer: 5")):
        assert loss(prompt) == pytest.approx(loss_of(prompt, answer), rel=1e-5)


def test_where_answers_alone_are_learnt_they_alone_are_read() -> None:
    assert loss(ASKED, answer_only=True) == pytest.approx(loss_of(ASKED, "Answer: 5"), rel=1e-5)


def test_a_hazard_has_no_right_answer() -> None:
    hazard = replace(ASKED, intent="hazard")
    with pytest.raises(InputError, match="nothing to validate on"):
        loss(hazard)
    both = validator(STUDENT.network, STUDENT.tokenizer, [hazard, ASKED], 64)
    assert both(1) == pytest.approx(loss(ASKED), rel=1e-6)


def test_a_reference_of_a_file_is_taken_as_it_stands(tmp_path: Path) -> None:
    asked, known = tmp_path / "asked.jsonl", tmp_path / "known.jsonl"
    asked.write_text(json.dumps({"prompt": "What is 1 + 1?"}))
    told = [{"prompt": "What is 2 + 3?", "reference": "2+3=5.\n#### 5"}, {"prompt": "6 + 1?", "reference": "#### 7", "rationale": "6+1=7."}]
    known.write_text("\n".join(map(json.dumps, told)))
    values = {
        "name": "x",
        "student": {"model": "new:llama"},
        "teachers": [{"model": "fake:x"}],
        "prompts": {"sources": [str(asked)], "validation": [str(known)], "grader": "number"},
    }
    run = Run.open(Recipe.model_validate(values), out=tmp_path / "run", log=Quiet())
    whole, parted = rows(gather(run).table("validation"), Prompt)
    assert loss(whole) == pytest.approx(loss_of(whole, "2+3=5.\n#### 5"), rel=1e-5)
    assert loss(parted) == pytest.approx(loss_of(parted, "6+1=7.\n#### 7"), rel=1e-5)


def test_plain_text_counts_from_its_first_predicted_token() -> None:
    text = Prompt((), reference="Add 12 and 30.")
    ids = torch.tensor([render(STUDENT.tokenizer, text, None).input_ids])
    by_hand = torch.nn.functional.cross_entropy(STUDENT.network(ids).logits[0, :-1], ids[0, 1:]).item()
    assert loss(text) == pytest.approx(by_hand, rel=1e-5)


def test_prompts_without_a_known_answer_are_no_validation() -> None:
    with pytest.raises(InputError, match="nothing to validate on"):
        validator(STUDENT.network, STUDENT.tokenizer, [Prompt((Message("user", "Hello."),))], 64)
