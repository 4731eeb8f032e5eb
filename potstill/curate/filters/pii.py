"""Personal data and secrets."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import ClassVar, Literal

from pydantic import Field

from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.made_up import DISGUISED, MADE_UP, SENTENCES
from potstill.curate.passages import Passage, passages
from potstill.curate.presidio import Presidio
from potstill.registry import part
from potstill.text.keys import SECRETS
from potstill.text.personal import PERSONAL, Found
from potstill.types import Message, Trace, content_id

Kind = Literal["email", "phone", "iban", "card", "ip", "key", "private_key"]
KINDS: tuple[Kind, ...] = ("email", "phone", "iban", "card", "ip", "key", "private_key")
FINDERS = {**PERSONAL, **SECRETS}
LEFT = 2
"""Characters of a finding that the evidence shows."""
TOLD = 5
"""Kinds that a verdict names at most."""


class PiiSettings(FilterSettings):
    """Settings of the filter `pii`.

    Attributes:
        kinds: what is looked for.
        allow: what may stand: whole values, domains of addresses (`our.org`), networks (`10.0.0.0/8`).
        reserved: whether what is kept for examples counts too: example.com, 192.0.2.1, private addresses, published test cards, 555-0100.
        presidio: a model of spaCy (`en_core_web_sm`) with which Presidio looks as well; None: it does not.
        entities: what Presidio looks for, in its names; empty: all that it knows.
    """

    kinds: tuple[Kind, ...] = Field(KINDS, min_length=1)
    allow: tuple[str, ...] = ()
    reserved: bool = False
    presidio: str | None = None
    entities: tuple[str, ...] = ("PERSON",)


@part("filter", "pii", version="2")
class PiiFilter:
    """Personal data and secrets are noise: e-mail, phone, IBAN, card, IP address, keys and private keys, by patterns that are checked.

    The score is 1 where something is found. The verdict says what and where, and shows no more than its first two characters.
    """

    Settings: ClassVar[type[FilterSettings]] = PiiSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: PiiSettings, context: Context) -> None:
        self._settings = settings
        self._networks, self._names = _allowed(settings.allow)
        self._presidio = None if settings.presidio is None else Presidio(settings.presidio, entities=settings.entities)

    def identity(self) -> dict[str, str]:
        """The versions of Presidio and of its model; nothing without it."""
        return {} if self._presidio is None else self._presidio.identity()

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the first finding, masked.

        Raises:
            MissingExtraError, ModelError: Presidio is asked for and not there.
        """
        return [self._opinion(item) for item in items]

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Clean items into whose prompt, or answer, a made-up one of each kind is put, in a sentence.

        Hard: written so that people read it and patterns may not, as `curate.made_up.DISGUISED` says.
        """
        for item in clean:
            kind = rng.choice(self._settings.kinds)
            told = rng.choice(SENTENCES[kind]).format(MADE_UP[kind](rng))
            yield Fault(kind, _with(item, told, before=rng.random() < 0.5))
            if kind in DISGUISED:
                hidden = rng.choice(SENTENCES[kind]).format(rng.choice(DISGUISED[kind])(MADE_UP[kind](rng)))
                yield Fault(HARD + kind, _with(item, hidden, before=rng.random() < 0.5))

    def _opinion(self, item: Item) -> Opinion:
        found = [(passage, one) for passage in passages(item) for one in self._found(passage)]
        if not found:
            return Opinion("nothing personal and no secret is found", 0.0)
        passage, first = found[0]
        counts = Counter(f"{one.kind} in the {where.of}" for where, one in found)
        more = f" and {len(counts) - TOLD} more kinds" if len(counts) > TOLD else ""
        why = ", ".join(f"{n} × {what}" if n > 1 else what for what, n in list(counts.items())[:TOLD]) + more
        within, start, end = passage.span(first.start, first.end)
        return Opinion(f"holds {why}", 1.0, evidence=masked(first.value), within=within, start=start, end=end)

    def _found(self, passage: Passage) -> list[Found]:
        found = [one for kind in self._settings.kinds for one in FINDERS[kind](passage.text)]
        if self._presidio is not None:
            found += self._presidio.find(passage.text)
        found = [one for one in found if not any(_within(one, other) for other in found)]
        return sorted((one for one in found if self._counts(one)), key=lambda one: (one.start, one.end, one.kind))

    def _counts(self, found: Found) -> bool:
        value = found.value.lower()
        if (found.reserved and not self._settings.reserved) or value in self._names:
            return False
        if found.kind == "email":
            return not any(value.rpartition("@")[2] == one or value.endswith(f".{one}") for one in self._names)
        return found.kind != "ip" or not any(ip_address(value) in network for network in self._networks)


def _within(one: Found, other: Found) -> bool:
    """Whether a finding is a part of a longer one, as what looks like a phone number in an account's."""
    return other.start <= one.start and one.end <= other.end and one.end - one.start < other.end - other.start


def masked(value: str) -> str:
    """A finding as it may be written down: its first characters and how long it is."""
    return f"{value[:LEFT]}… ({len(value)} characters)"


def _allowed(allow: Sequence[str]) -> tuple[list[IPv4Network | IPv6Network], frozenset[str]]:
    """Networks, and everything else in small letters."""
    networks, names = [], set()
    for one in allow:
        try:
            networks.append(ip_network(one, strict=False))
        except ValueError:
            names.add(one.lower().removeprefix("@"))
    return networks, frozenset(names)


def _with(item: Item, told: str, *, before: bool) -> Item:
    """The item with a sentence before or behind what is said in it."""

    def put(text: str) -> str:
        return f"{told} {text}" if before else f"{text} {told}"

    if item.trace is not None:
        trace = Trace(item.trace.prompt_id, item.trace.teacher, item.trace.sample, put(item.trace.text))
        return replace(item, trace_id=content_id([item.id, told]), trace=trace)
    turns = item.prompt.messages
    if not turns:
        prompt = replace(item.prompt, reference=put(item.prompt.reference or ""))
        return Item(prompt.id, prompt)
    prompt = replace(item.prompt, messages=(*turns[:-1], Message(turns[-1].role, put(turns[-1].content))))
    return Item(prompt.id, prompt)
