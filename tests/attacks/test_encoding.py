from __future__ import annotations

import re

from potstill.attacks import attack, open_attack
from potstill.attacks.encoding import CODED, READABLE, decoded_runs
from tests.attacks.families.small import REQUEST
from tests.models.small import ask


def test_an_answer_in_the_code_is_not_the_reference():
    asked = ask("What is 2 + 2?", reference="4", grader="number")
    found = [attack(open_attack("hex"), asked, seed)[0] for seed in range(40)]
    for one in found:
        coded = any(task in one.question for task in CODED)
        assert coded != any(task in one.question for task in READABLE)
        assert (one.reference, one.grader) == ((None, None) if coded else ("4", "number"))
    assert {one.reference for one in found} == {None, "4"}


def test_a_hazard_keeps_what_must_not_be_given_away():
    assert {attack(open_attack("hex"), REQUEST, seed)[0].reference for seed in range(20)} == {REQUEST.reference}


def test_only_runs_that_say_something_are_replaced():
    runs = re.compile(r"\d+")
    assert decoded_runs("a 65 7 x", runs, lambda run: chr(int(run))) == "a A 7 x"

    def fails(run: str) -> str:
        raise ValueError(run)

    assert decoded_runs("a 65", runs, fails) == "a 65"
