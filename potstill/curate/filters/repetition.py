"""What says the same over and over."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from pydantic import Field

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.whole import Excess, Over, saying, shown, whole
from potstill.registry import part
from potstill.text.degenerate import loops

LINES = 0.30
"""Share of the lines that may be repeated ones (Rae et al. 2021, Gopher, arXiv 2112.11446, table A1, as the two that follow)."""
TOP = {2: 0.20, 3: 0.18, 4: 0.16}
"""n -> share of the characters that the most frequent n-gram may cover, where it stands more than once."""
REPEATED = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
"""n -> share of the characters that may stand in n-grams that stood before."""
COMPRESSION = 4.0
"""Times that zlib may make a text shorter: prose of a few hundred words comes to about 2, a loop to far more."""
LOOP = 10.0
"""The least score of an answer that one 4-gram fills, see `potstill.text.degenerate.loops`."""
_WORD, _LINE = re.compile(r"\S+"), re.compile(r"[^\n]*\S[^\n]*")


class RepetitionSettings(FilterSettings):
    """Settings of the filter `repetition`.

    Attributes:
        threshold: how many times a text exceeds one of the limits from which on it is put aside. The limits were set for web pages, and
            reasoning repeats its terms: of the 7,473 solutions of GSM8K's training set 30 fall at 2, and 3 at 3.
        over: `prompt` or `answer`; None: the answer, and of a prompt that stands alone the prompt.
        words: texts of fewer are only looked through for loops.
    """

    threshold: float = 3.0
    over: Over = None
    words: int = Field(50, ge=1)


@part("filter", "repetition", version="2")
class RepetitionFilter:
    """Texts with repeated lines or n-grams, texts that compress too well, and answers caught in a loop are noise.

    The score is the largest ratio of a measure to its limit: the share of repeated lines (`LINES`), of characters in the most frequent
    n-gram (`TOP`) or in repeated n-grams (`REPEATED`), and how well the text compresses (`COMPRESSION`).
    """

    Settings: ClassVar[type[FilterSettings]] = RepetitionSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: RepetitionSettings, context: Context) -> None:
        self._settings = settings

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the repeated text where it stands the second time."""
        return [self._opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean texts that are caught in a loop of their last words, that repeat a line, and that say all of it again and again.

        Hard: loops that count, whose period changes, in which each round has another word, and that begin late.
        """
        for item in clean:
            passage = whole(item, self._settings.over)
            words = passage.text.split() if passage is not None else []
            if passage is None or not words:
                continue
            last, enough = words[-rng.randint(2, 6) :], self._settings.words
            rounds = 2 + enough // len(last)
            made = {
                "loop": " ".join([*words, *last * (2 * (len(words) + enough))]),
                "line": "\n".join([passage.text] * (enough // len(words) + 6)),
                "whole": " ".join([passage.text] * (enough // len(words) + 6)),
                f"{HARD}counting loop": "\n".join([passage.text, *(f"{n}. {' '.join(last)}" for n in range(1, rounds))]),
                f"{HARD}changing period": " ".join([*words, *(word for n in range(rounds) for word in words[-2 - n % 7 :])]),
                f"{HARD}other words": " ".join([*words, *(word for _ in range(rounds) for word in (*last, rng.choice(words)))]),
                f"{HARD}late loop": " ".join([*words, *last * 3]),
            }
            yield from (Fault(kind, saying(item, text, self._settings.over)) for kind, text in made.items())

    def _opinion(self, item: Item) -> Opinion:
        passage = whole(item, self._settings.over)
        if passage is None:
            return Opinion("there is no such text", applies=False)
        worst = max(findings(passage.text, self._settings.words), key=lambda one: one.score)
        return shown(worst.what, worst.score, passage, worst.start, worst.end)


def findings(text: str, least: int) -> Iterator[Excess]:
    """What is repeated in a text, in the order in which it is looked for; of one with fewer than `least` words only a loop."""
    spans = [found.span() for found in _WORD.finditer(text)]
    words = [text[start:end] for start, end in spans]
    yield Excess("nothing is repeated", 0.0)
    if loops(words):
        top = _top(words, spans, 1 if len(set(words)) == 1 else 4)
        yield Excess("a loop", max(LOOP, top.score), top.start, top.end)
    if len(words) < least:
        return
    yield _lines(text)
    yield _compression(text)
    yield from (_top(words, spans, n) for n in TOP)
    for n in REPEATED:
        found = _repeated(words, spans, n)
        if found is None:
            return
        yield found


def _lines(text: str) -> Excess:
    """Lines that stood before."""
    seen: set[str] = set()
    again, lines = [], list(_LINE.finditer(text))
    for line in lines:
        if (plain := line.group().strip()) in seen:
            again.append(line.span())
        seen.add(plain)
    if not again:
        return Excess("no line is repeated", 0.0)
    share = len(again) / len(lines)
    return Excess(f"{share:.0%} of the lines are repeated", share / LINES, *again[0])


def _compression(text: str) -> Excess:
    raw = text.encode()
    ratio = len(raw) / len(zlib.compress(raw, 6))
    return Excess(f"compresses to a {ratio:.1f}th", ratio / COMPRESSION, 0, len(text))


def _top(words: Sequence[str], spans: Sequence[tuple[int, int]], n: int) -> Excess:
    """The n-gram that covers most characters by its own length times how often it stands."""
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    counts = Counter(grams)
    gram, times = max(counts.items(), key=lambda pair: (pair[1], sum(map(len, pair[0]))), default=((), 0))
    if times < 2:
        return Excess(f"no {n} words are repeated", 0.0)
    covered = {place + i for place, each in enumerate(grams) if each == gram for i in range(n)}
    share = _characters(words, covered)
    start = grams.index(gram, grams.index(gram) + 1)
    return Excess(
        f"the same {n} words cover {share:.0%}", share / TOP.get(n, TOP[4]), spans[start][0], spans[min(start + n, len(spans)) - 1][1]
    )


def _repeated(words: Sequence[str], spans: Sequence[tuple[int, int]], n: int) -> Excess | None:
    """The n-grams that stood before; None where there are none, so that there are no longer ones either."""
    seen: set[tuple[str, ...]] = set()
    again: list[int] = []
    for place in range(len(words) - n + 1):
        gram = tuple(words[place : place + n])
        if gram in seen:
            again.append(place)
        seen.add(gram)
    if not again:
        return None
    share = _characters(words, {place + i for place in again for i in range(n)})
    what = f"{share:.0%} stand in {n} words that stood before"
    return Excess(what, share / REPEATED[n], spans[again[0]][0], spans[again[0] + n - 1][1])


def _characters(words: Sequence[str], covered: set[int]) -> float:
    """The share of the words' characters that stand in words at these places."""
    return sum(len(words[place]) for place in covered) / sum(map(len, words))
