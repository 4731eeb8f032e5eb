from __future__ import annotations

import pytest

from potstill.judges.choice import choice, chosen_letter
from potstill.types import Message, Prompt

CHOICES = ("bus depot", "beach", "train station", "bridge", "train")


@pytest.mark.parametrize(
    "text",
    [
        "C",
        "c",
        "(c)",
        "**C**",
        "C. train station",
        "C) because bums live there",
        "Answer: C",
        "Answer: (C) train station",
        "He needs a roof. The answer is (c) train station.",
        "The answer is train station.",
        "#### C",
        r"So \boxed{C}",
        r"So \boxed{\text{C}}",
        "A place with a roof. So the answer is C.",
        "I would go for option C here",
        "Train station",
        "He lives near a train station, I think.",
    ],
)
def test_the_option_that_is_chosen(text):
    assert chosen_letter(text, CHOICES) == "C"


@pytest.mark.parametrize(
    "text",
    ["", "I do not know.", "either the beach or the bridge", "(a) or (b)", "The answer is (a) beach.", "Answer: F", "A place with a roof."],
)
def test_what_cannot_be_told(text):
    assert chosen_letter(text, CHOICES) is None


def test_a_longer_option_is_not_the_shorter_one_within_it():
    assert chosen_letter("It is a blow to the head", ("blow", "a blow to the head")) == "B"
    assert chosen_letter("Answer: 3.5", ("3", "3.5", "35")) == "B"
    assert chosen_letter("Answer: 3", ("3", "3.5", "35")) == "A"


def test_scores():
    prompt = Prompt((Message("user", "Where?"),), reference="C", choices=CHOICES)
    assert (choice(prompt, "C"), choice(prompt, "beach"), choice(prompt, "who knows")) == (1.0, 0.0, None)
    assert choice(Prompt((), reference="C"), "C") is None
    assert choice(Prompt((), choices=CHOICES), "C") is None
    assert choice(Prompt((), choices=CHOICES, reference="train station"), "C") is None


def test_real_rationales_are_read(data_dir):
    """PaLM's label is right on 74.3% of the set, as the set's own account says; only a few rationales name no option."""
    import json

    rows = [json.loads(line) for line in (data_dir / "dsbs" / "cqa" / "cqa_train.json").read_text().splitlines()]
    said = json.loads((data_dir / "dsbs" / "cqa" / "palm" / "train_CoT_0.json").read_text())
    read = right = 0
    for row, text in zip(rows[: len(said)], said, strict=True):
        letter = chosen_letter(text.split("\n\nQ:")[0], tuple(row["choices"]))
        read += letter is not None
        right += letter is not None and row["choices"]["ABCDE".index(letter)] == row["answer"]
    assert read > 0.9 * len(said)
    assert right / read == pytest.approx(0.77, abs=0.06)
