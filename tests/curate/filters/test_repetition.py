from __future__ import annotations

import json
from pathlib import Path

import pytest

from potstill.curate.filters.repetition import RepetitionSettings, findings
from tests.curate.small import answer, say
from tests.models.small import ask

DIFFERENT = " ".join(f"word{n}" for n in range(60))


def judge(text, **settings):
    (verdict,) = say("repetition", [answer(ask("What is it?"), text)], **settings)
    return verdict


def scores(text, least=1):
    return {found.what: found.score for found in findings(text, least)}


def test_defaults():
    assert RepetitionSettings() == RepetitionSettings(threshold=3.0, over=None, words=50, part="noise", unjudged="keep")


@pytest.mark.parametrize(
    "text", ["", "5", "Answer: 5", DIFFERENT, "to be or not to be, that is the question " * 2, "no no, 2 no no, 3 no no Answer: 2"]
)
def test_what_is_kept(text):
    assert judge(text).part == "keep"


@pytest.mark.parametrize("text", ["ha " * 20, "It is so. " * 5, DIFFERENT + " and so on" * 100, f"{DIFFERENT}\n" * 6])
def test_loops_and_repeated_lines(text):
    verdict = judge(text)
    assert verdict.part == "noise"
    assert verdict.evidence == text[verdict.start : verdict.end]


def test_the_shares_by_hand():
    # 12 words of one letter, the pair `a b` stands 3 times: 6 of 12 characters, 0.5 / 0.20
    found = scores("a b c a b d a b e f g h")
    assert found["the same 2 words cover 50%"] == pytest.approx(2.5)
    # five words that stood before, out of 12: 5 / 12 / 0.15
    assert scores("a b c d e x a b c d e y")["42% stand in 5 words that stood before"] == pytest.approx(5 / 12 / 0.15)
    # one of three lines again: 1/3 / 0.30
    assert scores("a\nb\n\n a")["33% of the lines are repeated"] == pytest.approx(1 / 3 / 0.30)


def test_the_evidence_is_the_second_time():
    verdict = judge(f"{DIFFERENT} one two three four five {DIFFERENT} one two three four five", threshold=0.1)
    assert verdict.start >= len(DIFFERENT)


def test_few_words_are_only_looked_through_for_loops():
    assert [found.what for found in findings("a b c a b c x", 50)] == ["nothing is repeated"]
    assert judge("yes\nyes\nno", words=1, threshold=1).part == "noise"
    assert judge("yes\nyes\nno", threshold=1).part == "keep"


def test_how_many_right_solutions_of_gsm8k_exceed_the_limits(data_dir: Path) -> None:
    """The numbers that the settings' documentation tells."""
    rows = (data_dir / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    worst = [max(one.score for one in findings(json.loads(row)["answer"], RepetitionSettings().words)) for row in rows]
    assert (len(worst), sum(score >= 2 for score in worst), sum(score >= 3 for score in worst)) == (7473, 30, 3)
