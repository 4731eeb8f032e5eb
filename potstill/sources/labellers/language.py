"""Languages of prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from potstill.registry import part
from potstill.sources.labels import Help, LabelSettings, Said, labelled_text
from potstill.text.language import heard, version
from potstill.types import Prompt


class LanguageSettings(LabelSettings):
    """Settings of the labeller `language`.

    Attributes:
        threshold: a language less likely than this is not told.
    """

    threshold: float = Field(0.8, ge=0, le=1)


@part("labeller", "language", version="1")
class LanguageLabeller:
    """The language of each prompt, by its prose; short prompts stay without. Needs the extra `curate`.

    Raises:
        MissingExtraError: py3langid is not installed.
    """

    Settings: ClassVar[type[LabelSettings]] = LanguageSettings
    SPENDS: ClassVar[bool] = False

    def __init__(self, settings: LanguageSettings, help_: Help) -> None:
        self._least = settings.threshold

    def identity(self) -> dict[str, str]:
        """The version of py3langid."""
        return {"py3langid": version()}

    def label(self, prompts: Sequence[Prompt]) -> list[Said | None]:
        """Of each the likeliest language; None where none is likely enough, or the text is too short."""
        return [self._said(labelled_text(prompt)) for prompt in prompts]

    def _said(self, text: str) -> Said | None:
        found = heard(text)
        if found is None or found.share([found.language]) < self._least:
            return None
        return Said(language=found.language)
