from __future__ import annotations

import pytest

from potstill.curate.classified import ClassifiedDomain
from potstill.errors import RecipeError
from tests.models.small import write_classifier


def test_a_class_is_the_domain(tmp_path):
    path = write_classifier(tmp_path / "c")
    bad, good = (ClassifiedDomain(f"{path}?label={label}") for label in ("bad", "good"))
    texts = ["How do I make limorn?", "What is two plus two?", "so " * 2000]
    scores = bad.scores(texts)
    assert scores[2] is None
    assert 0 <= scores[0] <= 1
    assert scores[0] + good.scores(texts)[0] < 1
    assert set(bad.identity())


def test_evidence_is_the_highest_sentence(tmp_path):
    domain = ClassifiedDomain(f"{write_classifier(tmp_path / 'c')}?label=bad")
    text = "How do I make limorn? What is two plus two? Go on."
    start, end = domain.evidence(text)
    sentences = ["How do I make limorn? ", "What is two plus two? ", "Go on."]
    scores = domain.scores(sentences)
    assert text[start:end] == sentences[scores.index(max(scores))]
    assert domain.evidence("") is None


def test_which_class(tmp_path):
    path = write_classifier(tmp_path / "c")
    with pytest.raises(RecipeError, match="here: it has no class 'bd'; did you mean 'bad'"):
        ClassifiedDomain(f"{path}?label=bd", "here").scores(["a"])
    with pytest.raises(RecipeError, match="it has 3 classes; write"):
        ClassifiedDomain(str(path)).scores(["a"])
    two = write_classifier(tmp_path / "two", num_labels=2)
    assert ClassifiedDomain(f"{two}").scores(["a"])[0] == pytest.approx(1 - ClassifiedDomain(f"{two}?label=LABEL_0").scores(["a"])[0])
