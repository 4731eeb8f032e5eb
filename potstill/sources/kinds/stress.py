"""Stress sets: the user's own prompts inside attacks, each with its harmless twin."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from operator import itemgetter
from typing import ClassVar

from potstill import world
from potstill.attacks import HARMLESS, Attack, Pool, by_wrapper, open_attack, origin, stressed
from potstill.attacks.families.edge import NAME as EDGE
from potstill.attacks.families.edge import odd_prompts
from potstill.errors import InputError, RecipeError
from potstill.registry import find, names, part
from potstill.sources.request import OpenedSource, Request, open_source
from potstill.text.lines import Rejected
from potstill.text.specs import count_setting
from potstill.types import Prompt, content_id

ALL = "all"
POOL = 500
"""At most so many harmless prompts are kept in memory to make twins of."""


@part("source", "stress", version="2")
class StressSource:
    """Prompts inside attacks: `stress:role_play,base64?of=my.jsonl&twins=mine.jsonl&n=200&k=16`, or `stress:all?of=world:hazard?n=50`.

    The families of `potstill list attacks`; `all` stands for those of half A, and in `[evaluate]` for both halves. `of` is a source of
    prompts, with its own settings behind a second `?`, up to the end. Its hazards and ambiguous requests are attacked, each with a harmless
    twin in the same wrapper; where it has none, its harmless prompts are attacked. Twins are made of the prompts of `twins`, else of the
    harmless ones of `of`, else of the built-in world's twins where the attacked prompts are its own, else of requests in the package.
    The recipe's `columns` are those of `of`; a file of twins has the column `prompt` or `messages`, and holds harmless prompts.
    `n`: so many prompts are attacked at most, spread evenly over the families; else every family meets every prompt. `k`: for families that
    repeat something. `longest`: attacks of more characters, or with such a twin, are left out. `seed`: else the run's. The family `edge`
    alone needs no `of`: its prompts are odd by themselves.

    Raises:
        RecipeError: an unknown family, one of half B outside `[evaluate]`, no `of`, or a `k` that a family does not take.
        InputError: the source cannot be read, or none of its prompts can be attacked.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ("of", "twins", "n", "k", "longest", "seed")
    SPECS: ClassVar[tuple[str, ...]] = ("of", "twins")
    COLUMNS: Collection[str] = ()
    LABELS: Collection[str] = ()

    def __init__(self, request: Request) -> None:
        given, self._where = dict(request.settings), request.where
        self._families = _families(request)
        self._seed = count_setting(given, "seed", request.seed, request.where, least=0)
        self._count = count_setting(given, "n", 1, request.where) if "n" in given else None
        self._longest = count_setting(given, "longest", 1, request.where) if "longest" in given else None
        self._evaluation = request.evaluation
        self._of, self._twins = _opened(request, "of", request.columns), _opened(request, "twins", {})
        if self._of is None and [family.NAME for family in self._families] != [EDGE]:
            raise RecipeError("no prompts to attack are named", where=request.where, fix="as in stress:base64?of=my_prompts.jsonl")
        if self._of is not None:
            self.COLUMNS, self.LABELS = self._of.source.COLUMNS, self._of.source.LABELS

    def fingerprint(self) -> str:
        """Of what is attacked, of what twins are made of, and of the families."""
        read = [f"{one.kind} {one.version} {one.source.fingerprint()}" for one in self.inner]
        versions = [f"{family.NAME} {find('attack', family.NAME).version} {family.k}" for family in self._families]
        return "; ".join([*read, *versions, f"seed {self._seed}", f"held out {self._evaluation}", f"world {world.VERSION}"])

    @property
    def inner(self) -> tuple[OpenedSource, ...]:
        """The sources that are read: what is attacked, and what twins are made of."""
        return tuple(one for one in (self._of, self._twins) if one is not None)

    def prompts(self) -> Iterator[Prompt]:
        """Each attack with its twins behind it; of `of`, in its order, or with `n` a family after the other."""
        for row in self.sift():
            if isinstance(row, Rejected):
                raise row.error
            yield row

    def sift(self) -> Iterator[Prompt | Rejected]:
        """As `prompts`; what is wrong with malformed rows of the sources stands before all."""
        if self._of is None:
            odd = filter(self._fits, odd_prompts())
            yield from sorted(odd, key=lambda prompt: self._chance(EDGE, prompt))[: self._count]
            return
        for one in self.inner:
            yield from (row for row in one.sift() if isinstance(row, Rejected))
        attacked, pool = self._attacked(self._of), self._pool(self._of)
        made = self._all(attacked, pool) if self._count is None else self._some(attacked, pool, self._count)
        first = next(made, None)
        if first is None:
            fix = "name families that change any text, or other prompts"
            raise InputError("none of the prompts can be attacked in this way", where=self._where, fix=fix)
        yield from chain([first], made)

    def _attacked(self, of: OpenedSource) -> Iterable[Prompt]:
        """The hazards and ambiguous requests of a source; its harmless prompts where it has none. It is read anew each time."""
        unsafe = any(prompt.intent not in HARMLESS for prompt in _read(of))
        return (prompt for prompt in _read(of) if not unsafe or prompt.intent not in HARMLESS)

    def _pool(self, of: OpenedSource) -> Pool:
        """What twins are made of, in an order that is nobody's."""
        opened = of if self._twins is None else self._twins
        found = self._few(prompt for prompt in _read(opened) if prompt.intent in HARMLESS and prompt.messages)
        if not found and self._twins is not None:
            raise InputError("it has no harmless prompts", where=f"{self._where} twins", fix="label them benign or twin")
        if not found and any(origin(prompt.source).startswith("world:") for prompt in _read(of)):
            found = self._few(world.prompts(world.TWINS, POOL, self._seed, self._evaluation))
        return by_wrapper(found)

    def _few(self, prompts: Iterable[Prompt]) -> list[Prompt]:
        return heapq.nsmallest(POOL, prompts, key=lambda prompt: self._chance("twins", prompt))

    def _all(self, attacked: Iterable[Prompt], pool: Pool) -> Iterator[Prompt]:
        for prompt in attacked:
            for family in self._families:
                yield from self._made(family, prompt, pool)

    def _some(self, attacked: Iterable[Prompt], pool: Pool, count: int) -> Iterator[Prompt]:
        """The first prompts of each family by chance, which does not ask for their order; those that it cannot attack do not count."""
        share, rest = divmod(count, len(self._families))
        kept: list[list[tuple[str, Prompt]]] = [[] for _ in self._families]
        for prompt in attacked:
            for place, (family, mine) in enumerate(zip(self._families, kept, strict=True)):
                chance, wanted = self._chance(family.NAME, prompt), share + (place < rest)
                if (len(mine) < wanted or any(last > chance for last, _ in mine[-1:])) and self._made(family, prompt, pool):
                    insort(mine, (chance, prompt), key=itemgetter(0))
                    del mine[wanted:]
        for family, mine in zip(self._families, kept, strict=True):
            for _, prompt in mine:
                yield from self._made(family, prompt, pool)

    def _made(self, family: Attack, prompt: Prompt, pool: Pool) -> list[Prompt]:
        """The prompt inside the attack, and its twins; nothing where one of them is too long."""
        found = stressed(family, prompt, pool, self._seed)
        return found if all(map(self._fits, found)) else []

    def _fits(self, prompt: Prompt) -> bool:
        return self._longest is None or sum(len(message.content) for message in prompt.messages) <= self._longest

    def _chance(self, what: str, prompt: Prompt) -> str:
        return content_id([self._seed, what, prompt.id])


def _families(request: Request) -> tuple[Attack, ...]:
    """The families that the source names, with their `k`."""
    named = [name for name in (one.strip() for one in request.name.split(",")) if name]
    if not named:
        raise RecipeError("no family of attacks is named", where=request.where, fix="as in stress:role_play, or stress:all")
    k = count_setting(dict(request.settings), "k", 1, request.where) if "k" in request.settings else None
    found = []
    for name in dict.fromkeys(chain.from_iterable(names("attack") if name == ALL else [name] for name in named)):
        half, takes_k = open_attack(name, where=request.where).HALF, open_attack(name).K is not None
        if half == "B" and not request.evaluation and name in named:
            fix = "put it into [evaluate], or name one of half A: potstill list attacks"
            raise RecipeError(f"the attack {name!r} is of half B, which only evaluates", where=request.where, fix=fix)
        if half == "A" or request.evaluation:
            found.append(open_attack(name, k if takes_k else None, request.where))
    if k is not None and not any(family.K for family in found):
        raise RecipeError("none of these families repeats anything, so that none takes k", where=request.where, fix="leave it out")
    return tuple(found)


def _opened(request: Request, name: str, columns: Mapping[str, str]) -> OpenedSource | None:
    """The source that a setting names; None where it is not given."""
    spec = request.settings.get(name)
    if spec is None:
        return None
    return open_source(spec, f"{request.where} {name}", columns, evaluation=request.evaluation, seed=request.seed)


def _read(opened: OpenedSource) -> Iterator[Prompt]:
    """The prompts of a source, without its malformed rows."""
    return (row for row in opened.sift() if isinstance(row, Prompt))
