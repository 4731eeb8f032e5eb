from __future__ import annotations

import math

import pytest

from potstill.generate.asking import Asking
from potstill.generate.selection import NAME, SELECTIONS, Bar, kl_bound, select
from potstill.generate.traces import Drawn
from potstill.models import Outlook
from potstill.types import Trace
from tests.models.small import ask


def length(prompt, text):
    """A judge: longer is better, and of an empty text nothing can be said."""
    return float(len(text)) if text else None


class Judge:
    """Scores texts by a table; what is not in it cannot be judged."""

    name = "table"

    def __init__(self, scores):
        self.scored, self.calls = scores, []

    def identity(self):
        return {"table": str(self.scored)}

    def scores(self, asked):
        self.calls.append([text for _, text in asked])
        return [self.scored.get(text) for _, text in asked]


def selected(texts, scores, n=2, rounds=2):
    """The texts of each prompt are its draws in turn."""
    asked = [Asking(prompt.id, prompt) for prompt in (ask(question) for question in texts)]
    drawn = []

    def draw(some, first):
        drawn.append(([one.prompt.question for one in some], first))
        return [[_drawn(one, i, text) for i, text in list(enumerate(texts[one.prompt.question]))[first : first + n]] for one in some]

    judge = Judge(scores)
    return select(asked, draw, Bar(judge, 0.5), rounds), drawn, judge


def _drawn(asked, sample, text):
    trace = Trace(asked.id, "t", sample, text, teacher_id="card")
    return Drawn(trace.id, trace, Outlook())


def told(one):
    return [(verdict.part, verdict.why, verdict.score) for verdict in one.verdicts]


def test_the_best_that_passes_is_kept_and_every_draw_says_why():
    (one,), drawn, _ = selected({"a": ["low", "high", "bad", "none"]}, {"low": 0.6, "high": 0.93, "bad": 0.2}, n=4)
    assert told(one) == [
        ("noise", "passed, not the best", 0.6),
        ("keep", "the best of 3: 0.93", 0.93),
        ("noise", "did not pass 0.5 by table", 0.2),
        ("noise", "could not be judged by table", None),
    ]
    assert {(verdict.by, verdict.version) for verdict in one.verdicts} == {(NAME, "1")}
    assert [verdict.trace_id for verdict in one.verdicts] == [each.id for each in one.drawn]
    assert one.row == {
        "prompt_id": ask("a").id,
        "teacher_id": "card",
        "chosen": one.drawn[1].id,
        "score": 0.93,
        "draws": 4,
        "judged": 3,
        "kl_bound": kl_bound(3),
    }
    assert list(one.row) == SELECTIONS.names
    assert drawn == [(["a"], 0)]


def test_what_none_passes_is_drawn_again_up_to_the_rounds():
    texts = {"at once": ["x", "good"], "later": ["x", "x", "x", "good"], "never": ["x"] * 9}
    (first, later, never), drawn, judge = selected(texts, {"x": 0.1, "good": 0.9}, rounds=3)
    assert drawn == [(["at once", "later", "never"], 0), (["later", "never"], 2), (["never"], 4)]
    assert [len(one.drawn) for one in (first, later, never)] == [2, 4, 6]
    assert [len(call) for call in judge.calls] == [6, 4, 2]
    assert later.verdicts[-1].why == "the best of 4: 0.9"
    assert {verdict.part for verdict in never.verdicts} == {"noise"}
    assert (never.row["chosen"], never.row["score"], never.row["kl_bound"]) == (None, None, None)


def test_what_could_not_be_judged_never_passes():
    (one,), _, _ = selected({"a": ["?", "?"]}, {}, rounds=1)
    assert told(one) == [("noise", "could not be judged by table", None)] * 2
    assert one.row["judged"] == 0


def test_of_equals_the_first_drawn_is_kept():
    (one,), _, _ = selected({"a": ["x", "y", "z"]}, {"x": 0.5, "y": 0.9, "z": 0.9}, n=3)
    assert [verdict.part for verdict in one.verdicts] == ["noise", "keep", "noise"]


def test_a_file_that_holds_no_more_answers_ends_the_rounds():
    (one,), drawn, _ = selected({"a": ["x", "x", "x"]}, {"x": 0.0}, rounds=3)
    assert len(one.drawn) == 3
    assert drawn[:2] == [(["a"], 0), (["a"], 2)]


def test_the_distance_spent_is_bounded_by_hand_worked_numbers():
    assert kl_bound(1) == 0.0
    assert kl_bound(2) == pytest.approx(math.log(2) - 0.5)
    assert kl_bound(8) == pytest.approx(1.20444, abs=1e-5)


def test_the_bound_holds_for_a_teacher_of_three_answers():
    """KL of the best of m against one draw, worked out exactly: the best of m is at most the i-th answer with probability F(i)^m."""
    probabilities, best = [0.5, 0.3, 0.2], 4
    below = [0.0, 0.5, 0.8, 1.0]
    of_best = [below[i + 1] ** best - below[i] ** best for i in range(3)]
    exact = sum(q * math.log(q / p) for q, p in zip(of_best, probabilities, strict=True))
    assert 0 < exact < kl_bound(best)
