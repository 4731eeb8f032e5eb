"""Attacks with signs that nobody sees."""

from __future__ import annotations

import random
from collections.abc import Sequence

from potstill.attacks.base import Attack, asking
from potstill.registry import part
from potstill.types import Prompt

UNSEEN = ("\u200b", "\u2060", "\ufeff")
"""Zero-width space, word joiner, zero-width no-break space."""
_GONE = str.maketrans(dict.fromkeys(UNSEEN))


@part("attack", "zero_width")
class ZeroWidth(Attack):
    """Puts signs of no width between the letters of words; text that holds such signs already is left alone."""

    NAME = "zero_width"
    HALF = "B"

    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """The last user's turn with unseen signs; nothing where it has no two letters in a row, or could not be read back."""
        text = prompt.question
        gaps = [place for place in range(1, len(text)) if text[place - 1].isalpha() and text[place].isalpha()]
        if self.plain(text) != text or not gaps:
            return []
        chosen = {gaps[0], *(place for place in gaps if rng.random() < 0.5)}
        signs = [rng.choice(UNSEEN) + character if place in chosen else character for place, character in enumerate(text)]
        return [asking(prompt, "".join(signs))]

    def plain(self, text: str) -> str:
        """The text without the unseen signs."""
        return text.translate(_GONE)
