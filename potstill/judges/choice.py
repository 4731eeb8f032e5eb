"""The letter of a multiple-choice answer."""

from __future__ import annotations

import re
import string

from potstill.registry import part
from potstill.text.answers import final_answer
from potstill.types import Prompt

LETTERS = string.ascii_uppercase
_WRAPPED = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_BRACKETED = re.compile(r"[(\[]\s*([A-Za-z])\s*[)\]]")
_LEADING = re.compile(r"(?:(?:option|choice|letter|answer)\s+)?([A-Z])(?=$|\s*[.):,;\-–—]|\s*$)")
_NAMED = re.compile(r"\b(?:option|choice|answer)\s*(?:is|:)?\s*[(\[]?([A-Z])\b(?![''’]\w)", re.IGNORECASE)
_ALONE = re.compile(r"\W*([A-Za-z])\W*")


@part("judge", "choice")
def choice(prompt: Prompt, text: str) -> float | None:
    """1 when the option that the text chooses is the one whose letter is the reference.

    The option is read from the final answer, else from the whole text: its letter (`B`, `(b)`, `B. library`, `option B`) or its words.
    None when there is no reference or there are no options, and where no option or more than one is chosen.
    """
    letters = LETTERS[: len(prompt.choices)]
    if not letters or prompt.reference is None or prompt.reference not in letters:
        return None
    chosen = chosen_letter(text, prompt.choices)
    return None if chosen is None else float(chosen == prompt.reference)


def chosen_letter(text: str, choices: tuple[str, ...]) -> str | None:
    """The letter of the option that a text chooses; None where it cannot be told."""
    answer = final_answer(text)
    said = _WRAPPED.sub(r"\1", text if answer is None else answer).strip().strip("*_`").strip()
    letters = LETTERS[: len(choices)]
    by_letter = {letter for letter in _letters(said, marked=answer is not None) if letter in letters}
    by_words = {letters[place] for place in _worded(said, choices)}
    if len(by_letter) == 1:
        return by_letter.pop() if not by_words or by_letter <= by_words else None
    return by_words.pop() if not by_letter and len(by_words) == 1 else None


def _letters(said: str, *, marked: bool) -> list[str]:
    """The letters that a text names, in capitals; one by itself or at its beginning counts before others."""
    alone = _ALONE.fullmatch(said)
    if alone:
        return [alone[1].upper()]
    leading = _LEADING.match(said)
    if leading:
        return [leading[1]]
    named = [found.upper() for found in _BRACKETED.findall(said)] + [found.upper() for found in _NAMED.findall(said)]
    return named if marked or len(set(named)) <= 1 else []


def _worded(said: str, choices: tuple[str, ...]) -> list[int]:
    """The options whose words stand in a text, but those that are only a part of another one that does."""
    plain = f" {_plain(said)} "
    options = [f" {_plain(option)} " for option in choices]
    whole = [place for place, option in enumerate(options) if option == plain]
    if whole:
        return whole
    there = [place for place, option in enumerate(options) if option.strip() and option in plain]
    return [place for place in there if not any(options[place] in options[other] for other in there if other != place)]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w%$.\-+/]+", " ", text.casefold()).replace(". ", " ").split()).strip(" .")
