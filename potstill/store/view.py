"""One nested record a prompt, put together on demand from the flat tables of a run folder.

prompt: its columns, `completions`, `teachers`
    completions: the columns of traces, `decision`, `verdicts`, `scorings`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potstill.errors import StoreError
from potstill.store.artifact import Artifact
from potstill.store.joining import Lookup
from potstill.store.run import Run
from potstill.store.tables import SCHEMAS
from potstill.types import TeacherCard, Verdict

PROMPTS_AT_ONCE = 256
_DECIDED = pa.schema([("trace_id", pa.string()), ("part", pa.string()), ("because", pa.list_(pa.string()))])


def nested(run: Run, *, signals: bool = True, at_once: int = PROMPTS_AT_ONCE) -> Iterator[pa.Table]:
    """The run's prompts as they were asked, with all that was made of them; a few hundred in memory at a time.

    Args:
        run: its current artifacts are read: `prompts`, `generate` and, where it is there, `filter`; what has not been done is null or
            empty.
        signals: put the scorings in as well.
        at_once: prompts a table.

    Yields:
        tables of one schema, a row a prompt, in the order of the prompts.

    Raises:
        StoreError: nothing was generated yet, the artifacts do not belong together, or a file is damaged: they are held against their
            hashes before the first table, once a run.
    """
    made = run.artifacts()
    traces = run.artifact("generate")
    prompts = run.artifact("prompts")
    cut = made.get("filter")
    for artifact, name, read in ((traces, "prompts", prompts), (cut, "generate", traces)):
        if artifact is not None and artifact.manifest.inputs.get(name) != read.content:
            raise StoreError("made of something else than what is current", where=str(artifact.folder), fix="run its stage again")
    run.verify(artifact for artifact in (prompts, traces, cut) if artifact is not None)
    yield from _Nested.of(traces, cut, signals).tables(prompts, at_once)


@dataclass(frozen=True, slots=True)
class _Nested:
    """The tables that are joined to the prompts."""

    traces: Lookup
    scorings: Lookup | None
    verdicts: Lookup
    decisions: Lookup | None
    teachers: Lookup

    @classmethod
    def of(cls, traces: Artifact, cut: Artifact | None, signals: bool) -> _Nested:
        judged = traces if cut is None else cut  # the filters' table holds the verdicts of the drawing too
        return cls(
            traces=Lookup(traces.folder, "traces", "prompt_id"),
            scorings=Lookup(traces.folder, "scorings", "trace_id") if signals else None,
            verdicts=Lookup(judged.folder, "verdicts", "trace_id"),
            decisions=None if cut is None else Lookup(cut.folder, "decisions", "trace_id", tuple(_DECIDED.names)),
            teachers=Lookup(traces.folder, "teachers", "id"),
        )

    def tables(self, prompts: Artifact, at_once: int) -> Iterator[pa.Table]:
        for table in prompts.stream("prompts", size=at_once):
            yield self._of(table)

    def _of(self, prompts: pa.Table) -> pa.Table:
        traces = _or(self.traces.rows(_flat(prompts["id"])), None, "traces")
        scorings = None if self.scorings is None else self.scorings.rows(_flat(traces["id"]))
        completions, teachers = self._completions(traces, scorings), self._teachers(traces, scorings)
        prompts = prompts.append_column("completions", gathered(prompts["id"], completions, "prompt_id"))
        return prompts.append_column("teachers", gathered(prompts["id"], teachers, "prompt_id")).replace_schema_metadata()

    def _completions(self, traces: pa.Table, scorings: pa.Table | None) -> pa.Table:
        ids = _flat(traces["id"])
        decided = _or(None if self.decisions is None else self.decisions.rows(ids), _DECIDED, "decisions")
        said = _or(self.verdicts.rows(ids), SCHEMAS[Verdict], "verdicts")
        traces = traces.append_column("decision", _alone(ids, decided, "trace_id"))
        traces = traces.append_column("verdicts", gathered(ids, said, "trace_id"))
        return traces if scorings is None else traces.append_column("scorings", gathered(ids, scorings, "trace_id"))

    def _teachers(self, traces: pa.Table, scorings: pa.Table | None) -> pa.Table:
        """A row for each prompt and teacher that answered it or scored an answer to it: the teacher's card."""
        pairs = [traces.select(["prompt_id", "teacher_id"])]
        if scorings is not None:
            asked = traces["prompt_id"].take(pc.index_in(scorings["trace_id"], _flat(traces["id"])))
            pairs.append(pa.table({"prompt_id": asked, "teacher_id": scorings["teacher_id"]}))
        found = pa.concat_tables(pairs).group_by(["prompt_id", "teacher_id"], use_threads=False).aggregate([])
        cards = _or(self.teachers.rows(_flat(pc.unique(found["teacher_id"]))), SCHEMAS[TeacherCard], "teachers")
        place = pc.index_in(found["teacher_id"], _flat(cards["id"]))
        known = found.filter(pc.is_valid(place))
        return cards.take(pc.drop_null(place)).append_column("prompt_id", known["prompt_id"])


def gathered(ids: pa.Array | pa.ChunkedArray, rows: pa.Table, key: str) -> pa.ListArray:
    """For each of `ids` the list of those rows whose `key` it is, in their order, without that column.

    Args:
        ids: [N] distinct texts.
        rows: rows of other keys are left out.
        key: the column of `rows` that holds one of `ids`.
    """
    place = pc.index_in(rows[key], _flat(ids))
    rows, place = rows.filter(pc.is_valid(place)), pc.drop_null(place)
    where = np.asarray(place, np.int64)
    ordered = rows.drop_columns([key]).take(pa.array(where.argsort(kind="stable"))).combine_chunks()
    ends = np.concatenate([[0], np.bincount(where, minlength=len(ids)).cumsum()]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), _struct(ordered))


def _alone(ids: pa.Array, rows: pa.Table, key: str) -> pa.StructArray:
    """For each of `ids` the first row whose `key` it is, without that column; null where there is none."""
    place = pc.index_in(ids, _flat(rows[key]))
    return _struct(rows.drop_columns([key])).take(place)


def _struct(table: pa.Table) -> pa.StructArray:
    return pa.StructArray.from_arrays([_flat(column) for column in table.columns], fields=list(table.schema))


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of a column in chunks."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) if column.num_chunks else _empty(column.type)
    return column


def _empty(kind: pa.DataType) -> pa.Array:
    return pa.array([], kind)


def _or(table: pa.Table | None, schema: pa.Schema | None, name: str) -> pa.Table:
    """The table; an empty one of `schema` where there is none.

    Raises:
        StoreError: there is none, and no schema for an empty one.
    """
    if table is not None:
        return table
    if schema is None:
        raise StoreError(f"no table {name!r}", where="generate", fix="make its stage again with --force")
    return schema.empty_table()
