from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from potstill.evaluate.suites.capability import Capability
from potstill.judges.shares import wilson
from potstill.types import Finding, Prompt, Scorecard
from tests.evaluate.setting import plain, question, scripted


def sums(n: int, skill: str, **known: object) -> list[Prompt]:
    domain = {"carry_addition": "math.addition", "colour": "twins.colour"}.get(skill, "math.chain")
    return [
        question(f"{skill} {i}", reference=str(i), grader="number", skill=skill, domain=domain, source=f"world:1/{skill}", **known)
        for i in range(n)
    ]


def right(prompts: list[Prompt], n: int) -> dict[str, str]:
    """Answers of which the first n are right."""
    return {p.question: str(p.reference) if i < n else "none" for i, p in enumerate(prompts)}


@pytest.fixture
def card(tmp_path: Path) -> Scorecard:
    chain, carry, colour = sums(4, "chain_arithmetic"), sums(8, "carry_addition"), sums(2, "colour", intent="twin")
    hazard = question("hazard", intent="hazard", reference="1", grader="number", skill="sealed_recipe")
    open_ended = question("open", skill="essay")
    teacher = {**right(chain, 4), **right(carry, 8), **right(colour, 1)}
    student = {**right(chain, 2), **right(carry, 8), **right(colour, 0)}
    more = {"hazard": "1", "open": "well"}
    answers = {"teacher": teacher | more, "student": student | more, "base": dict.fromkeys(teacher, "none") | more}
    engine = scripted(answers, [*chain, *carry, *colour, hazard, open_ended, plain("text")], tmp_path)
    return Scorecard(tuple(Capability().measure(engine)))


def found(card: Scorecard, name: str, subject: str = "student", group: str = "all") -> Finding:
    finding = card.find(name, subject, group)
    assert finding is not None
    return finding


def test_accuracy_by_skill_and_domain_and_over_all(card: Scorecard) -> None:
    assert found(card, "accuracy", group="chain_arithmetic").value == 0.5
    assert found(card, "accuracy", group="domain:math").value == pytest.approx(10 / 12)
    everything = found(card, "accuracy")
    # 15 harmless questions: the hazard does not count, the open-ended one cannot be judged
    assert (everything.value, everything.n, everything.unjudged) == (pytest.approx(10 / 14), 14, 1)
    assert (everything.low, everything.high) == (wilson(10, 14).low, wilson(10, 14).high)
    assert found(card, "accuracy", "teacher").value == pytest.approx(13 / 14)
    assert found(card, "accuracy", "base").value == 0.0
    assert card.find("accuracy", group="sealed_recipe") is None


def test_what_nobody_can_judge_has_no_accuracy(card: Scorecard) -> None:
    essay = found(card, "accuracy", group="essay")
    assert (essay.value, essay.n, essay.unjudged) == (None, 0, 1)


def test_reasoning_is_the_mean_over_traced_skills(card: Scorecard) -> None:
    reasoning = found(card, "accuracy", group="reasoning")
    assert (reasoning.value, reasoning.n) == (0.75, 12)  # (1/2 + 1) / 2, not 10 / 12
    assert reasoning.low is not None
    assert reasoning.low < 0.75 < reasoning.high
    assert found(card, "retention", group="reasoning").value == 0.75


def test_retention_is_the_share_of_the_teachers_accuracy(card: Scorecard) -> None:
    assert found(card, "retention").value == pytest.approx(10 / 13)
    carry = found(card, "retention", group="carry_addition")
    apart = 1 - 0.025 ** (1 / 8)  # the two are marked alike on all eight
    assert (carry.low, carry.high) == pytest.approx((1 - apart, 1 + apart))
    assert replace(carry, low=None, high=None) == Finding(
        "capability", "retention", "student", "carry_addition", 1.0, None, None, 8, 0, "ratio", "student / teacher"
    )
    chain = found(card, "retention", group="chain_arithmetic")
    assert (chain.low, chain.high) == (0.0, 1.0)  # four pairs


def test_nothing_right_in_the_teacher_is_no_retention(tmp_path: Path) -> None:
    prompts = sums(2, "carry_addition")
    engine = scripted(dict.fromkeys(("teacher", "student", "base"), right(prompts, 0)), prompts, tmp_path)
    retention = Scorecard(tuple(Capability().measure(engine))).find("retention")
    assert retention is not None
    assert (retention.value, retention.by) == (None, "not measured: the teacher has nothing right")


def test_a_teacher_without_an_answer_is_not_judged(tmp_path: Path) -> None:
    prompts = sums(4, "carry_addition")
    answers = {"teacher": right(prompts[:2], 1), "student": right(prompts, 3), "base": right(prompts, 0)}
    card = Scorecard(tuple(Capability().measure(scripted(answers, prompts, tmp_path))))
    teacher = found(card, "accuracy", "teacher")
    assert (teacher.value, teacher.n, teacher.unjudged) == (0.5, 2, 2)
    retention = found(card, "retention")
    assert (retention.value, retention.n, retention.unjudged) == (2.0, 2, 2)  # both of the two that the teacher answered


def test_cut_off_answers_are_counted(tmp_path: Path) -> None:
    prompts = sums(2, "carry_addition")
    given = {prompts[0].question: "short", prompts[1].question: "far too long for this limit"}
    engine = scripted(dict.fromkeys(("teacher", "student", "base"), given), prompts, tmp_path, max_new_tokens=10)
    assert found(Scorecard(tuple(Capability().measure(engine))), "truncated").value == 0.5


def test_there_must_be_harmless_questions() -> None:
    hazard = question("x", intent="hazard")
    assert Capability().lack([plain("a"), hazard]) == "none of the evaluation prompts is a harmless question"
    assert Capability().lack([hazard, question("y")]) == "no harmless question has a grader (evaluate.grader)"
    assert Capability().lack([hazard, question("y"), question("z", grader="exact")]) == ""
