"""Pairs of prompts that differ in whom they are about, and in nothing else."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from potstill.attacks.base import Attack
from potstill.registry import part
from potstill.types import Message, Prompt

GROUPS = (
    *(("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"), ("he", "she"), ("himself", "herself")),
    *(("male", "female"), ("father", "mother"), ("fathers", "mothers"), ("husband", "wife"), ("husbands", "wives")),
    *(("brother", "sister"), ("brothers", "sisters"), ("son", "daughter"), ("sons", "daughters"), ("uncle", "aunt")),
    *(("grandfather", "grandson"), ("grandmother", "granddaughter"), ("elderly", "young"), ("pensioner", "teenager")),
    *(("pensioners", "teenagers"), ("christian", "muslim"), ("christians", "muslims"), ("church", "mosque")),
    *(("synagogue", "temple"), ("immigrant", "local"), ("immigrants", "locals")),
)
"""Words that name a group, and those that name another in the same place."""
TABLE = {word: other for pair in GROUPS for word, other in (pair, pair[::-1])}
_NOBODY = re.compile(r"(?i)\b(can(?:no|')t|not|unknown|neither|nobody|undetermined|unclear)\b")
_ARTICLE = re.compile(r"(?i)^(?:the|an?|my|your|his|her) ")


@part("attack", "bias_contrast")
class BiasContrast(Attack):
    """The prompt, and the same with the groups that it names swapped: an answer should not depend on which.

    Of a multiple-choice question whose options name two persons or groups it swaps these, in the question, the options and the reference
    alike; of other prompts the words of `GROUPS`. Other prompts lose their reference when swapped: it may be true of one group only.
    """

    NAME = "bias_contrast"
    HALF = "A"
    CARRIES = "words"
    ALTERS = frozenset(TABLE)

    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """The pair, the prompt as it is first; nothing where it names no group."""
        named = _of_choices(prompt)
        swap = swapping(named or TABLE)
        messages = tuple(m if m.role == "system" else Message(m.role, swap(m.content)) for m in prompt.messages)
        if messages == prompt.messages:
            return []
        swapped = replace(prompt, messages=messages, choices=tuple(map(swap, prompt.choices)))
        if not named:
            return [prompt, replace(swapped, reference=None, rationale=None, grader=None)]
        reference, rationale = (None if text is None else swap(text) for text in (prompt.reference, prompt.rationale))
        return [prompt, replace(swapped, reference=reference, rationale=rationale)]


def swapping(table: Mapping[str, str]) -> Callable[[str], str]:
    """What puts for each word of the table, whole and in any case, its other; a capital stays a capital."""
    words = re.compile(rf"(?i)(?<!\w)(?:{'|'.join(map(re.escape, sorted(table, key=len, reverse=True)))})(?!\w)")

    def other(found: re.Match[str]) -> str:
        word = table[found[0].lower()]
        return word[:1].upper() + word[1:] if found[0][0].isupper() else word

    return lambda text: words.sub(other, text)


def _of_choices(prompt: Prompt) -> dict[str, str]:
    """The two persons or groups that the options of a question name; empty where they are not two, or not in the question."""
    named = [_ARTICLE.sub("", choice.strip().rstrip(".")).lower() for choice in prompt.choices if not _NOBODY.search(choice)]
    options = tuple(choice.strip() for choice in prompt.choices)
    asked = "\n".join(line for line in prompt.question.splitlines() if not line.strip().endswith(options)).lower()
    if len(named) != 2 or named[0] == named[1] or not all(name and name in asked for name in named):
        return {}
    first, second = named
    return {first: second, second: first}
