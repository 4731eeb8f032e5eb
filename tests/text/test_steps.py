from __future__ import annotations

import pytest

from potstill.text.steps import Step, steps


def cut(text, start=0, end=None):
    return [text[step.start : step.end] for step in steps(text, start, end)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3-2=1. 1+6=7. Answer: 7", ["3-2=1.", "1+6=7.", "Answer: 7"]),
        ("snab trel all. trel blim all.", ["snab trel all.", "trel blim all."]),
        ("First.\n\nSecond line\n", ["First.", "Second line"]),
        ("1. Add 2 and 3.\n2. Double it! Done?", ["1. Add 2 and 3.", "2. Double it!", "Done?"]),
        ("Step 1: add. Step 2: halve, Step 3: stop", ["Step 1: add.", "Step 2: halve,", "Step 3: stop"]),
        ("It is 3.5 kg, e.g. by Dr. Low. So 7 kg.", ["It is 3.5 kg, e.g. by Dr. Low.", "So 7 kg."]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("no end", ["no end"]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_a_text_is_cut_at_lines_and_sentences(text, expected):
    assert cut(text) == expected


def test_spans_are_places_in_the_whole_text():
    text = "Before. 1+1=2.  2+2=4. After."
    assert steps(text, 8, 23) == [Step(8, 14), Step(16, 22)]
    assert cut(text, 8, 23) == ["1+1=2.", "2+2=4."]


def test_steps_are_in_order_and_leave_out_only_space():
    text = "a. b!\n c? 4) d. e"
    found = steps(text)
    rest = list(text)
    for step in found:
        rest[step.start : step.end] = " " * (step.end - step.start)
    assert not "".join(rest).strip()
    assert [one.start for one in found] == sorted(one.start for one in found)
