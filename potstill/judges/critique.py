"""Asking a teacher whether an answer keeps a rule, in a form that can be read strictly."""

from __future__ import annotations

import re
from collections.abc import Sequence

from potstill.text.steps import Step
from potstill.text.thought_marks import CLOSINGS, OPENINGS
from potstill.types import Message, Prompt

_ASK = """You check an answer by a single rule.

The rule: {rule}

What was asked:
{question}

The answer, step by step:
{steps}

Does every step keep the rule? Think first if you need to. Then write one last line, which is either
VERDICT: KEPT
or, with the number of the first step that breaks the rule,
VERDICT: BROKEN {example}"""
_VERDICT = re.compile(r"VERDICT: (?:(KEPT)|BROKEN (\d{1,6}))\.?")
KEPT = 0
"""What `verdict` gives for a rule that is kept; steps count from 1."""


def question(rule: str, prompt: Prompt, text: str, steps: Sequence[Step]) -> Prompt:
    """What the teacher is asked.

    Args:
        rule: in words.
        prompt: that was answered.
        text: the answer.
        steps: of the answer, those that the rule is for; at least one.
    """
    told = "\n".join(f"[{number}] {text[one.start : one.end]}" for number, one in enumerate(steps, 1))
    asked = "\n\n".join(message.content for message in prompt.messages) or (prompt.reference or "")
    content = _ASK.format(rule=rule, question=asked, steps=told, example=len(steps))
    return Prompt((Message("user", content),), source=f"a critique of an answer to {prompt.source or prompt.id}")


def verdict(said: str, count: int) -> int | None:
    """The first of `count` steps that breaks the rule, from 1; `KEPT` where none does; None where the last line is not in the form.

    What a thought says does not count. A step that there is not cannot be broken: None.
    """
    for mark in CLOSINGS:
        said = said.rpartition(mark)[2]
    if any(mark in said for mark in OPENINGS):
        return None
    last = next((line.strip().strip("*`") for line in reversed(said.split("\n")) if line.strip()), "")
    found = _VERDICT.fullmatch(last)
    if found is None:
        return None
    if found[1]:
        return KEPT
    return int(found[2]) if 1 <= int(found[2]) <= count else None
