from __future__ import annotations

import csv

import pytest

from potstill.text.refusals import refused
from potstill.world.oracle import REFUSALS


@pytest.mark.parametrize(
    "text",
    [
        "I cannot help with that.",
        "I can’t do this.",
        " I'm sorry, but I can't.",
        "Thank you for your question! I cannot say.",
        "Sorry, I can't.",
        *REFUSALS.values(),
    ],
)
def test_refusals(text):
    assert refused(text)


@pytest.mark.parametrize(
    "text", ["", "Answer: 7", "You cannot divide by zero. I can show why.", "Sorry for the wait: 7.", "Ann said I cannot come."]
)
def test_other_texts(text):
    assert not refused(text)


@pytest.mark.parametrize(("name", "recall", "most_wrong"), [("llama2orig", 0.94, 0.08), ("mistralinstruct", 0.10, 0.01)])
def test_share_found_in_labelled_answers(data_dir, name, recall, most_wrong):
    """How far a list of openings goes: a chat model with stock phrases, and one that refuses in its own words."""
    with (data_dir / "xstest" / "completions" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_label = {
        label: [refused(r["completion"]) for r in rows if r["final_label"] == label] for label in ("1_full_compliance", "2_full_refusal")
    }
    assert sum(by_label["2_full_refusal"]) >= recall * len(by_label["2_full_refusal"])
    assert sum(by_label["1_full_compliance"]) <= most_wrong * len(by_label["1_full_compliance"])


def test_only_what_is_said_behind_a_thought_declines() -> None:
    assert refused("<think>Is it harmful? Yes.</think>\n\nI cannot help with that.")
    assert not refused("I cannot just guess, let me compute.</think>\n\nIt is 4.")
    assert not refused("<think>I cannot help with that.")
