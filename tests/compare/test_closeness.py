"""How far probabilities are apart."""

from __future__ import annotations

import pytest

from potstill.compare.closeness import divergences
from potstill.models import open_model
from tests.models.small import ask, write_model

PROMPTS = [ask("What is 2+3?"), ask("Sort 3, 1.")]


def test_of_those_that_speak_the_same_tokens(tmp_path):
    reference, same = (open_model(f"hf:{write_model(tmp_path / name)}") for name in ("a", "b"))
    other = open_model(f"hf:{write_model(tmp_path / 'c', initializer_range=0.5)}")
    found = divergences(reference, [same, other, open_model("fake:so")], PROMPTS, ["Answer: 5", "1, 3"])
    assert found[same.name] == pytest.approx(0.0, abs=1e-6)
    assert found[other.name] > 0.1
    assert len(found) == 2


def test_without_a_network_there_is_nothing():
    assert divergences(open_model("fake:so"), [], PROMPTS, ["a", "b"]) == {}
