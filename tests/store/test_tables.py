from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potstill.errors import InputError, StoreError
from potstill.store import tables
from potstill.store.tables import SCHEMAS, from_rows, rows
from potstill.types import Finding, Message, Prompt, Segment, TeacherCard, Trace, Usage, Verdict

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBER = st.none() | st.floats(allow_nan=False)
COUNT = st.integers(0, 2**31 - 1)
MESSAGE = st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=TEXT)
PROMPT = st.builds(
    Prompt,
    messages=st.lists(MESSAGE, max_size=3).map(tuple),
    domain=TEXT,
    skill=TEXT,
    reference=st.none() | TEXT,
    rationale=st.none() | TEXT,
    grader=st.none() | TEXT,
    intent=st.sampled_from(["benign", "hazard", "twin", "ambiguous"]),
    family=st.none() | TEXT,
    half=st.sampled_from([None, "A", "B"]),
    risk=st.none() | st.floats(0, 1),
    wrapper=st.none() | TEXT,
    source=TEXT,
    licence=TEXT,
)
SEGMENT = st.builds(Segment, kind=st.sampled_from(["reasoning", "answer", "refusal", "other"]), start=COUNT, end=COUNT)
USAGE = st.builds(Usage, prompt_tokens=st.none() | COUNT, completion_tokens=COUNT, cost_microusd=st.none() | st.integers(0, 2**40))
TRACE = st.builds(
    Trace,
    prompt_id=TEXT,
    teacher=TEXT,
    sample=COUNT,
    text=TEXT,
    segments=st.lists(SEGMENT, max_size=3).map(tuple),
    token_ids=st.lists(COUNT, max_size=4).map(tuple),
    finish_reason=st.sampled_from(["stop", "length", "content_filter", "error"]),
    token_ends=st.lists(COUNT, max_size=4).map(tuple),
    teacher_id=TEXT,
    context=TEXT,
    sampling=TEXT,
    reasoning_field=TEXT,
    usage=st.none()
    | st.builds(Usage, prompt_tokens=st.none() | COUNT, completion_tokens=COUNT, cost_microusd=st.none() | st.integers(0, 2**40)),
    request=TEXT,
    response=TEXT,
)
TEACHER = st.builds(
    TeacherCard, name=TEXT, revision=TEXT, licence=TEXT, train_on_outputs=st.sampled_from(["allowed", "unknown"]), facts=TEXT
)
VERDICT = st.builds(
    Verdict, trace_id=TEXT, part=st.sampled_from(["keep", "hazard", "noise"]), by=TEXT, why=TEXT, score=NUMBER, evidence=TEXT, version=TEXT
)
FINDING = st.builds(
    Finding,
    suite=TEXT,
    name=TEXT,
    subject=TEXT,
    group=TEXT,
    value=NUMBER,
    low=NUMBER,
    high=NUMBER,
    n=COUNT,
    unjudged=COUNT,
    unit=TEXT,
    by=TEXT,
)
KINDS = [(Prompt, PROMPT), (Trace, TRACE), (TeacherCard, TEACHER), (Verdict, VERDICT), (Finding, FINDING)]


@pytest.mark.parametrize(("kind", "strategy"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_rows_come_back_as_they_went(kind: type, strategy: st.SearchStrategy[object], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("tables") / "a.parquet"

    @settings(max_examples=25, deadline=None)
    @given(st.lists(strategy, max_size=4))
    def there_and_back(given_rows: list[object]) -> None:
        tables.write(path, from_rows(given_rows, kind))
        table = tables.read(path)
        assert table.schema == SCHEMAS[kind]
        assert list(rows(table, kind)) == given_rows
        if "id" in table.column_names:
            assert table["id"].to_pylist() == [row.id for row in given_rows]

    there_and_back()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_columns_follow_the_vocabulary(kind: type) -> None:
    names = SCHEMAS[kind].names
    assert [name for name in names if name != "id"] == [field.name for field in fields(kind)]


def test_further_columns_are_passed_over() -> None:
    trace = Trace("p", "t", 0, "two", token_ids=(5, 6))
    table = from_rows([trace], Trace).append_column("weight", pa.array([0.5]))
    assert list(rows(table, Trace)) == [trace]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    prompts = [Prompt((Message("user", f"{i}"),)) for i in range(300)]
    whole = from_rows(prompts, Prompt)
    tables.write(tmp_path / "a.parquet", whole)
    tables.write(tmp_path / "b.parquet", pa.concat_tables([whole.slice(0, 7), whole.slice(7)]))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(InputError, match="t: a text is not valid Unicode"):
        from_rows([Verdict("t", "keep", "by", "\ud800")], Verdict)
    prompts = [Prompt((Message("user", text),), source=f"x.jsonl:{i}") for i, text in enumerate(["a", "b\ud800", "c"], start=1)]
    with pytest.raises(InputError, match=r"x\.jsonl:2: a text is not valid Unicode: '\\ud800'"):
        from_rows(prompts, Prompt)


def test_shards_are_put_together_in_order(tmp_path: Path) -> None:
    for shard in (10, 2, 0):
        tables.write(tmp_path / tables.file_name("traces", shard), pa.table({"x": [shard]}))
    tables.write(tmp_path / "traces-notes.parquet", pa.table({"x": [99]}))
    tables.write(tmp_path / "other.parquet", pa.table({"x": [99]}))
    assert tables.read_all(tmp_path, "traces")["x"].to_pylist() == [0, 2, 10]
    assert tables.file_name("traces", 3) == "traces-00003.parquet"


def test_a_missing_table_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    tables.write(tmp_path / "verdicts.parquet", pa.table({"x": [1]}))
    with pytest.raises(StoreError, match=r"no table 'traces'; it holds verdicts\.parquet"):
        tables.read_all(tmp_path, "traces")
    with pytest.raises(StoreError, match=r"a\.parquet: no such table"):
        tables.read(tmp_path / "a.parquet")


@pytest.mark.parametrize("damage", [lambda data: data[:40], lambda data: b"", lambda data: data[:-8] + b"xxxxxxxx"])
def test_a_damaged_table_is_named(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "a.parquet"
    tables.write(path, pa.table({"x": list(range(100))}))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=r"a\.parquet: a damaged table; make its stage again with --force"):
        tables.read(path)


def test_some_columns_of_some_rows_are_read_in_their_order(tmp_path: Path) -> None:
    tables.write(tmp_path / "x.parquet", pa.table({"n": [1, 2, 3], "m": ["a", "b", "a"], "o": [0, 0, 0]}))
    assert tables.read(tmp_path / "x.parquet", ["m", "n"], pc.field("m") == "a").to_pydict() == {"m": ["a", "a"], "n": [1, 3]}
    assert tables.read_all(tmp_path, "x", ["o"]).column_names == ["o"]
    with pytest.raises(StoreError, match=r"x\.parquet: a damaged table"):
        tables.read_all(tmp_path, "x", ["p"])


@pytest.mark.parametrize("chosen", [None, pc.field("n") >= 0])
def test_a_flipped_bit_in_a_page_is_found(chosen: pc.Expression | None, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    tables.write(path, pa.table({"n": list(range(1000))}))
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"x\.parquet: a damaged table"):
        tables.read(path, ["n"], chosen)
    with pytest.raises(StoreError, match=r"x\.parquet: a damaged table; mend it"), tables.open_table(path, "mend it") as file:
        file.read_row_group(0)


def test_a_table_is_streamed_in_pieces_of_one_size_whatever_its_shards(tmp_path: Path) -> None:
    for shard, numbers in enumerate((range(3), range(3, 10), range(10, 11))):
        tables.write(tmp_path / tables.file_name("x", shard), pa.table({"n": list(numbers), "m": ["a"] * len(numbers)}))
    pieces = [piece["n"].to_pylist() for piece in tables.stream(tmp_path, "x", ["n"], size=4)]
    assert pieces == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert [piece.column_names for piece in tables.stream(tmp_path, "x")] == [["n", "m"]]
    assert tables.count(tmp_path, "x") == 11


def test_what_cannot_be_streamed_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no table 'x'; it holds no tables"):
        next(tables.stream(tmp_path, "x"))
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"x\.parquet: a damaged table"):
        next(tables.stream(tmp_path, "x"))
    with pytest.raises(StoreError, match=r"x\.parquet: a damaged table"):
        tables.count(tmp_path, "x")


def test_a_table_without_rows_is_streamed_as_nothing(tmp_path: Path) -> None:
    tables.write(tmp_path / "x.parquet", pa.table({"n": pa.array([], pa.int32())}))
    assert list(tables.stream(tmp_path, "x")) == []


def test_columns_split_by_bytes_take_less_room_and_come_back_the_same(tmp_path: Path) -> None:
    values = pa.array([np.arange(5000, dtype=np.int32) * 3 for _ in range(4)], pa.list_(pa.int32()))
    plain = pa.table({"name": ["a", "b", "c", "d"], "values": values})
    split = plain.cast(tables.split_bytes(plain.schema, ["values"]))
    for name, table in (("plain", plain), ("split", split)):
        tables.write(tmp_path / name, table)
        assert tables.read(tmp_path / name).equals(plain)
    column = pq.read_metadata(tmp_path / "split").row_group(0).column(1)
    assert "BYTE_STREAM_SPLIT" in column.encodings
    assert (tmp_path / "split").stat().st_size < (tmp_path / "plain").stat().st_size


def test_row_groups_are_small_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "GROUP_BYTES", 4000)
    tables.write(tmp_path / "t", pa.table({"x": pa.array([[0.0] * 100] * 50, pa.list_(pa.float32()))}))
    assert pq.read_metadata(tmp_path / "t").num_row_groups > 4
