"""Answers as the tables of the trace store: traces, scorings, teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import orjson
import pyarrow as pa

from potstill.models.base import Answer, Sampling, Teacher
from potstill.recipe.sections import TeacherSection
from potstill.store.tables import SEGMENTS, from_rows
from potstill.text.segments import segments
from potstill.text.spans import spans
from potstill.types import Segment, TeacherCard, Trace, canonical_json


def card_of(section: TeacherSection, teacher: Teacher) -> TeacherCard:
    """Who a teacher is: what it says of itself, and what the recipe says of its terms."""
    facts = teacher.identity()
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
        server=facts.get("server", ""),
        licence=section.licence or facts.get("licence", ""),
        terms=section.terms,
        train_on_outputs=section.train_on_outputs,
        facts=canonical_json(facts),
    )


def trace_of(
    prompt_id: str, card: TeacherCard, sample: int, answer: Answer, sampling: Sampling, *, context: str = "", scored: bool = False
) -> Trace:
    """An answer as a trace. A scored text is not taken apart: it answers nothing, and was not drawn."""
    parts = (Segment("other", 0, len(answer.text)),) if scored else segments(answer.text)
    drawn = {key: value for key, value in asdict(sampling).items() if key not in ("n", "first")}
    return Trace(
        prompt_id=prompt_id,
        teacher=card.name,
        sample=sample,
        text=answer.text,
        segments=parts,
        token_ids=tuple(answer.token_ids),
        finish_reason=answer.finish_reason,
        token_ends=tuple(answer.token_ends),
        teacher_id=card.id,
        context=context,
        sampling="{}" if scored else orjson.dumps(drawn, option=orjson.OPT_SORT_KEYS).decode(),
        reasoning_field=answer.reasoning_field,
        usage=answer.usage,
        request=answer.request,
        response=answer.response,
    )


def table_of(traces: Sequence[Trace]) -> pa.Table:
    """The traces, their segments with spans in bytes and tokens too."""
    table = from_rows(traces, Trace)
    spanned = pa.array([list(spans(trace.segments, trace.text, trace.token_ends)) for trace in traces], SEGMENTS)
    return table.set_column(table.schema.get_field_index("segments"), "segments", spanned)
