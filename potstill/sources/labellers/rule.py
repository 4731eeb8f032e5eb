"""Labels by words and patterns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from potstill.errors import InputError, RecipeError
from potstill.recipe.paths import existing
from potstill.registry import part
from potstill.sources.labels import Help, LabelSettings, Said, labelled_text
from potstill.store.artifact import digest_file
from potstill.types import Half, Intent, Prompt


class Rule(BaseModel):
    """What a prompt is where one of these words or patterns stands in it.

    Attributes:
        phrases: words, as whole words; case and the width of spaces do not count.
        patterns: regular expressions; case does not count.
        domain, intent, family, half, language: what the prompt is then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    domain: str | None = None
    intent: Intent | None = None
    family: str | None = None
    half: Half | None = None
    language: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Rule:
        if not any(phrase.strip() for phrase in self.phrases) and not any(self.patterns):
            raise ValueError("a rule needs phrases or patterns")
        if not any((self.domain, self.intent, self.language)):
            raise ValueError("a rule gives a domain, an intent or a language")
        if (self.family or self.half) and self.intent in (None, "benign"):
            raise ValueError('family and half stand beside an intent, as in intent = "hazard"')
        return self

    @property
    def pattern(self) -> str:
        """One expression of all phrases and patterns."""
        words = [r"\s+".join(map(re.escape, phrase.split())) for phrase in self.phrases if phrase.strip()]
        return "|".join([*(rf"(?<!\w)(?:{word})(?!\w)" for word in words), *(f"(?:{one})" for one in self.patterns if one)])

    @property
    def said(self) -> Said:
        """What it says."""
        return Said(self.domain, self.intent, self.family, self.half, self.language)


class RuleSettings(LabelSettings):
    """Settings of the labeller `rule`.

    Attributes:
        rules: in order; of those that fit a prompt the first that says something of a label holds.
        file: a TOML file with more `[[rules]]`, which come after these.
    """

    rules: tuple[Rule, ...] = ()
    file: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...]


@part("labeller", "rule", version="1")
class RuleLabeller:
    """Labels where words or patterns stand in the prompt: `rules`, each with phrases or patterns and labels, or a TOML `file` of them.

    Raises:
        RecipeError: there is no rule, or a pattern is none.
        InputError: the file is missing or malformed.
    """

    Settings: ClassVar[type[LabelSettings]] = RuleSettings
    SPENDS: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, help_: Help) -> None:
        self._path = None if settings.file is None else existing(settings.file, help_.where)
        more = () if self._path is None else _read(self._path.read_bytes(), str(self._path))
        rules = (*settings.rules, *more)
        if not rules:
            raise RecipeError("there is no rule", where=help_.where, fix='write rules = [{phrases = ["equation"], domain = "math"}]')
        self._rules = [(_compiled(rule, help_.where), rule.said) for rule in rules]

    def identity(self) -> dict[str, str]:
        """SHA-256 of the file."""
        return {} if self._path is None else {"file": digest_file(self._path)}

    def label(self, prompts: Sequence[Prompt]) -> list[Said | None]:
        """What the rules that fit say; None where none fits."""
        return [self._said(labelled_text(prompt)) for prompt in prompts]

    def _said(self, text: str) -> Said | None:
        fitting = [said for pattern, said in self._rules if pattern.search(text)]
        if not fitting:
            return None
        hazard = next((said for said in fitting if said.intent is not None), Said())
        domain, language = (next((value for said in fitting if (value := getattr(said, name))), None) for name in ("domain", "language"))
        return Said(domain, hazard.intent, hazard.family, hazard.half, language)


def _compiled(rule: Rule, where: str) -> re.Pattern[str]:
    try:
        return re.compile(rule.pattern, re.IGNORECASE)
    except re.error as error:
        raise RecipeError(f"a pattern is no regular expression: {error}", where=where, fix="mend it, or write it as a phrase") from None


def _read(data: bytes, where: str) -> tuple[Rule, ...]:
    try:
        return _File.model_validate(tomllib.loads(data.decode())).rules
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not valid TOML: {error}", where=where, fix="strings take quotes, tables [brackets]") from None
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise InputError(f"{key}: {fault['msg']}", where=where, fix="write [[rules]] with phrases or patterns, and labels") from None
