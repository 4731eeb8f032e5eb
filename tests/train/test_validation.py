from __future__ import annotations

import pytest
import torch

from potstill.errors import InputError
from potstill.models import open_student
from potstill.recipe import StudentSection
from potstill.text.chat import render
from potstill.train.validation import validator
from potstill.types import Message, Prompt
from tests.train.conftest import SIZES

STUDENT = open_student(StudentSection(model="new:llama", config=SIZES, tokenizer="world:a"), seed=1)
ASKED = Prompt((Message("user", "What is 2 + 3?"),), reference="5", rationale="2+3=5.")


def test_the_mean_cross_entropy_of_rationale_and_answer() -> None:
    rendered = render(STUDENT.tokenizer, ASKED, "2+3=5. Answer: 5")
    ids = torch.tensor([rendered.input_ids])
    log_q = STUDENT.network(ids).logits.log_softmax(-1)[0, :-1]
    by_hand = -log_q.gather(-1, ids[0, 1:, None])[rendered.loss_from - 1 :].mean().item()
    assert validator(STUDENT.network, STUDENT.tokenizer, [ASKED], 64)(1) == pytest.approx(by_hand, rel=1e-5)


def test_plain_text_counts_from_its_first_predicted_token() -> None:
    text = Prompt((), reference="Add 12 and 30.")
    ids = torch.tensor([render(STUDENT.tokenizer, text, None).input_ids])
    by_hand = torch.nn.functional.cross_entropy(STUDENT.network(ids).logits[0, :-1], ids[0, 1:]).item()
    assert validator(STUDENT.network, STUDENT.tokenizer, [text], 64)(1) == pytest.approx(by_hand, rel=1e-5)


def test_prompts_without_a_known_answer_are_no_validation() -> None:
    with pytest.raises(InputError, match="nothing to validate on"):
        validator(STUDENT.network, STUDENT.tokenizer, [Prompt((Message("user", "Hello."),))], 64)
