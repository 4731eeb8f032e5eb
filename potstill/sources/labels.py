"""Labels of prompts that came without: what a labeller is, and how what it says is put on a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from potstill.attacks import only_evaluates, origin
from potstill.models.base import Spending
from potstill.recipe.curation import LabelSection
from potstill.recipe.reading import part_settings
from potstill.registry import Identified, PartInfo, find
from potstill.sources.labelling import BENIGN, GIVEN
from potstill.types import Half, Intent, Prompt

Of = Literal["domain", "intent", "family", "language"]
"""Which label a labeller of one label gives."""
HAZARD = ("intent", "family", "half")
"""Labels that are given together or not at all."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a labeller says of a prompt; None: nothing of that label. `family` and `half` stand only beside `intent`."""

    domain: str | None = None
    intent: Intent | None = None
    family: str | None = None
    half: Half | None = None
    language: str | None = None


class LabelSettings(BaseModel):
    """A labeller's settings: frozen, and without unknown keys. A labeller adds what it needs.

    Attributes:
        name: what it is called in `labelled_by`; empty: as its kind.
        overrule: whether what it says replaces labels that a prompt has, of its row or of a labeller before. Of half B it never does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    overrule: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """What a labeller may ask for.

    Attributes:
        seed: the run's.
        spending: where requests to servers are written down, and how much they may cost.
        where: the labeller's place in the recipe, for errors.
    """

    seed: int = 0
    spending: Spending = field(default_factory=Spending)
    where: str = "prompts.labels"


class Labeller(Protocol):
    """Says which labels prompts have. Its class takes its settings and a `Help`; loading is left to the first use.

    Attributes:
        Settings: its settings, a subclass of `LabelSettings`.
        SPENDS: whether it asks a model, which takes time or money; such a one is not asked by `potstill check`.
    """

    Settings: ClassVar[type[LabelSettings]]
    SPENDS: ClassVar[bool]

    def label(self, prompts: Sequence[Prompt]) -> list[Said | None]:
        """What it says of each; None where it cannot tell. It does not depend on what stands beside a prompt."""
        ...


@dataclass(frozen=True, slots=True)
class ReadyLabeller:
    """A labeller of the recipe with its settings checked.

    Attributes:
        info: as registered.
        by: what is written into `labelled_by`: `rule:NAME`.
        part: the labeller.
        settings: of the recipe.
    """

    info: PartInfo
    by: str
    part: Labeller
    settings: LabelSettings

    @property
    def identity(self) -> dict[str, str]:
        """What it says depends on, beside its settings and the prompts."""
        more = self.part.identity() if isinstance(self.part, Identified) else {}
        return {f"labeller {self.info.name}": self.info.version, **{f"{self.by} {key}": value for key, value in more.items()}}


@dataclass
class Tally:
    """What became of what a labeller said.

    Attributes:
        labelled: prompts that it gave a label.
        unlabelled: prompts that it could not tell.
        conflicts: prompts that came with another label, or had got one, which holds.
        first: where the first of the conflicts came from.
    """

    labelled: int = 0
    unlabelled: int = 0
    conflicts: int = 0
    first: str = ""

    def count(self, prompt: Prompt, said: Said | None, *, changed: bool, conflict: bool) -> None:
        """One more prompt."""
        self.labelled += changed
        self.unlabelled += said is None
        self.conflicts += conflict
        self.first = self.first or (prompt.source if conflict else "")

    def add(self, more: Tally) -> None:
        """What became of what it said of other prompts."""
        self.labelled += more.labelled
        self.unlabelled += more.unlabelled
        self.conflicts += more.conflicts
        self.first = self.first or more.first


def ready_labellers(sections: Sequence[LabelSection], help_: Help | None = None) -> list[ReadyLabeller]:
    """The labellers that a recipe asks for, in its order.

    Raises:
        RecipeError: an unknown labeller or setting, or a value that a setting cannot have.
    """
    return [_ready(section, replace(help_ or Help(), where=f"prompts.labels.{i}")) for i, section in enumerate(sections)]


def _ready(section: LabelSection, help_: Help) -> ReadyLabeller:
    info = find("labeller", section.kind, where=help_.where)
    kind: type[LabelSettings] = info.factory.Settings  # type: ignore[attr-defined]  # of every labeller's class
    settings = part_settings(kind, section.settings, f"the labeller {section.kind!r}", help_.where)
    name = f"{info.name}:{settings.name}" if settings.name else info.name
    return ReadyLabeller(info, name, info.factory(settings, help_), settings)


def label(prompts: Sequence[Prompt], labellers: Sequence[ReadyLabeller], tallies: Sequence[Tally]) -> list[Prompt]:
    """The prompts with their labels.

    Labels that a prompt came with hold, unless the recipe lets a labeller overrule them; of the labellers' the first that says something of
    a label holds. A prompt is known to be benign where its row says so; where it says nothing, it is without a hazard label.

    Args:
        prompts: as gathered.
        labellers: in order.
        tallies: of each labeller.
    """
    found = list(prompts)
    for one, tally in zip(labellers, tallies, strict=True):
        for place, (before, said) in enumerate(zip(found, one.part.label(found), strict=True)):
            found[place], changed, conflict = put(before, said, one.by, overrule=one.settings.overrule)
            tally.count(before, said, changed=changed, conflict=conflict)
    return found


def put(prompt: Prompt, said: Said | None, by: str, *, overrule: bool = False) -> tuple[Prompt, bool, bool]:
    """The prompt with what a labeller says of it, whether that changed it, and whether another label of it holds.

    Args:
        prompt: as it is.
        said: of it.
        by: the labeller.
        overrule: as in `LabelSettings`.
    """
    if said is None:
        return prompt, False, False
    new: dict[str, Any] = {}
    conflict, signature = False, by
    for names, has in ((("domain",), bool(prompt.domain)), (("language",), bool(prompt.language)), (HAZARD, _known(prompt))):
        told = {name: getattr(said, name) for name in names}
        if told[names[0]] is None:
            continue
        if has and (not overrule or only_evaluates(prompt)):
            conflict |= any(value is not None and value != getattr(prompt, name) for name, value in told.items())
            continue
        new |= {name: value for name, value in told.items() if value != getattr(prompt, name)}
        signature += BENIGN * (told.get("intent") == "benign")
    if not new and signature == by:
        return prompt, False, conflict
    if new.keys() != {"language"}:
        new["labelled_by"] = _signed(prompt, signature)
    return replace(prompt, **new), True, conflict


def _known(prompt: Prompt) -> bool:
    """Whether its hazard labels are: it is no benign one, or somebody said that it is; the built-in world says it of all of its own."""
    said = BENIGN in prompt.labelled_by or origin(prompt.source).startswith("world:")
    return said or prompt.intent != "benign" or prompt.family is not None


def _signed(prompt: Prompt, by: str) -> str:
    """Who gave its labels, in the order in which they did."""
    before = prompt.labelled_by if prompt.labelled_by != GIVEN or prompt.domain or _known(prompt) else ""
    return f"{before}, {by}" if before else by


def labelled_text(prompt: Prompt) -> str:
    """What labels are told by: all that users say in the conversation, or the plain text."""
    return "\n".join(message.content for message in prompt.messages if message.role == "user") or prompt.reference or ""
