"""What was heard from the teachers: how much, at what cost, under which terms, and what the doctor said of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from potstill.report.blocks import Block, Notes, Section, Table
from potstill.report.sources import Material
from potstill.report.words import compact, model_name, percent, plural, shortened
from potstill.store import Artifact, rows
from potstill.store.tables import find_files
from potstill.text.refusals import RefusalDetector
from potstill.types import TeacherCard, may_train

DOCTOR = "log/doctor.json"
"""What the doctor found before the first prompt was answered."""
LONGEST = 1000
"""Characters of a system turn that are shown."""
HEAD = ("teacher", "licence", "training on its answers", "answers", "tokens", "cost", "refused", "cut off", "withheld")
ALARMING = ("refused", "warning", "unknown")


@dataclass
class Heard:
    """What one teacher said.

    Attributes:
        counts: answers, tokens, refusals, answers that ended at the limit (`length`) and that were withheld (`content_filter`).
        cost: millionths of a US dollar.
        priced: how many answers have a price.
    """

    counts: Counter[str] = field(default_factory=Counter)
    cost: int = 0
    priced: int = 0


def section(material: Material) -> Section | None:
    """The section; None when no teacher was asked."""
    artifact = material.artifacts.get("generate")
    if artifact is None or not find_files(artifact.folder, "teachers"):
        return None
    heard = _heard(artifact)
    cards = [(card, heard.get(card.id, Heard())) for card in rows(artifact.table("teachers"), TeacherCard)]
    blocks: list[Block] = [Table("What each teacher said", HEAD, tuple(_row(card, its) for card, its in cards), words=3)]
    lead = RefusalDetector.shipped().errors() if any(its.counts["refused"] for _, its in cards) else ""
    notes = (*_contexts(artifact), *_choices(artifact.manifest.summary))
    blocks += [Notes(notes)] if notes else []
    return Section("harvest", "The harvest", lead, (*blocks, *_doctor(artifact)))


def _heard(artifact: Artifact) -> Mapping[str, Heard]:
    """Teacher's id -> what it said, a few thousand traces at a time."""
    found: dict[str, Heard] = {}
    for table in artifact.stream("traces", ["teacher_id", "token_ids", "segments", "finish_reason", "usage"]):
        for teacher_id in pc.unique(table["teacher_id"]).to_pylist():
            _count(table.filter(pc.equal(table["teacher_id"], teacher_id)), found.setdefault(teacher_id, Heard()))
    return found


def _count(table: pa.Table, heard: Heard) -> None:
    kinds = [{segment["kind"] for segment in segments} for segments in table["segments"].to_pylist()]
    reasons = Counter(table["finish_reason"].to_pylist())
    costs = [usage["cost_microusd"] for usage in table["usage"].to_pylist() if usage and usage["cost_microusd"] is not None]
    heard.counts["answers"] += len(table)
    heard.counts["tokens"] += pc.sum(pc.list_value_length(table["token_ids"])).as_py() or 0
    heard.counts["refused"] += sum("refusal" in kind for kind in kinds)
    heard.counts["length"] += reasons["length"]
    heard.counts["content_filter"] += reasons["content_filter"]
    heard.cost, heard.priced = heard.cost + sum(costs), heard.priced + len(costs)


def _row(card: TeacherCard, heard: Heard) -> tuple[str, ...]:
    counts = heard.counts
    cost = f"{heard.cost / 1e6:.4f} USD" if heard.priced == counts["answers"] > 0 else "not known" if card.endpoint else "–"
    numbers = (f"{counts[name]:,}" for name in ("refused", "length", "content_filter"))
    terms = may_train(card).replace("unknown", "not known")
    if terms == "forbidden" and card.accept_terms:
        terms = f"forbidden, accepted: {card.accept_terms}"
    return (model_name(card.name), card.licence or "not stated", terms, f"{counts['answers']:,}", compact(counts["tokens"]), cost, *numbers)


def _contexts(artifact: Artifact) -> Iterator[str]:
    """The system turns that the teachers were told beside the prompts; what a revision was told beside it is its own."""
    found: Counter[str] = Counter()
    for table in artifact.stream("traces", ["context", "sampling"]):
        found.update(table.filter(pc.invert(pc.match_substring(table["sampling"], '"revision"')))["context"].to_pylist())
    for context, answers in sorted(found.items()):
        if context:
            yield (
                f"{plural(answers, 'answer was', 'answers were')} given under a system turn that the student never sees: "
                f"“{shortened(context, LONGEST)}” From those that are kept it learns to answer so without being told."
            )


def _choices(summary: Mapping[str, Any]) -> Iterator[str]:
    """How it was chosen which answers are kept."""
    yield from _best_of(summary.get("best_of"))
    yield from _revised(summary.get("revision"))


def _revised(found: Mapping[str, Any] | None) -> Iterator[str]:
    """What revision by a constitution did."""
    if found is None:
        return
    rules = ", ".join(f"“{name}” {count:,}" for name, count in found["rules"].items())
    yield (
        f"Of {plural(found['draws'], 'answer')} {found['broken']:,} broke a rule of the constitution{f' ({rules})' if rules else ''}, and "
        f"{found['mended']:,} of them have a revision that keeps every rule; of the others nothing is kept. Every version is a trace."
    )
    if found["by_step"] or found["by_whole"]:
        yield (
            f"The teachers made {plural(found['by_step'], 'revision')} from the last good step and {found['by_whole']:,} after criticism. "
            "What they were told for a criticism the student never sees."
        )
    if found["unjudged"]:
        yield f"{plural(found['unjudged'], 'answer')} could not be judged by a rule, and did not pass."


def _best_of(chosen: Mapping[str, Any] | None) -> Iterator[str]:
    """What choosing the best of several took."""
    if chosen is None:
        return
    asked = chosen["passed"] + chosen["none_passed"]
    of_all = f"Of {chosen['draws']:,} draws for {plural(asked, 'prompt')} (a prompt counts for each teacher that was asked)"
    yield f"{of_all} the best that passed was kept; {chosen['none_passed']:,} had none."
    if chosen["unjudged"]:
        yield f"{chosen['unjudged']:,} draws could not be judged, and did not pass."
    if chosen["kl_bound_mean"] is not None:
        mean, most = chosen["kl_bound_mean"], chosen["kl_bound_max"]
        share = percent(chosen["passed"] / asked)
        yield f"Taking the best moved answers by at most {mean:.2f} nats of KL on average, {most:.2f} at most, from the teacher's."
        yield f"That an answer must pass comes on top: {share} of the prompts had one that does."


def _doctor(artifact: Artifact) -> Iterator[Table]:
    """What the doctor warned of, or could not tell."""
    path = artifact.folder / DOCTOR
    if not path.is_file():
        return
    told = tuple(
        (model_name(diagnosis["teacher"]), result["outcome"], result["name"], result["seen"])
        for diagnosis in json.loads(path.read_text(encoding="utf-8"))
        for result in diagnosis["results"]
        if result["outcome"] in ALARMING
    )
    if told:
        caption = f"What the doctor warned of, or could not tell: {plural(len(told), 'finding')}"
        yield Table(caption, ("teacher", "outcome", "probe", "seen"), told, folded=True, words=4, wide=True)
