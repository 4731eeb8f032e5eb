"""Attacks with letters of other alphabets that look the same."""

from __future__ import annotations

import random
from collections.abc import Sequence

from potstill.attacks.base import Attack, asking
from potstill.registry import part
from potstill.types import Prompt

LOOKALIKES = dict(
    zip(
        "aceijopsxyABCEHKMOPTX",
        "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443\u0410\u0412\u0421\u0415\u041d\u041a\u041c\u041e\u0420\u0422\u0425",
        strict=True,
    )
)
"""Latin letter -> the Cyrillic one that looks like it."""
_BACK = str.maketrans({sign: letter for letter, sign in LOOKALIKES.items()})


@part("attack", "homoglyph")
class Homoglyph(Attack):
    """Writes half of the letters that have a Cyrillic double with it; text that holds such letters already is left alone."""

    NAME = "homoglyph"
    HALF = "A"

    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """The last user's turn with other letters; nothing where it has none to replace, or could not be read back."""
        text = prompt.question
        if self.plain(text) != text or not LOOKALIKES.keys() & set(text):
            return []
        always = next(place for place, character in enumerate(text) if character in LOOKALIKES)
        signs = [LOOKALIKES.get(c, c) if place == always or rng.random() < 0.5 else c for place, c in enumerate(text)]
        return [asking(prompt, "".join(signs))]

    def plain(self, text: str) -> str:
        """The text in Latin letters."""
        return text.translate(_BACK)
