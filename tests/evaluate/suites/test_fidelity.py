from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from potstill.evaluate.probabilities import Gaps
from potstill.evaluate.suites.fidelity import Fidelity, buckets, joined
from potstill.models.local import LocalModel
from potstill.models.tokenizers import open_tokenizer
from potstill.types import Scorecard
from tests.evaluate.setting import items, local, model, network, plain


def measured(student: LocalModel, folder: Path) -> Scorecard:
    models = {"teacher": model(0), "student": student, "base": model(2)}
    engine = local(models, [*items("carry_addition", n=3), plain("Ann has 3 apples.")], folder)
    return Scorecard(tuple(Fidelity().measure(engine)))


def values(card: Scorecard, subject: str = "student") -> list[float | None]:
    findings = [card.find(name, subject) for name in Fidelity.measures]
    return [finding.value if finding else None for finding in findings]


def test_a_copy_of_the_teacher_is_at_no_distance(tmp_path: Path) -> None:
    card = measured(model(0), tmp_path)
    assert values(card) == pytest.approx([0, 0, 0, 1], abs=1e-6)
    forward, reverse, jsd, agreement = values(card, "base")
    assert min(forward, reverse, jsd) > 0.01
    assert agreement < 1


def test_all_tokens_are_those_of_the_buckets(tmp_path: Path) -> None:
    card = measured(model(1), tmp_path)
    whole = card.find("kl_teacher_student")
    parts = [f for f in card.findings if (f.name, f.subject) == ("kl_teacher_student", "student") and f.group != "all"]
    assert {f.group for f in parts} <= {"0-7", "8-15", "16-31", "32-63", "64+"}
    assert sum(f.n for f in parts) == whole.n
    assert sum(f.n * f.value for f in parts) / whole.n == pytest.approx(whole.value)
    assert whole.low < whole.value < whole.high
    assert {f.unit for f in parts} == {"nats/token"}


def test_buckets_are_named_by_position() -> None:
    position = np.array([0, 7, 8, 63, 64, 500])
    assert {name: position[inside].tolist() for name, inside in buckets(position)} == {
        "all": [0, 7, 8, 63, 64, 500],
        "0-7": [0, 7],
        "8-15": [8],
        "32-63": [63],
        "64+": [64, 500],
    }


def test_joined_gaps_keep_their_prompts_apart() -> None:
    def gaps(*prompts: int) -> Gaps:
        n = len(prompts)
        return Gaps(np.array(prompts, np.int32), np.zeros(n, np.int32), dict.fromkeys(("student", "base"), np.zeros((n, 4), np.float32)))

    assert joined([gaps(0, 2), gaps(), gaps(0, 1)]).prompt.tolist() == [0, 2, 3, 4]


def test_other_tokens_are_not_measured_and_say_so(tmp_path: Path) -> None:
    card = measured(LocalModel.of(network(1, 896), open_tokenizer("world:b"), "other"), tmp_path)
    assert values(card) == [None] * 4
    assert card.findings[0].by.startswith("not measured: the student's tokens are not the teacher's")


def test_there_must_be_prompts() -> None:
    assert Fidelity().lack([])
    assert not Fidelity().lack([plain("x")])
