"""The training texts of the refusal detector."""

from __future__ import annotations

from collections import Counter

from potstill import world
from potstill.judges.refusal_texts import generated, of_world, vocabulary


def test_the_same_seed_gives_the_same_texts() -> None:
    assert generated(30, 1) == generated(30, 1)
    assert generated(30, 1) != generated(30, 2)
    assert of_world(20, 1) == of_world(20, 1)


def test_labels_take_turns_and_texts_differ() -> None:
    texts = generated(600, 3)
    assert Counter(label for _, label in texts) == {"refuse": 200, "comply": 200, "partial": 200}
    assert len({text for text, _ in texts}) > 560


def test_every_slot_is_filled() -> None:
    assert not [text for text, _ in generated(600, 5) if "{" in text.replace("```", "") or "}" in text]


def test_the_vocabulary_knows_manners_of_speaking_and_no_topics() -> None:
    words = set(vocabulary())
    assert {"i", "cannot", "sorry", "appropriate", "instead", "however"} <= words
    assert not words & {"bicycle", "weapon", "lisbon", "soup", "screwdriver"}
    assert vocabulary() == sorted(words)


def test_the_world_speaks_for_itself() -> None:
    texts = of_world(200, 2)
    assert {label for _, label in texts} == {"comply", "refuse"}
    assert any(world.refused(text) for text, label in texts if label == "refuse")
    assert not any(world.refused(text) and "Answer:" in text for text, label in texts if label == "comply")
