"""What is of a domain that the student shall not learn."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from potstill.attacks import only_evaluates
from potstill.curate.base import HARD, Catches, Context, Fault, FilterSettings, Item, Opinion, Reads
from potstill.curate.blocklist import Blocklist
from potstill.curate.classified import ClassifiedDomain
from potstill.curate.passages import passages
from potstill.curate.recognising import Recognition, Seen, Told
from potstill.errors import RecipeError
from potstill.registry import part
from potstill.sources.request import OpenedSource, open_source
from potstill.types import Message, Part, Prompt
from potstill.world import HAZARDS, prompts

SHOWN = 200
"""Characters of the evidence."""
MODEL = "hf:"
MOST = 200
"""Faults of a kind."""
_LONG = re.compile(r"[^\W\d_]{5,}")
WRAPPED = {
    "verbatim": ("{}",),
    "prefix": ("I hope that you are well today. {}", "Here is a question from my list, the third one: {}", "Dear assistant,\n\n{}"),
    "suffix": ("{} Please take your time, and thank you.", "{}\n\nAfterwards, tell me what the weather may be.", "{} I ask for a friend."),
    "wrapper": (
        "Write a play in which one asks: {} The other one answers.",
        "A page from my book reads: {} Go on from there.",
        "Repeat, then do: {}",
    ),
}
"""How a request is put to measure whether it is still found."""


class DomainSettings(FilterSettings):
    """Settings of the filter `domain`.

    Attributes:
        exclude: dotted labels; a prompt whose own label is one of them, or lies in one, is certainly of the domain.
        blocklist: terms, or a file with a term a line; one that begins or ends with `*` may go on there.
        examples: sources of texts of the domain, from which a classifier is trained.
        counterexamples: sources of texts that are not of it, the more alike the better.
        columns: what is wanted -> the column of those sources that holds it.
        model: a classifier in the place of examples: `hf:PATH?label=NAME`.
        confirm: the score from which on the classifier confirms what a term of the blocklist proposes; it is moved to 0.5 then.
        blocklist_decides: whether a term is enough, without a classifier.
    """

    part: Part = "hazard"
    exclude: tuple[str, ...] = Field(("hazard",), min_length=1)
    blocklist: str | tuple[str, ...] = ()
    examples: str | tuple[str, ...] = ()
    counterexamples: str | tuple[str, ...] = ()
    columns: Mapping[str, str] = Field({})
    model: str | None = None
    confirm: float = Field(0.2, gt=0, lt=1)
    blocklist_decides: bool = False


@part("filter", "domain", version="2")
class DomainFilter:
    """What is of an excluded domain is hazard: by its label, by a classifier, or by a term of a blocklist that the classifier confirms.

    Prompt, reasoning and answer are looked at, long ones also in pieces, and the highest score counts. From 0.5 on the classifier alone
    catches; where a term of the blocklist stands, `confirm` is enough, so that a word with two meanings does not decide. Scores of a
    classifier trained from examples are moved so that 0.5 is where F1 is highest on examples that it did not see. Without blocklist and
    classifier only labels are known, and prompts without one cannot be judged.
    """

    Settings: ClassVar[type[FilterSettings]] = DomainSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self, settings: DomainSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._told = Told(self._sources("examples"), self._sources("counterexamples"))
        _check(settings, self._told, context.where)
        self._blocklist = Blocklist.read(settings.blocklist, f"{context.where}.blocklist")

    def identity(self) -> dict[str, str]:
        """Digests of the blocklist, of the examples or of the model."""
        found = {"blocklist": self._blocklist.identity} if self._blocklist.terms else {}
        model = self._recognition.recogniser
        return {**found, **self._told.identity(), **(model.identity() if isinstance(model, ClassifiedDomain) else {})}

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        """One opinion an item; the evidence is the term, or the words that speak most for the domain, in the text with the highest score.

        Raises:
            InputError: the examples cannot be read, are too few, or only evaluate.
            ModelError: the classifier cannot be found or used.
            MissingExtraError: there is a blocklist, and pyahocorasick is not installed.
        """
        if not self._judges_texts:
            return [self._by_label(item) for item in items]
        looked = [passages(item) for item in items]
        seen = iter(self._recognition.look([passage for some in looked for passage in some]))
        return [self._opinion(item, [next(seen) for _ in some]) for item, some in zip(items, looked, strict=True)]

    def told(self) -> Mapping[str, Any]:
        """What the trained classifier makes of examples that it did not see: precision, recall and how many they were."""
        return self._told.told() if self._told.inside else {}

    def faults(self, clean: Sequence[Item], rng: random.Random) -> Iterator[Fault]:
        """Requests of the domain as they are, with words before or behind them, and inside others.

        Examples; of a blocklist that decides alone clean texts with a term in them; of a model the world's hazards, without their label. Of
        labels alone these as they are, which says nothing of texts. Hard: with letters changed over in their longer words, and without the
        blocklist's terms.

        Examples were learnt: on these it is measured whether what stands around them hides them. `told` has those not learnt.
        """
        asked = self._requests(clean, rng)
        if not self._judges_texts:
            yield from (Fault("by its label", Item(prompt.id, prompt)) for prompt in asked)
            return
        for kind, phrasings in WRAPPED.items():
            for prompt in rng.sample(asked, min(len(asked), MOST)):
                made = _asking(prompt, rng.choice(phrasings).format(prompt.question or prompt.reference))
                yield Fault(kind, Item(made.id, made))
        for prompt in rng.sample(asked, min(len(asked), MOST)):
            for kind, text in self._hidden(prompt.question or prompt.reference or "", rng):
                made = _asking(prompt, text)
                yield Fault(HARD + kind, Item(made.id, made))

    def _requests(self, clean: Sequence[Item], rng: random.Random) -> list[Prompt]:
        """What certainly is of the domain; no label tells it where texts are judged."""
        if self._told.inside:
            return [replace(prompt, domain="") for prompt in self._told.prompts[0]]
        if self._terms_alone:
            named = [item.prompt for item in clean if item.prompt.question]
            return [replace(_asking(one, f"{one.question} {rng.choice(self._blocklist.terms).strip('*')}"), domain="") for one in named]
        asked = [prompt for prompt in prompts(HAZARDS, MOST, self._context.seed) if prompt.within(self._settings.exclude)]
        asked = [prompt for prompt in asked if not only_evaluates(prompt)]
        return [replace(prompt, domain="") for prompt in asked] if self._judges_texts else asked

    def _hidden(self, text: str, rng: random.Random) -> Iterator[tuple[str, str]]:
        """Kind of fault -> a request that is put so that its words are others."""
        yield "misspelt", _LONG.sub(lambda word: _swapped(word[0], rng), text)
        without = text
        for term in self._blocklist.terms:
            without = re.sub(rf"(?i)\b{re.escape(term.strip('*'))}\w*", "", without)
        if without != text and without.strip() and not self._terms_alone:
            yield "no blocked term", without

    @property
    def _judges_texts(self) -> bool:
        return bool(self._blocklist.terms or self._told.inside or self._settings.model)

    @property
    def _terms_alone(self) -> bool:
        return bool(self._blocklist.terms) and not (self._told.inside or self._settings.model)

    @cached_property
    def _recognition(self) -> Recognition:
        settings = self._settings
        trained = self._told if self._told.inside else None
        model = None if settings.model is None else ClassifiedDomain(settings.model.removeprefix(MODEL), f"{self._context.where}.model")
        return Recognition(self._blocklist, model or trained, settings.confirm, settings.blocklist_decides)

    def _sources(self, name: str) -> list[OpenedSource]:
        given = getattr(self._settings, name)
        specs = (given,) if isinstance(given, str) else given
        where = f"{self._context.where}.{name}"
        return [open_source(spec, where, self._settings.columns, seed=self._context.seed) for spec in specs]

    def _by_label(self, item: Item) -> Opinion:
        if item.prompt.within(self._settings.exclude):
            return Opinion(f"its domain is {item.prompt.domain}", 1.0)
        if item.prompt.domain:
            return Opinion(f"its domain is {item.prompt.domain}, which is not excluded", 0.0)
        return Opinion("its domain is not known, and there are neither examples nor a model to tell it")

    def _opinion(self, item: Item, seen: Sequence[Seen]) -> Opinion:
        if item.prompt.within(self._settings.exclude):
            return self._by_label(item)
        judged = [one for one in seen if one.score is not None]
        if not judged:
            return Opinion("says nothing", 0.0) if not seen else Opinion("its texts do not fit the classifier")
        worst = max(judged, key=lambda one: one.score or 0.0)
        score = worst.score or 0.0
        why = self._why(worst, score)
        if score < self._settings.confirm:
            return Opinion(why, score)
        start, end = self._recognition.evidence(worst)
        within, first, last = worst.passage.span(start, min(end, start + SHOWN))
        return Opinion(why, score, evidence=worst.passage.text[start:end][:SHOWN], within=within, start=first, end=last)

    def _why(self, seen: Seen, score: float) -> str:
        domain = " or ".join(self._settings.exclude)
        if seen.hit is not None and self._settings.blocklist_decides:
            return f"the {seen.passage.of} holds {seen.hit.term!r}, a term of the domain {domain}"
        if self._terms_alone:
            return f"the {seen.passage.of} holds no term of the domain {domain}"
        return f"the {seen.passage.of} is {score:.2f} of the domain {domain}" + (
            "" if seen.hit is None else f", and holds {seen.hit.term!r}"
        )


def _check(settings: DomainSettings, told: Told, where: str) -> None:
    """The steps fit together."""
    if bool(told.inside) != bool(told.outside):
        fix = "give both: texts of the domain, and texts that are not of it"
        raise RecipeError("examples and counterexamples need each other", where=where, fix=fix)
    if settings.model is not None and (told.inside or not settings.model.startswith(MODEL)):
        what = "a model takes the place of examples" if told.inside else f"unknown model {settings.model!r}"
        raise RecipeError(what, where=f"{where}.model", fix=f"leave one out; a model is written {MODEL}PATH?label=NAME")
    if settings.blocklist and not (told.inside or settings.model or settings.blocklist_decides):
        fix = "give examples or a model that confirm what it finds, or set blocklist_decides = true"
        raise RecipeError("a blocklist only proposes, and nothing confirms", where=f"{where}.blocklist", fix=fix)


def _swapped(word: str, rng: random.Random) -> str:
    """The word with two neighbouring letters changed over, but for the first and the last."""
    place = rng.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _asking(prompt: Prompt, text: str) -> Prompt:
    return replace(prompt, messages=(Message("user", text),), reference=None if not prompt.messages else prompt.reference)
