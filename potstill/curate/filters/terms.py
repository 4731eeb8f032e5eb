"""What may not be trained on: answers of teachers whose terms forbid it, and prompts under other licences than those wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import ClassVar, Literal

from potstill.curate.base import Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.registry import part
from potstill.types import TeacherCard, content_id, may_train

Said = tuple[float | None, str]
"""1 where it may not be trained on, 0 where it may, None where that is not known; and why."""


class TermsSettings(FilterSettings):
    """Settings of the filter `terms`.

    Attributes:
        restricted: what terms that set conditions count as: not known, allowed, or forbidden.
        allow: licences of prompts (SPDX names; `*` stands for any letters), all others are put aside; empty: any that is not denied.
        deny: licences of prompts that are put aside, as `cc-by-nc-*`.
    """

    restricted: Literal["unknown", "allowed", "forbidden"] = "unknown"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@part("filter", "terms", version="1")
class TermsFilter:
    """An answer of a teacher whose terms forbid training on it is noise, and so is a prompt whose licence is not wanted.

    The score is 1 for these and 0 for others; None where the terms, or with `allow` or `deny` the licence, are not known. Terms that the
    recipe accepts, with its reason, do not count; the reason stands in the verdict. Licences may be joined by `OR` and `AND`.
    """

    Settings: ClassVar[type[FilterSettings]] = TermsSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: TermsSettings, context: Context) -> None:
        self._settings, self._teachers = settings, context.teachers

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the name of the licence or of the teacher."""
        return [self._opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean items under a licence that is not wanted; none where the recipe names no licences."""
        unwanted = [name for name in (*self._settings.deny, "LicenseRef-unwanted") if self._licence(name.replace("*", "4.0"))[0] == 1]
        for item in clean if unwanted else ():
            prompt = replace(item.prompt, licence=rng.choice(unwanted).replace("*", "4.0"))
            id_ = content_id([item.id, prompt.licence])
            yield Fault("licence", replace(item, prompt=prompt, trace_id=id_) if item.trace_id else Item(id_, prompt))

    def _opinion(self, item: Item) -> Opinion:
        asked = self._licence(item.prompt.licence) if self._settings.allow or self._settings.deny else None
        said = None if item.trace is None else self._teacher(item.trace.teacher_id)
        told = [(*one, evidence) for one, evidence in ((asked, item.prompt.licence), (said, self._name(item))) if one is not None]
        if not told:
            return Opinion("no licences are named, and nobody has answered", 0.0, applies=False)
        score, why, evidence = max(told, key=lambda one: 0.5 if one[0] is None else one[0])
        return Opinion(why, score, evidence=evidence)

    def _name(self, item: Item) -> str:
        return "" if item.trace is None else item.trace.teacher

    def _teacher(self, id_: str) -> Said:
        card = self._teachers.get(id_)
        if card is None:
            return None, "who answered is not known"
        free = may_train(card)
        if free == "restricted":
            return {"unknown": None, "allowed": 0.0, "forbidden": 1.0}[self._settings.restricted], "its teacher's terms set conditions"
        if free == "unknown":
            return None, "whether its teacher's terms allow it is not known"
        return (0.0, "its teacher's terms allow it") if free == "allowed" else _forbidden(card)

    def _licence(self, name: str) -> Said:
        if not name:
            return None, "the licence of its prompt is not known"
        fine = any(all(self._wanted(one) for one in _split(both, "AND")) for both in _split(name, "OR"))
        return (0.0, "the licence of its prompt is wanted") if fine else (1.0, f"its prompt is under {name}, which is not wanted")

    def _wanted(self, name: str) -> bool:
        allow, deny = self._settings.allow, self._settings.deny
        return not _among(name, deny) and (not allow or _among(name, allow))


def _forbidden(card: TeacherCard) -> Said:
    if card.accept_terms:
        return 0.0, f"its teacher's terms forbid it, which the recipe accepts: {card.accept_terms}"
    return 1.0, "its teacher's terms forbid it"


def _split(expression: str, word: str) -> list[str]:
    return [one.strip(" ()") for one in expression.split(f" {word} ")]


def _among(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
