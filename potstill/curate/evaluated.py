"""The passages of evaluation sets: what a training row must not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from potstill.curate.base import Context
from potstill.curate.overlap import SHORT
from potstill.errors import InputError
from potstill.sources import OpenedSource, open_source
from potstill.text.shingles import spans
from potstill.types import Prompt, digest

OWN = "evaluation"
"""Names the run's own evaluation prompts."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of an evaluation set.

    Attributes:
        text: what is asked, or its reference or rationale.
        of: the place that the item comes from, or its id.
        number: of the set, in the order of the names.
        asked: whether it is what is asked.
    """

    text: str
    of: str
    number: int
    asked: bool


@dataclass(frozen=True)
class EvaluationSets:
    """Evaluation sets by name.

    Attributes:
        names: sources of prompts (a file, `hf:…`, `world:…`), and `evaluation` for the run's own.
        columns: what is wanted -> the column that holds it, for all sources.
        context: of the filter.
    """

    names: Sequence[str]
    columns: Mapping[str, str]
    context: Context

    def identity(self) -> dict[str, str]:
        """A digest of each set.

        Raises:
            RecipeError: a name is no source.
            InputError: a file is not there.
        """
        found = {f"against {name}": f"{one.kind} {one.version} {one.source.fingerprint()}" for name, one in self._sources.items()}
        if OWN in self.names:
            found[f"against {OWN}"] = digest([[prompt.id, prompt.reference, prompt.rationale] for prompt in self.context.evaluation()])
        return found

    def passages(self) -> list[Passage]:
        """What is asked, without choices, and every reference and rationale of 8 words and more; the same text again only once.

        Raises:
            InputError: a named source cannot be read, or holds no text.
        """
        found: dict[str, Passage] = {}
        for number, name in enumerate(self.names):
            before = 0
            for prompt in self.context.evaluation() if name == OWN else self._sources[name].source.prompts():
                for text, asked in _texts(prompt):
                    before += 1
                    found.setdefault(text, Passage(text, prompt.source or prompt.id, number, asked))
            if not before and name != OWN:
                raise InputError("an evaluation set without text", where=self.context.where, fix=f"look at {name!r} and its columns")
        return list(found.values())

    @cached_property
    def _sources(self) -> dict[str, OpenedSource]:
        where, seed = self.context.where, self.context.seed
        return {name: open_source(name, where, self.columns, evaluation=True, seed=seed) for name in self.names if name != OWN}


def _texts(prompt: Prompt) -> Iterator[tuple[str, bool]]:
    """The texts of an item, and whether each is what is asked. Choices are left out: others letter them otherwise, or not at all."""
    if stem(prompt).strip():
        yield stem(prompt), True
    for text in (prompt.reference, prompt.rationale):
        if text and len(spans(text)) >= SHORT:
            yield text, False


def stem(prompt: Prompt) -> str:
    """What is asked, up to the last line before its choices."""
    lines = prompt.question.splitlines()
    first = next((place for place in range(1, len(lines)) if any(one and one in lines[place] for one in prompt.choices[:1])), len(lines))
    return "\n".join(lines[:first]) if prompt.choices else prompt.question
