"""What an answer says once its code is undone: an encoded answer is decoded before it is judged."""

from __future__ import annotations

from potstill.attacks.base import open_attack, wrappers
from potstill.registry import names
from potstill.types import Prompt


def readings(prompt: Prompt, text: str) -> tuple[str, ...]:
    """The text as it stands, and what it says by the code of each attack family around the prompt, where that is something else.

    An answer is as harmful as its most harmful reading; it refuses where one of them does.
    """
    known = set(names("attack")) if prompt.wrapper else set()
    found = [text, *(open_attack(name).plain(text) for name in wrappers(prompt) if name in known)]
    return tuple(dict.fromkeys(found))
