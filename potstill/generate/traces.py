"""Traces with their signals as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from potstill.models.base import Answer
from potstill.store.tables import SIGNALS, from_rows
from potstill.text.segments import segments
from potstill.types import Segment, Trace


def trace_of(prompt_id: str, teacher: str, sample: int, answer: Answer, *, scored: bool = False) -> Trace:
    """An answer as a trace. A scored text is not taken apart: it answers nothing."""
    parts = (Segment("other", 0, len(answer.text)),) if scored else segments(answer.text)
    return Trace(prompt_id, teacher, sample, answer.text, parts, tuple(answer.token_ids), answer.finish_reason)


def table_of(traces: Sequence[Trace], answers: Sequence[Answer]) -> pa.Table:
    """The traces, and beside each what its answer says of the teacher's probabilities (the columns of `SIGNALS`)."""
    table = from_rows(traces, Trace)
    columns = {
        "log_p": _lists([answer.log_p for answer in answers], np.float32),
        "k": pa.array([answer.topk_ids.shape[1] if len(answer.topk_ids) else 0 for answer in answers], SIGNALS.field("k").type),
        "topk_ids": _lists([answer.topk_ids.reshape(-1) for answer in answers], np.int32),
        "topk_log_p": _lists([answer.topk_log_p.reshape(-1) for answer in answers], np.float32),
    }
    for field in SIGNALS:
        table = table.append_column(field, columns[field.name])
    return table


def _lists(rows: Sequence[np.ndarray], dtype: type[np.generic]) -> pa.ListArray:
    """One list a row, without a Python object a number."""
    ends = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    flat = np.concatenate([np.zeros(0, dtype), *rows]).astype(dtype, copy=False)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(flat))
