"""Writing a folder of data, whole or not at all, a few hundred prompts in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from potstill.attacks import only_evaluates
from potstill.errors import InputError, StoreError
from potstill.export.data.card import card
from potstill.export.data.facts import Facts
from potstill.export.data.forms import Format, check_form, rows, schema
from potstill.export.data.publishing import published, teachers
from potstill.store import Run, nested
from potstill.store.atomic import store_errors, whole_folder, write_text
from potstill.store.joining import Lookup
from potstill.store.tables import encoding
from potstill.store.tables import write as write_table
from potstill.types import Message, Part, Prompt

GROUP = 4096
"""Rows a row group."""
JSONL, PARQUET = "train.jsonl", "data/train.parquet"
TOKENS, SCORINGS, TEACHERS = "signals/tokens.parquet", "signals/scorings.parquet", "signals/teachers.parquet"


def export_data(
    run: Run, folder: Path, *, form: Format = "prompt-completion", part: Part | Literal["all"] = "keep", signals: bool = False
) -> Facts:
    """Write a run's traces for other trainers: `train.jsonl`, `data/train.parquet` and `README.md`, the card.

    `datasets.load_dataset(FOLDER)` reads the folder. The same run gives the same bytes. Traces of requests for hazards that only evaluate
    are in no export.

    Args:
        run: its current artifacts up to `filter` are read.
        folder: where the data goes; it must not hold files yet.
        form: see `FORMATS`.
        part: the traces that were kept, or those of another part.
        signals: write what the teachers expected at each token too, in `signals/`; in the nested form it stands in the records.

    Returns:
        what was written, counted.

    Raises:
        CapabilityError: a teacher's terms forbid it.
        StoreError: the run has not been filtered, or the folder holds files or cannot be written.
        InputError: no trace is of that part, or the form cannot hold them.
    """
    with store_errors(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise StoreError("there is something here already", where=str(folder), fix="choose another --out, or move it away")
    facts = Facts.of(run, form, part)
    facts.check_terms()
    with whole_folder(folder) as temporary:
        _write(run, temporary, facts, form, part, signals)
        if not facts.rows:
            what = f"no trace is of the part {part!r}" if part != "all" else "there are no traces that may be exported"
            raise InputError(what, where=str(run.folder), fix="see what the filters say: potstill report makes a page of it")
        write_text(temporary / "README.md", card(facts, signals=signals))
    return facts


def _write(run: Run, folder: Path, facts: Facts, form: Format, part: str, signals: bool) -> None:
    beside = _Signals(folder, facts) if signals and form != "nested" else None
    conversation: bool | None = None
    with _Files(folder / JSONL, folder / PARQUET) as files:
        for table in nested(run, signals=signals and form == "nested"):
            records = list(_chosen(table.to_pylist(), facts, part))
            if not records:
                continue
            if form == "nested":
                files.write(pa.Table.from_pylist(records, schema=table.schema))
            else:
                if conversation is None:
                    conversation = bool(records[0]["messages"])
                    check_form(form, conversation=conversation, scored=facts.scored)
                flat = list(rows(form, records, conversation=conversation, scored=facts.scored))
                files.write(pa.Table.from_pylist(flat, schema=schema(form, conversation=conversation)))
            if beside is not None:
                beside.write(records)
    if beside is not None:
        beside.close()


def _chosen(records: Sequence[dict[str, Any]], facts: Facts, part: str) -> Iterator[dict[str, Any]]:
    """The records as they are published, with the completions of that part alone; all are counted.

    Those without such completions and those that only evaluate are left out.
    """
    for record in records:
        facts.generated(record["completions"])
        if only_evaluates(_prompt(record)):
            facts.withheld += len(record["completions"])
            continue
        of_part = [one for one in record["completions"] if part in ("all", (one["decision"] or {}).get("part"))]
        if of_part:
            chosen = published({**record, "completions": of_part}, facts)
            facts.exported(chosen)
            yield chosen


def _prompt(record: Mapping[str, Any]) -> Prompt:
    messages = tuple(Message(**message) for message in record["messages"])
    return Prompt(messages, **{name: record[name] for name in ("intent", "family", "half", "wrapper")})


class _Files:
    """The same rows as JSONL and as Parquet."""

    def __init__(self, lines: Path, table: Path) -> None:
        self.lines, self.table = lines.open("wb"), _Parquet(table)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.lines.close()
        self.table.close()

    def write(self, table: pa.Table) -> None:
        self.table.write(table)
        for row in table.to_pylist():
            self.lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


class _Parquet:
    """A Parquet file that is written a row group at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= GROUP:
            self._flush()

    def _flush(self) -> None:
        joined = pa.concat_tables(self._waiting).combine_chunks()
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.path, joined.schema, **encoding(joined.schema))
        self._writer.write_table(joined)
        self._waiting = [joined.schema.empty_table()]

    def close(self) -> None:
        if self._waiting:
            self._flush()
        if self._writer is not None:
            self._writer.close()


class _Signals:
    """The tokens of the exported traces, and what was expected at each of them."""

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.scorings = Lookup(facts.artifacts["generate"].folder, "scorings", "trace_id")
        self.tokens, self.found = _Parquet(folder / TOKENS), _Parquet(folder / SCORINGS)
        self.tokens.path.parent.mkdir()
        write_table(folder / TEACHERS, teachers(facts))

    def write(self, records: list[dict[str, Any]]) -> None:
        names = ("id", "teacher_id", "token_ids", "token_ends")
        traces = [{name: one[name] for name in names} for record in records for one in record["completions"]]
        kinds = [pa.string(), pa.string(), pa.list_(pa.int32()), pa.list_(pa.int32())]
        table = pa.Table.from_pylist(traces, schema=pa.schema(list(zip(names, kinds, strict=True))))
        self.tokens.write(table.rename_columns(["trace_id", *names[1:]]))
        scored = self.scorings.rows(table["id"].combine_chunks())
        if scored is not None:
            self.found.write(scored)

    def close(self) -> None:
        self.tokens.close()
        self.found.close()
