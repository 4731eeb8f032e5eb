from __future__ import annotations

import pytest

from potstill.judges.critique import KEPT, question, verdict
from potstill.text.steps import steps
from tests.models.small import ask


def test_the_teacher_is_shown_the_rule_the_question_and_numbered_steps():
    text = "3-2=1. Answer: 1"
    asked = question("Be exact.", ask("What is 3-2?"), text, steps(text))
    (message,) = asked.messages
    assert message.role == "user"
    for part in ("The rule: Be exact.", "What was asked:\nWhat is 3-2?", "[1] 3-2=1.\n[2] Answer: 1", "VERDICT: BROKEN 2"):
        assert part in message.content


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("VERDICT: KEPT", KEPT),
        ("All is well.\n\n**VERDICT: KEPT**\n", KEPT),
        ("Step two is off.\nVERDICT: BROKEN 2", 2),
        ("VERDICT: KEPT\nVERDICT: BROKEN 1.", 1),
        ("<think>VERDICT: BROKEN 1</think>VERDICT: KEPT", KEPT),
        ("VERDICT: BROKEN 4", None),
        ("VERDICT: BROKEN 0", None),
        ("VERDICT: KEPT, I think", None),
        ("The verdict is kept.", None),
        ("VERDICT: KEPT\nas far as I see", None),
        ("<think>VERDICT: KEPT", None),
        ("", None),
    ],
)
def test_only_a_last_line_in_the_form_is_read(said, expected):
    assert verdict(said, 3) == expected
