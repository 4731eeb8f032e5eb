"""What is too short or too long."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import SHOWN, Over, saying, shown, whole
from potstill.registry import part

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_WORD = re.compile(r"\S+")
NO_TEXT = Opinion("there is no such text", applies=False)


class LengthSettings(FilterSettings):
    """Settings of the filter `length`.

    Attributes:
        threshold: how many times a text is longer than `most`, or shorter than `least`, from which on it is put aside.
        over: `prompt` or `answer`; None: the answer, and of a prompt that stands alone the prompt.
        unit: words are what stands between spaces.
        tokenizer: whose tokens are counted: `hf:PATH`; for the unit `tokens` alone.
        least: the fewest that are kept.
        most: the most that are kept.
    """

    threshold: float = 1.0
    over: Over = None
    unit: Literal["words", "characters", "tokens"] = "words"
    tokenizer: str | None = None
    least: int = Field(1, ge=0)
    most: int = Field(4000, ge=1)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least = {self.least} is more than most = {self.most}")
        if (self.unit == "tokens") != (self.tokenizer is not None):
            raise ValueError('unit = "tokens" and a tokenizer belong together')
        return self


@part("filter", "length", version="1")
class LengthFilter:
    """Texts that are too short or too long are noise; an empty one is too short by default, one word is not.

    With n units the score is the greater of n / (most + 1) and least / (n + 1): 1 for the shortest text that is too long and the longest
    that is too short.
    """

    Settings: ClassVar[type[FilterSettings]] = LengthSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: LengthSettings, context: Context) -> None:
        self._settings = settings

    def identity(self) -> dict[str, str]:
        """Of the unit `tokens` the tokenizer's digests."""
        if self._settings.tokenizer is None:
            return {}
        from potstill.models.tokenizers import tokenizer_facts

        return {f"tokenizer {name}": fact for name, fact in tokenizer_facts(self._tokenizer).items()}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the text where it begins to be too long, or all of one too short.

        Raises:
            ModelError: there is no such tokenizer.
        """
        return [self._opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean texts said again and again until they are too long, and cut until they are too short."""
        settings = self._settings
        for item in clean:
            passage = whole(item, settings.over)
            if passage is None or not self._count(passage.text):
                continue
            times = settings.most // self._count(passage.text) + 2 + rng.randrange(3)
            yield Fault("too long", saying(item, " ".join([passage.text] * times), settings.over))
            if settings.least:
                words = passage.text.split()
                kept = next(n for n in reversed(range(len(words))) if self._count(" ".join(words[:n])) < settings.least)
                yield Fault("too short", saying(item, " ".join(words[:kept]), settings.over))

    def _opinion(self, item: Item) -> Opinion:
        passage, settings = whole(item, self._settings.over), self._settings
        if passage is None:
            return NO_TEXT
        count = self._count(passage.text)
        score = max(count / (settings.most + 1), settings.least / (count + 1))
        length = len(passage.text)
        start = self._excess(passage.text) if count > settings.most else 0 if count < settings.least else length
        return shown(f"{count} {settings.unit}", score, passage, start, length)

    def _count(self, text: str) -> int:
        if self._settings.unit == "characters":
            return len(text)
        if self._settings.unit == "words":
            return len(text.split())
        return len(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _excess(self, text: str) -> int:
        """Where the text begins to be too long; of tokens only that its end is too much is said."""
        if self._settings.unit == "characters":
            return self._settings.most
        if self._settings.unit == "tokens":
            return max(len(text) - SHOWN, 0)
        starts = [found.start() for found in _WORD.finditer(text)]
        return starts[self._settings.most]

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        from potstill.models.tokenizers import open_tokenizer

        return open_tokenizer(self._settings.tokenizer or "")
