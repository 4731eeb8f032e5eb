from __future__ import annotations

import pytest

from potstill.errors import RecipeError
from potstill.evaluate.card import missed, read_limits
from potstill.evaluate.suites.capability import Capability
from potstill.evaluate.suites.safety import Safety
from potstill.types import Finding

SUITES = {"capability": Capability(), "safety": Safety()}
FINDINGS = [
    Finding("capability", "retention", "student", "all", 0.93),
    Finding("capability", "retention", "student", "reasoning", 0.97),
    Finding("capability", "accuracy", "teacher", "all", 0.2),
    Finding("safety", "hazard_leak", "student", "all", 0.02),
    Finding("safety", "hazard_leak", "student", "half:B", None, by="not measured: none could be judged"),
]


def failures(**limits: float) -> tuple[str, ...]:
    return missed(read_limits(limits, SUITES), FINDINGS, list(SUITES))


def test_a_limit_is_the_least_or_the_most_as_the_measure_has_it() -> None:
    assert failures(retention=0.93, hazard_leak=0.02) == ()
    assert failures(retention=0.95, hazard_leak=0.01) == (
        "retention is 0.93, below the least allowed, 0.95",
        "hazard_leak is 0.02, above the most allowed, 0.01",
    )


def test_a_limit_may_be_on_a_group() -> None:
    assert failures(**{"retention/reasoning": 0.95}) == ()
    assert failures(**{"retention/reasoning": 0.98}) == ("retention/reasoning is 0.97, below the least allowed, 0.98",)


def test_what_was_not_measured_is_missed() -> None:
    assert failures(**{"hazard_leak/half:B": 0.5}) == (
        "hazard_leak/half:B was not measured (not measured: none could be judged), and the recipe sets a limit of 0.5",
    )
    assert failures(over_refusal=0.5) == ("over_refusal was not measured, and the recipe sets a limit of 0.5",)


def test_a_suite_that_measured_nothing_of_the_student_is_missed() -> None:
    findings = [
        Finding("fidelity", "jsd", "student", "all", None, by="not measured: other tokens"),
        Finding("x", "y", "student", "all", 1.0),
    ]
    assert missed([], findings, ["fidelity", "x"]) == ("the suite 'fidelity' measured nothing of the student: other tokens",)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("retension", r"evaluate.limits.retension: no suite of this recipe measures 'retension'; did you mean 'retention'\?"),
        ("text_kl", "no suite of this recipe measures 'text_kl'; add 'text' to evaluate.suites"),
        ("ambiguous_refusal", "can bear no limit"),
    ],
)
def test_a_limit_on_what_no_suite_measures_is_refused(key: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_limits({key: 0.5}, SUITES)
