"""What teachers expected, as a table: one row a scoring, which says of which trace, by whom, and how it was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from potstill.models.base import Outlook
from potstill.models.rounding import REALISED_ERROR, round_log_p, round_mass, round_values
from potstill.store.tables import split_bytes
from potstill.types import ScoringMode, content_id

_TEXT = pa.string()
_INTS, _FLOATS = (pa.list_(pa.field("element", kind, nullable=False)) for kind in (pa.int32(), pa.float32()))
"""Lists without missing numbers, which are read a quarter faster than lists that might hold some."""
_ARRAYS = ("log_p", "rank", "support_ids", "support_log_p", "tail_mass", "hidden", "token_ids", "token_ends")
SCORINGS = split_bytes(
    pa.schema(
        [
            ("id", _TEXT),
            ("trace_id", _TEXT),
            ("teacher_id", _TEXT),
            ("mode", _TEXT),
            ("codec", _TEXT),
            ("kind", _TEXT),
            ("temperature", pa.float32()),
            ("k", pa.int32()),
            ("hidden_size", pa.int32()),
            ("log_p", _FLOATS),
            ("rank", _INTS),
            ("support_ids", _INTS),
            ("support_log_p", _FLOATS),
            ("tail_mass", _FLOATS),
            ("hidden", _FLOATS),
            ("token_ids", _INTS),
            ("token_ends", _INTS),
        ]
    ),
    _ARRAYS,
)
"""`log_p`, `rank`, `tail_mass` hold a number a token; `support_ids` and `support_log_p` k of them, position by position; `hidden`
`hidden_size`. `token_ids` and `token_ends` are empty where they are the trace's own. The other columns are those of
`potstill.models.base.Outlook`.

Probabilities are rounded as `potstill.models.rounding` says: those of `top_k` and their tail by at most 2e-4 each, so that together they
are within (k + 1) 2e-4 of 1; a small tail by 3% of itself; the realised tokens' log-probabilities by 1e-4 nats. What `sampled` and
`hidden_states` keep is kept as it is."""
SUPPORTS = ("trace_id", "teacher_id", "codec", "k", "hidden_size", "support_ids", "support_log_p", "tail_mass", "hidden")
"""The columns that `supports` reads."""

_ABOUT = ("trace_id", "teacher_id", "mode", "codec", "kind", "temperature", "k", "hidden_size")
_NUMBERS = ("log_p", "rank", "support_ids", "support_log_p", "tail_mass", "hidden")
_TOKENS = ("token_ids", "token_ends")


@dataclass(frozen=True, slots=True)
class Scoring:
    """What one teacher expected at the tokens of one trace.

    Attributes:
        trace_id: the trace.
        teacher_id: whose expectation it is: the one that drew the trace, or another that scored it.
        mode: how it came to the tokens.
        outlook: what it expected.
        token_ids, token_ends: the scorer's own tokens, as those of a trace, where they are not the trace's; else empty.
    """

    trace_id: str
    teacher_id: str
    mode: ScoringMode
    outlook: Outlook
    token_ids: tuple[int, ...] = ()
    token_ends: tuple[int, ...] = ()

    @property
    def id(self) -> str:
        """Identity by content: what was scored, by whom and how."""
        seen = self.outlook
        return content_id([self.trace_id, self.teacher_id, self.mode, seen.codec, seen.support_ids.shape[-1], seen.kind])


def to_table(scorings: Sequence[Scoring]) -> pa.Table:
    """The scorings as a table with the columns of `SCORINGS`."""
    seen = [scoring.outlook for scoring in scorings]
    columns: dict[str, Any] = {
        "id": [scoring.id for scoring in scorings],
        "trace_id": [scoring.trace_id for scoring in scorings],
        "teacher_id": [scoring.teacher_id for scoring in scorings],
        "mode": [scoring.mode for scoring in scorings],
        "codec": [one.codec for one in seen],
        "kind": [one.kind for one in seen],
        "temperature": [one.temperature for one in seen],
        "k": [one.support_ids.shape[-1] for one in seen],
        "hidden_size": [one.hidden.shape[-1] for one in seen],
        "log_p": _lists([one.log_p for one in seen], np.float32, lambda flat: round_values(flat, REALISED_ERROR)),
        "rank": _lists([one.rank for one in seen], np.int32),
        "support_ids": _lists([one.support_ids.reshape(-1) for one in seen], np.int32),
        "support_log_p": _lists([one.support_log_p.reshape(-1) for one in seen], np.float32, lambda flat: _round_top_k(flat, seen)),
        "tail_mass": _lists([one.tail_mass for one in seen], np.float32, round_mass),
        "hidden": _lists([one.hidden.reshape(-1) for one in seen], np.float32),
        **{name: [getattr(scoring, name) for scoring in scorings] for name in _TOKENS},
    }
    arrays = [pa.array(column, SCORINGS.field(name).type) if isinstance(column, list) else column for name, column in columns.items()]
    return pa.table(arrays, schema=SCORINGS)


def from_table(table: pa.Table) -> Iterator[Scoring]:
    """The scorings of a table that `to_table` made, without a Python object a number."""
    for batch in table.to_batches():
        columns = {name: (batch.column(name).offsets.to_numpy(), batch.column(name).values.to_numpy()) for name in _NUMBERS}
        for line, row in enumerate(batch.select([*_ABOUT, *_TOKENS]).to_pylist()):
            numbers = {name: values[ends[line] : ends[line + 1]] for name, (ends, values) in columns.items()}
            yield _scoring(row, numbers)


def _scoring(row: dict[str, Any], numbers: dict[str, np.ndarray]) -> Scoring:
    trace_id, teacher_id, mode, width, size = (row.pop(name) for name in ("trace_id", "teacher_id", "mode", "k", "hidden_size"))
    tokens = [tuple(row.pop(name)) for name in _TOKENS]
    steps = len(numbers["log_p"])
    shaped = {name: numbers[name].reshape(steps, width) for name in ("support_ids", "support_log_p")}
    hidden = numbers["hidden"].reshape(steps if size else 0, size)
    return Scoring(trace_id, teacher_id, mode, Outlook(**{**row, **numbers, **shaped, "hidden": hidden}), *tokens)


def _round_top_k(flat: np.ndarray, seen: Sequence[Outlook]) -> np.ndarray:
    """The outcomes' log-probabilities of all scorings as they are stored; those of other codecs stay what they are."""
    rounded = np.repeat([one.codec == "top_k" for one in seen], [one.support_log_p.size for one in seen])
    return round_log_p(flat) if rounded.all() else np.where(rounded, round_log_p(flat), flat)


@dataclass(frozen=True, slots=True)
class Support:
    """What one teacher kept at the T tokens of one trace: as much of a scoring as training needs.

    Attributes:
        trace_id, teacher_id: as in `Scoring`.
        codec, ids, log_p, tail_mass, hidden: of its `Outlook` the codec, [T, w] `support_ids`, [T, w] `support_log_p`, [T] `tail_mass` and
            [T, H] `hidden`.
    """

    trace_id: str
    teacher_id: str
    codec: str
    ids: np.ndarray
    log_p: np.ndarray
    tail_mass: np.ndarray
    hidden: np.ndarray


def supports(table: pa.Table) -> Iterator[Support]:
    """What is kept in a table of scorings, or in its columns `SUPPORTS`. The arrays are the table's own memory.

    A table too large for it is read a piece at a time by `potstill.store.tables.stream`.
    """
    about = SUPPORTS[:5]
    for batch in table.to_batches():
        arrays = [(batch.column(name).offsets.to_numpy(), batch.column(name).values.to_numpy()) for name in SUPPORTS[5:]]
        for line, row in enumerate(zip(*(batch.column(name).to_pylist() for name in about), strict=True)):
            trace_id, teacher_id, codec, width, size = row
            ids, log_p, tail_mass, hidden = (values[ends[line] : ends[line + 1]] for ends, values in arrays)
            steps = len(tail_mass)
            shaped = ids.reshape(steps, width), log_p.reshape(steps, width), tail_mass, hidden.reshape(steps if size else 0, size)
            yield Support(trace_id, teacher_id, codec, *shaped)


def _lists(rows: Sequence[np.ndarray], dtype: type[np.generic], rounded: Callable[[np.ndarray], np.ndarray] | None = None) -> pa.ListArray:
    """One list a row, without a Python object a number; all of them rounded at once."""
    ends = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    flat = np.concatenate([np.zeros(0, dtype), *rows]).astype(dtype, copy=False)
    kind = _INTS if dtype is np.int32 else _FLOATS
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(flat if rounded is None else rounded(flat)), type=kind)
