"""Answers as the tables of the trace store: traces, scorings, teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import cast

import orjson
import pyarrow as pa

from potstill.models.base import Answer, Outlook, Sampling, Teacher
from potstill.recipe.models import TeacherSection
from potstill.store.tables import SEGMENTS, from_rows
from potstill.text.segments import segments
from potstill.text.spans import spans
from potstill.types import Segment, TeacherCard, Trace, TrainOnOutputs, canonical_json


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A trace with its id, which is not hashed anew each time, and what its teacher expected at its tokens."""

    id: str
    trace: Trace
    outlook: Outlook


def card_of(section: TeacherSection, teacher: Teacher) -> TeacherCard:
    """Who a teacher is: what it says of itself, and what the recipe says of its terms."""
    facts = teacher.identity()
    stated = section.train_on_outputs if section.train_on_outputs != "unknown" else facts.get("train_on_outputs", "unknown")
    weights = {key: value for key, value in facts.items() if key.startswith("weights")}
    return TeacherCard(
        name=section.model,
        revision=facts.get("revision", section.revision or ""),
        weights=next(iter(weights.values()), "") if len(weights) < 2 else canonical_json(weights),
        tokenizer=facts.get("tokenizer", ""),
        special_tokens=facts.get("special_tokens", ""),
        chat_template=facts.get("chat_template", ""),
        dtype=facts.get("dtype", ""),
        endpoint=facts.get("endpoint", ""),
        dialect=facts.get("dialect", ""),
        licence=section.licence or facts.get("licence", ""),
        terms=section.terms,
        train_on_outputs=cast("TrainOnOutputs", stated),
        accept_terms=section.accept_terms.strip(),
        facts=canonical_json(facts),
    )


def trace_of(
    prompt_id: str, card: TeacherCard, sample: int, answer: Answer, sampling: Sampling, *, context: str = "", scored: bool = False
) -> Trace:
    """An answer as a trace. A scored text is not taken apart: it answers nothing, and was not drawn."""
    parts = (Segment("other", 0, len(answer.text)),) if scored else segments(answer.text, thinking=answer.thinking)
    return Trace(
        prompt_id=prompt_id,
        teacher=card.name,
        sample=sample,
        text=answer.text,
        segments=parts,
        token_ids=tuple(answer.token_ids),
        finish_reason=answer.finish_reason,
        token_ends=tuple(answer.token_ends),
        teacher_id=_id(card),
        context=context,
        sampling="{}" if scored else _told(sampling),
        reasoning_field=answer.reasoning_field,
        usage=answer.usage,
        request=answer.request,
        response=answer.response,
    )


@lru_cache(maxsize=64)
def _id(card: TeacherCard) -> str:
    """The card's id, hashed once."""
    return card.id


@lru_cache(maxsize=64)
def _told(sampling: Sampling) -> str:
    """The settings that a draw depends on, as JSON."""
    drawn = {key: value for key, value in asdict(sampling).items() if key not in ("n", "first")}
    return orjson.dumps(drawn, option=orjson.OPT_SORT_KEYS).decode()


def table_of(drawn: Sequence[Drawn]) -> pa.Table:
    """The traces, their segments with spans in bytes and tokens too."""
    table = from_rows([one.trace for one in drawn], Trace, [one.id for one in drawn])
    spanned = pa.array([list(spans(one.trace.segments, one.trace.text, one.trace.token_ends)) for one in drawn], SEGMENTS)
    return table.set_column(table.schema.get_field_index("segments"), "segments", spanned)
