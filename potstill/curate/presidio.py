"""Presidio as another finder of personal data: names, places and whatever else its recognisers know, beside the checked patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from potstill.errors import MissingExtraError, ModelError
from potstill.text.personal import Found

PACKAGE, SPACY = "presidio_analyzer", "spacy"


@dataclass
class Presidio:
    """An analyser of Presidio over a model of spaCy that is installed; nothing is downloaded.

    Attributes:
        model: the package of spaCy's model: `en_core_web_sm`.
        language: which language it is for, ISO 639-1.
        entities: what is looked for, in Presidio's names (`PERSON`); empty: all that it knows.
        least: a finding with a lower score does not count.
    """

    model: str
    language: str = "en"
    entities: tuple[str, ...] = ()
    least: float = 0.5

    def find(self, text: str) -> Iterator[Found]:
        """What it finds in a text, each kind as Presidio names it, in small letters.

        Raises:
            MissingExtraError: Presidio is not installed.
            ModelError: the model of spaCy is not installed.
        """
        wanted = list(self.entities) or None
        found = self._engine.analyze(text=text, language=self.language, entities=wanted, score_threshold=self.least)
        for one in sorted(found, key=lambda each: (each.start, each.end, each.entity_type)):
            yield Found(one.entity_type.lower(), one.start, one.end, text[one.start : one.end])

    def identity(self) -> dict[str, str]:
        """The versions of Presidio and of the model."""
        return {name: _version(name) for name in ("presidio-analyzer", self.model)}

    @cached_property
    def _engine(self) -> Any:
        presidio, provider = _module(PACKAGE), _module(f"{PACKAGE}.nlp_engine")
        if not _module(SPACY).util.is_package(self.model):
            fix = f"python -m spacy download {self.model}, or name one that is installed"
            raise ModelError("this model of spaCy is not installed", where=self.model, fix=fix)
        models: Sequence[dict[str, str]] = [{"lang_code": self.language, "model_name": self.model}]
        engine = provider.NlpEngineProvider(nlp_configuration={"nlp_engine_name": SPACY, "models": models}).create_engine()
        return presidio.AnalyzerEngine(nlp_engine=engine, supported_languages=[self.language])


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise MissingExtraError.of(name.partition(".")[0].replace("_", "-"), "pii", "finding names and places") from None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
