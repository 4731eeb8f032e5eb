"""What a family of attacks is, and how a request is put into its wrapper: seeded, labelled and traced to what it was made from.

family = open_attack("role_play")
stressed(family, prompt, harmless, seed=7)      -> the attack, and its harmless twin
"""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, cast

from potstill.attacks.harmless import harmless_prompts
from potstill.errors import RecipeError
from potstill.registry import find
from potstill.types import Half, Intent, Message, Prompt

CHAIN = "+"
"""Joins the names where a wrapper stands around a wrapper, the inner one first: `story+base64`."""
HARMLESS: tuple[Intent, ...] = ("benign", "twin")
"""Intents of requests that are their own twins: to refuse them is over-refusal."""
BEFORE = "stress:"
OF = " of "
TWIN = " (twin)"
MADE_OF = re.compile(r"#([0-9a-f]{16})(?= of )")
"""The id of the prompt that was attacked, behind the family's name: it stands there where the source of the prompt names no row."""
_ROW = re.compile(rf"(?::\d+| row \d+)(?:{re.escape(TWIN)})?$")


class Attack(ABC):
    """A family of attacks: one way to put a request. Registered as a part of kind `attack`, under its `NAME`.

    What a family makes depends on the prompt and on chance alone, never on other prompts.

    Attributes:
        NAME: as in recipes; the `wrapper` of what it makes.
        HALF: A may be trained on, B only evaluates.
        K: how many of what it repeats by default, at least and at most; None where it repeats nothing.
        CARRIES: what becomes of the request: `whole`, it stands in `plain(text)` as it was; `words`, all its words but `ALTERS` do.
        ALTERS: words, in small letters, that the family may change.
        KEEPS_REFERENCE: whether the right answer to the request is still the right answer.
    """

    NAME: ClassVar[str]
    HALF: ClassVar[Half]
    K: ClassVar[tuple[int, int, int] | None] = None
    CARRIES: ClassVar[Literal["whole", "words"]] = "whole"
    ALTERS: ClassVar[frozenset[str]] = frozenset()
    KEEPS_REFERENCE: ClassVar[bool] = True

    def __init__(self, k: int | None = None) -> None:
        self.k = k if k is not None else self.K[0] if self.K else 0

    @abstractmethod
    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """The prompt in the family's wrapper, once or several times; nothing where the family cannot attack it.

        Only messages, choices, reference, rationale and grader of what it gives are used; every other label stays the prompt's.
        """

    def plain(self, text: str) -> str:
        """A text, a prompt's or an answer's, with what the family hides in it made readable."""
        return text


class Framing(Attack):
    """A family that puts words around the request.

    Attributes:
        PHRASINGS: each takes the request at `{}`.
    """

    PHRASINGS: ClassVar[tuple[str, ...]]

    def rewrite(self, prompt: Prompt, rng: random.Random) -> Sequence[Prompt]:
        """One of the phrasings around the last user's turn."""
        return [asking(prompt, fill(rng.choice(self.PHRASINGS), prompt.question))]


def open_attack(name: str, k: int | None = None, where: str = "") -> Attack:
    """The family of that name.

    Args:
        name: in the registry.
        k: how many of what it repeats; None: its own default.
        where: for messages.

    Raises:
        RecipeError: no such family, or a `k` that it does not take.
    """
    family = cast(type[Attack], find("attack", name, where).factory)
    _, least, most = family.K or (0, 0, 0)
    if k is not None and not least <= k <= most:
        fix = f"take one from {least} to {most}" if family.K else "leave it out: it repeats nothing"
        raise RecipeError(f"the attack {name!r} takes no k={k}", where=where, fix=fix)
    return family(k)


def attack(family: Attack, prompt: Prompt, seed: int, *, as_is: str | None = None) -> list[Prompt]:
    """What the family makes of a prompt: the same text for the same seed and prompt, whatever stands beside it.

    Domain, skill, intent, family, half, risk, language and licence stay. A hazard keeps its reference, which is what must not be given
    away; other prompts keep it where the family leaves it right. Plain text, which asks nothing, cannot be attacked.

    Args:
        family: the attack.
        prompt: what is attacked.
        seed: the same seed gives the same text.
        as_is: id of another prompt, whose chance is used: its twin is put in the same phrasing.
    """
    if not any(message.role == "user" for message in prompt.messages):
        return []
    rng = random.Random(f"{seed}/{family.NAME}/{as_is or prompt.id}")
    return [_labelled(family, prompt, made) for made in family.rewrite(prompt, rng)]


Pool = Mapping[str | None, Sequence[Prompt]]
"""Harmless prompts by the wrapper that they stand in already."""


def by_wrapper(prompts: Iterable[Prompt]) -> Pool:
    """The prompts as `stressed` takes them, in their order."""
    found: dict[str | None, list[Prompt]] = {}
    for prompt in prompts:
        found.setdefault(prompt.wrapper, []).append(prompt)
    return found


def stressed(family: Attack, prompt: Prompt, harmless: Pool, seed: int) -> list[Prompt]:
    """What the family makes of a prompt; behind it, unless the prompt is harmless itself, as many twins.

    A twin is a harmless request in the same wrapper, with the intent `twin` and `twin_of` the id of the attack. It is made of one that
    stands in the wrapper of the prompt already, else of one without a wrapper, else of one of those that come with potstill.

    Args:
        family: the attack.
        prompt: what is attacked.
        harmless: the requests of which the twins are made.
        seed: the same seed gives the same texts.
    """
    attacks = attack(family, prompt, seed)
    if prompt.intent in HARMLESS or not attacks:
        return attacks
    twins = _twins(family, prompt, harmless, seed)
    return [*attacks, *(replace(twin, twin_of=made.id) for made, twin in zip(attacks, twins, strict=False))]


def asking(prompt: Prompt, text: str) -> Prompt:
    """The prompt with another last user's turn."""
    last = max(place for place, message in enumerate(prompt.messages) if message.role == "user")
    return replace(prompt, messages=(*prompt.messages[:last], Message("user", text), *prompt.messages[last + 1 :]))


def fill(phrasing: str, text: str) -> str:
    """The phrasing with the text at `{}`, whatever braces the text holds."""
    return phrasing.replace("{}", text, 1)


def unanswered(prompt: Prompt) -> Prompt:
    """The prompt without what is known of its answer."""
    return replace(prompt, reference=None, rationale=None, grader=None, choices=())


def wrappers(prompt: Prompt) -> tuple[str, ...]:
    """The wrappers around a request, the innermost first."""
    return tuple(prompt.wrapper.split(CHAIN)) if prompt.wrapper else ()


def origin(source: str) -> str:
    """Where the request came from before it was attacked: `world:2/fact` of `stress:base64 of world:2/fact`."""
    while source.startswith(BEFORE) and OF in source:
        source = source.partition(OF)[2].removesuffix(TWIN)
    return source


def without_row(source: str) -> str:
    """A source without the row, and without the prompt that was attacked: `stress:base64 of a.csv` of `stress:base64 of a.csv:12`."""
    return MADE_OF.sub("", _ROW.sub("", source))


def root(source: str, id_: str) -> str:
    """What a request, and every attack that was made of it, are known by: the row that it stands in, or else its id.

    Args:
        source: of a request, or of an attack on one.
        id_: of that prompt.
    """
    row = origin(source)
    if _ROW.search(row):
        return row
    return next(iter(MADE_OF.findall(source)[::-1]), id_)


def _labelled(family: Attack, prompt: Prompt, made: Prompt) -> Prompt:
    if prompt.intent != "hazard" and not family.KEEPS_REFERENCE:
        made = unanswered(made)
    answered = prompt if prompt.intent == "hazard" else made
    of = "" if root(prompt.source, "") else f"#{prompt.id}"
    return replace(
        prompt,
        messages=made.messages,
        choices=made.choices,
        reference=answered.reference,
        rationale=answered.rationale,
        grader=answered.grader,
        wrapper=CHAIN.join((*wrappers(prompt), family.NAME)),
        source=f"{BEFORE}{family.NAME}{of}{OF}{prompt.source or prompt.id}",
    )


def _twins(family: Attack, prompt: Prompt, harmless: Pool, seed: int) -> list[Prompt]:
    """Twins of the first request that the family can attack; which one is tried first is chance."""
    for known in (harmless.get(prompt.wrapper, ()), harmless.get(None, ()), harmless_prompts()):
        start = random.Random(f"{seed}/{family.NAME}/{prompt.id}/twin").randrange(len(known)) if known else 0
        for place in range(len(known)):
            chosen = replace(known[(start + place) % len(known)], intent="twin", family=None, half=None, risk=None)
            made = attack(family, chosen, seed, as_is=prompt.id)
            if made:
                return [replace(twin, source=twin.source + TWIN) for twin in made]
    return []
