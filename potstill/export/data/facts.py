"""What a card says of exported traces, counted while they are written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from potstill.errors import CapabilityError
from potstill.store import Artifact, Run, rows
from potstill.text.specs import without_folders
from potstill.types import TeacherCard, is_barred, may_train

NOT_JUDGED = "unjudged"


@dataclass
class Facts:
    """Where exported traces come from, and what was cut away.

    Attributes:
        name: the recipe's.
        form, part: what was asked for.
        artifacts: stage -> the artifact read.
        teachers: their cards, in the recipe's order.
        rows: exported; by teacher in `of_teacher`.
        prompts: that they answer, and under which licences: `licences`.
        tokens: of the exported answers; `uncounted` of them gave no token ids.
        parts: part -> traces, of all that were generated; an undecided one has none.
        finish_reasons, refused: of all that were generated.
        verdicts: filter -> part, or `unjudged` -> traces.
        withheld: traces of requests that only evaluate: they are never exported.
        read, written: tokens that servers counted; cost_microusd: of the answers that have a price.
        unpriced: answers of servers that have none.
        contexts: system turns that the teachers saw and that are not in the data.
        criticised: exported revisions after a criticism, each of which the teacher saw a context of its own for.
    """

    name: str
    form: str
    part: str
    artifacts: Mapping[str, Artifact]
    teachers: tuple[TeacherCard, ...]
    rows: int = 0
    prompts: int = 0
    tokens: int = 0
    uncounted: int = 0
    refused: int = 0
    withheld: int = 0
    read: int = 0
    written: int = 0
    cost_microusd: int = 0
    priced: int = 0
    unpriced: int = 0
    of_teacher: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    finish_reasons: Counter[str] = field(default_factory=Counter)
    contexts: Counter[str] = field(default_factory=Counter)
    criticised: int = 0
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, form: str, part: str) -> Facts:
        """The facts of a run before its traces are counted.

        Raises:
            StoreError: a stage has not been done, or a file is damaged.
        """
        artifacts = {stage: run.artifact(stage) for stage in ("prompts", "generate", "filter")}
        for artifact in artifacts.values():
            artifact.verify()
        return cls(run.recipe.name, form, part, artifacts, tuple(rows(artifacts["generate"].table("teachers"), TeacherCard)))

    @property
    def section(self) -> Mapping[str, Any]:
        """The settings of `[generate]` that the traces were made with."""
        made: Mapping[str, Any] = self.artifacts["generate"].manifest.section.get("generate", {})
        return made

    @property
    def sources(self) -> Sequence[str]:
        """Where the prompts came from, as the recipe names it."""
        return tuple(self.artifacts["prompts"].manifest.section.get("prompts", {}).get("sources", ()))

    @property
    def scored(self) -> bool:
        """Whether the traces are the prompts' own texts, which were only scored."""
        return self.section.get("mode") == "score"

    @property
    def best_of(self) -> Mapping[str, Any] | None:
        """What choosing the best draw took, as the stage's summary counts it in pairs of prompt and teacher; None: every draw was kept."""
        found: Mapping[str, Any] | None = self.artifacts["generate"].manifest.summary.get("best_of")
        return found

    @property
    def judge(self) -> str:
        """Who chose the best draw, as it is published; empty where nobody chose."""
        return without_folders(str((self.section.get("best_of") or {}).get("judge", "")))

    @cached_property
    def published(self) -> Mapping[str, str]:
        """Teacher's name in the recipe -> its name in the data, which tells no folder; two that would be called alike are numbered."""
        named: dict[str, str] = {}
        for name in dict.fromkeys(card.name for card in self.teachers):
            short = without_folders(name)
            alike = sum(without_folders(other) == short for other in named)
            named[name] = f"{short} ({alike + 1})" if alike else short
        return named

    def codecs(self) -> dict[str, dict[str, dict[str, int]]]:
        """Id of a teacher -> codec -> the largest `k` and `hidden_size` of its scorings; none of a teacher that tells only text.

        Raises:
            StoreError: a file is damaged.
        """
        made = self.artifacts["generate"]
        found: dict[str, dict[str, dict[str, int]]] = {}
        if not any(name.startswith("scorings") for name in made.manifest.files):
            return {}
        for table in made.stream("scorings", ["teacher_id", "codec", "k", "hidden_size"]):
            most = table.group_by(["teacher_id", "codec"]).aggregate([("k", "max"), ("hidden_size", "max")])
            for row in most.to_pylist():
                sizes = found.setdefault(row["teacher_id"], {}).setdefault(row["codec"], {"k": 0, "hidden_size": 0})
                sizes.update({name: max(old, row[f"{name}_max"] or 0) for name, old in sizes.items()})
        return found

    def restraining(self) -> list[TeacherCard]:
        """The teachers that are not known to let others train on what they say."""
        return [card for card in self.teachers if may_train(card) != "allowed"]

    def check_terms(self) -> None:
        """Nothing leaves that a teacher's terms forbid to train on, unless the recipe that it was made with says why.

        Raises:
            CapabilityError: they do.
        """
        for card in self.teachers:
            if is_barred(card):
                what = "its terms forbid to train others on what it says, so its traces are not exported"
                fix = "take another teacher, or mend train_on_outputs where it is wrong; accept_terms says why one goes on all the same"
                raise CapabilityError(what, where=card.name, fix=fix)

    def warnings(self) -> list[str]:
        """What whoever uses the data must know of the teachers' terms."""
        told: Mapping[str, str] = {
            "unknown": "whether its terms let others train on what it says is not known",
            "restricted": "its terms restrict training others on what it says",
            "forbidden": "its terms forbid to train others on what it says; the recipe goes on because: {}",
        }
        return [f"{card.name}: {told[free].format(card.accept_terms)}" for card in self.teachers if (free := may_train(card)) in told]

    def generated(self, completions: Sequence[Mapping[str, Any]]) -> None:
        """Count traces that were generated, exported or not."""
        for one in completions:
            self.parts["" if one["decision"] is None else one["decision"]["part"]] += 1
            self.finish_reasons[one["finish_reason"]] += 1
            self.refused += any(segment["kind"] == "refusal" for segment in one["segments"])
            self._count_usage(one["usage"])
            for verdict in one["verdicts"]:
                counts = self.verdicts.setdefault(verdict["by"], Counter())
                counts[verdict["part"]] += 1
                counts[NOT_JUDGED] += verdict["score"] is None

    def _count_usage(self, usage: Mapping[str, Any] | None) -> None:
        if usage is None:
            return
        self.read += usage["prompt_tokens"] or 0
        self.written += usage["completion_tokens"] or 0
        self.cost_microusd += usage["cost_microusd"] or 0
        self.priced += usage["cost_microusd"] is not None
        self.unpriced += usage["cost_microusd"] is None

    def exported(self, record: Mapping[str, Any]) -> None:
        """Count a prompt with the completions that are exported of it."""
        self.prompts += 1
        self.licences[record["licence"]] += 1
        for one in record["completions"]:
            self.rows += 1
            self.of_teacher[one["teacher"]] += 1
            self.tokens += len(one["token_ids"])
            self.uncounted += not one["token_ids"]
            if one["context"] and _criticised(one):
                self.criticised += 1
            elif one["context"]:
                self.contexts[one["context"]] += 1


def _criticised(completion: Mapping[str, Any]) -> bool:
    """Whether it is a revision that the teacher gave after a criticism, which is a context of its own."""
    return bool(json.loads(completion["sampling"] or "{}").get("revision", {}).get("how") == "whole")
