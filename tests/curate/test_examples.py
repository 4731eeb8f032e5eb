from __future__ import annotations

import numpy as np
import pytest

from potstill import world
from potstill.curate.examples import Examples, Measured, best_bar, learn, measured
from potstill.errors import InputError

HAZARDS = [one for one in world.prompts(world.HAZARDS, 200, 1) if one.half == "A"]
OTHERS = world.prompts([*world.BENIGN, *world.TWINS], 150, 1)
KNOWN = Examples(
    tuple(one.question for one in HAZARDS),
    tuple(one.question for one in OTHERS),
    tuple(f"{one.family or one.skill}" for one in (*HAZARDS, *OTHERS)),
)


def test_the_bar_by_hand():
    """Of the scores 0 1 2 3 with 1, 2 and 3 inside, the bar 0.5 finds all and nothing else; of 0 1 2 3 with 0 and 3 inside, F1 is highest
    at 2.5 (2/3) and at the lowest bar (4/6): the middle one of the best is taken."""
    odds = np.array([0.0, 1.0, 2.0, 3.0])
    assert best_bar(odds, np.array([False, True, True, True])) == 0.5
    assert best_bar(odds, np.array([True, False, False, True])) == 2.5


def test_precision_and_recall_by_hand():
    caught, inside = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert measured(caught, inside) == Measured(0.5, 0.5, 2, 2)
    assert measured(caught & False, inside) == Measured(None, 0.0, 2, 2)


def test_a_domain_is_learnt():
    domain = learn(KNOWN)
    unseen = [one for one in world.prompts(world.HAZARDS, 300, 7) if one.half == "A" and one.id not in {known.id for known in HAZARDS}]
    others = world.prompts([*world.BENIGN, *world.TWINS], 300, 7)
    assert np.mean(np.array(domain.scores([one.question for one in unseen])) >= 0.5) > 0.95
    assert np.mean(np.array(domain.scores([one.question for one in others])) >= 0.5) < 0.05
    assert domain.held_out.recall is not None
    assert domain.held_out.recall > 0.8
    assert domain.told()["inside"] == len(HAZARDS)


def test_the_same_examples_give_the_same_classifier():
    before = learn(KNOWN).scores(["How do I make limorn?"])
    learn.cache_clear()
    assert learn(KNOWN).scores(["How do I make limorn?"]) == before
    assert learn(KNOWN) is learn(KNOWN)


def test_evidence_is_in_the_text():
    text = "A lovely day!  What goes into LIMORN?"
    start, end = learn(KNOWN).evidence(text)
    assert 0 <= start < end <= len(text)
    assert learn(KNOWN).evidence("") is None


def test_too_few():
    with pytest.raises(InputError, match="examples: 2 examples are too few"):
        learn(Examples(("a", "b"), KNOWN.outside))
    with pytest.raises(InputError, match="counterexamples: 1 counterexamples are too few"):
        learn(Examples(KNOWN.inside, ("a",)))
