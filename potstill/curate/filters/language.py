"""What is not in a wanted language, and answers in another language than their prompt."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import ClassVar

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.passages import Passage, passages
from potstill.curate.whole import saying
from potstill.registry import part
from potstill.text.language import Heard, check_languages, heard, version
from potstill.types import Message, Prompt

SHOWN = 120
"""Characters of the evidence."""
SAID = {
    "de": "Das weiß ich leider nicht genau, aber ich kann gern noch einmal in Ruhe darüber nachdenken.",
    "fr": "Je ne le sais pas exactement, mais je peux bien sûr y réfléchir encore une fois calmement.",
    "es": "No lo sé con exactitud, pero puedo volver a pensarlo con calma si todavía hace falta.",
    "en": "I do not know that exactly, but I can think about it once more if you still want me to.",
}
"""A sentence that says little, in several languages: faults are made of it."""
_NAMES_ONE = re.compile(
    r"(?i)\btranslat|\b(?:in|into|to|auf|en) (?:english|german|french|spanish|italian|portuguese|dutch|russian|polish|turkish|swedish"
    r"|chinese|japanese|korean|arabic|hindi|indonesian|latin|greek|hebrew|czech|danish|norwegian|finnish|hungarian|romanian|ukrainian"
    r"|vietnamese|deutsch|englisch|französisch|anglais|allemand|français|inglés|español)\b"
)
"""A prompt that asks for a language by name."""


class LanguageSettings(FilterSettings):
    """Settings of the filter `language`.

    Attributes:
        threshold: an item whose least likely text is in a wanted language with a lower probability is put aside. Probabilities of languages
            lie far apart: a short English text of names and numbers may have 0.2, one in another language has less than 0.001.
        languages: the wanted ones, ISO 639-1 codes; empty: any.
        match: whether an answer must be in its prompt's language, unless the prompt asks for one by name.
    """

    threshold: float = 0.01
    languages: tuple[str, ...] = ("en",)
    match: bool = True


@part("filter", "language", version="1")
class LanguageFilter:
    """What is not in a wanted language is noise, and so is an answer in another language than its prompt.

    The score is the smallest probability over the prompt, the reasoning and the answer. A text with fewer than six different words of
    prose, such as code, formulas or a name, is not judged; where none of an item's texts can be, neither can the item.
    """

    Settings: ClassVar[type[FilterSettings]] = LanguageSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "below"

    def __init__(self, settings: LanguageSettings, context: Context) -> None:
        self._settings, self._where = settings, context.where
        self._checked = False

    def identity(self) -> dict[str, str]:
        """The version of py3langid."""
        return {"py3langid": version()}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the beginning of the text that is least likely to be in a wanted language.

        Raises:
            InputError: a wanted language is not known.
            MissingExtraError: py3langid is not installed.
        """
        if not self._checked:
            check_languages(self._settings.languages, self._where)
            self._checked = True
        known: dict[str, Heard | None] = {}
        return [self._opinion(item, known) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean items that are answered, or asked, in another language.

        Hard: answered in a few words of it, in it behind the clean answer, and in words of both by turns.
        """
        others = [one for one in SAID if one not in self._settings.languages] if self._settings.languages else []
        for item in clean if others else ():
            language = rng.choice(others)
            if item.trace is None or not self._settings.match:
                prompt = Prompt((Message("user", f"{SAID[language]} ({item.id})"),))
                yield Fault("prompt", Item(prompt.id, prompt))
            else:
                said, own = SAID[language], item.text.split()
                mixed = " ".join(
                    word for pair in zip_longest(said.split(), own[: len(said.split())], fillvalue="") for word in pair if word
                )
                told = {"answer": said, "few words": " ".join(said.split()[:5]), "behind": f"{item.text} {said}", "mixed": mixed}
                yield from (Fault(kind if kind == "answer" else HARD + kind, saying(item, text, "answer")) for kind, text in told.items())

    def _opinion(self, item: Item, known: dict[str, Heard | None]) -> Opinion:
        said = [(passage, found) for passage in passages(item) if (found := _heard(passage.text, known)) is not None]
        if not said:
            return Opinion("too little prose to tell its language")
        judged = list(self._judged(item.prompt, said))
        if not judged:
            return Opinion("any language is wanted", 1.0)
        score, passage, found, wanted = min(judged, key=lambda one: one[0])
        within, start, end = passage.span(0, min(len(passage.text), SHOWN))
        why = f"the {passage.of} is most likely in {found.language!r}; {wanted}"
        return Opinion(why, score, evidence=passage.text[:SHOWN], within=within, start=start, end=end)

    def _judged(self, prompt: Prompt, said: Sequence[tuple[Passage, Heard]]) -> Iterator[tuple[float, Passage, Heard, str]]:
        """The probability of each text to be in a wanted language, and which that is."""
        languages = self._settings.languages
        asked = _asked_in(prompt, said)
        for passage, found in said:
            if languages:
                yield found.share(languages), passage, found, f"wanted: {', '.join(languages)}"
            if asked and self._settings.match and passage.of in ("reasoning", "answer"):
                yield found.share([asked]), passage, found, f"asked in {asked!r}"


def _heard(text: str, known: dict[str, Heard | None]) -> Heard | None:
    if text not in known:
        known[text] = heard(text)
    return known[text]


def _asked_in(prompt: Prompt, said: Sequence[tuple[Passage, Heard]]) -> str:
    """The language that an answer is expected in; empty where it is not known or the prompt asks for one by name."""
    if _NAMES_ONE.search(prompt.question):
        return ""
    return prompt.language or next((found.language for passage, found in said if passage.of == "prompt"), "")
