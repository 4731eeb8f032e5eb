from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from potstill.curate.presidio import Presidio
from potstill.errors import MissingExtraError, ModelError
from potstill.text.personal import Found


def stand_in(monkeypatch, installed=True):
    """Modules of the names and shapes that the adapter uses, which find `Ida`; they note what they are asked."""
    asked = []

    class AnalyzerEngine:
        def __init__(self, nlp_engine, supported_languages):
            asked.append((nlp_engine, supported_languages))

        def analyze(self, text, language, entities, score_threshold):
            asked.append((language, entities, score_threshold))
            start = text.index("Ida")
            return [SimpleNamespace(entity_type="PERSON", start=start, end=start + 3)]

    class NlpEngineProvider:
        def __init__(self, nlp_configuration):
            self.made = nlp_configuration["models"][0]["model_name"]

        def create_engine(self):
            return self.made

    spacy = ModuleType("spacy")
    spacy.util = SimpleNamespace(is_package=lambda name: installed)
    nlp = ModuleType("presidio_analyzer.nlp_engine")
    nlp.NlpEngineProvider = NlpEngineProvider
    presidio = ModuleType("presidio_analyzer")
    presidio.AnalyzerEngine, presidio.nlp_engine = AnalyzerEngine, nlp
    for module in (spacy, nlp, presidio):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return asked


def test_it_finds_what_presidio_finds(monkeypatch):
    asked = stand_in(monkeypatch)
    one = Presidio("en_small", entities=("PERSON",))
    assert list(one.find("I met Ida.")) == [Found("person", 6, 9, "Ida")]
    assert asked == [("en_small", ["en"]), ("en", ["PERSON"], 0.5)]
    list(one.find("Ida"))
    assert len(asked) == 3


def test_nothing_is_downloaded(monkeypatch):
    stand_in(monkeypatch, installed=False)
    with pytest.raises(ModelError, match="en_small: this model of spaCy is not installed"):
        list(Presidio("en_small").find("Ida"))


def test_without_presidio(monkeypatch):
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'presidio-analyzer'.*potstill\[pii\]"):
        list(Presidio("en_small").find("Ida"))


def test_versions():
    assert Presidio("no_such_model").identity()["no_such_model"] == "not installed"
