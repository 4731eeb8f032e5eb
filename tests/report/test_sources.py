from pathlib import Path

import pyarrow as pa
import pytest

from potstill.errors import StoreError
from potstill.report.sources import Material, collect, columns, counts
from potstill.store import Artifact
from potstill.types import Prompt
from tests.report.fake_run import TEXTS, make


def test_a_whole_run_lacks_nothing(material: Material) -> None:
    assert list(material.artifacts) == ["prompts", "generate", "filter", "train", "evaluate", "export"]
    assert material.missing == ()
    assert material.missed == ()
    assert material.limits == {"retention": 0.95, "hazard_leak/half:B": 0.02, "over_refusal": 0.05}


def test_findings_of_evaluation_export_and_timings_are_read(material: Material) -> None:
    assert material.findings.value("accuracy") is not None
    assert material.findings.value("bytes", "int8", "weights") == 151_200
    assert material.findings.value("speed_ratio", "int8", "batch 1") == 2.2


def test_a_run_that_stopped_has_what_was_done(partial: dict[str, Material], empty: Material) -> None:
    assert partial["filter"].missing == ("train", "evaluate", "export")
    assert partial["filter"].missed is None
    assert partial["filter"].limits["retention"] == 0.95
    assert partial["filter"].summary("generate", "traces") == 32
    assert partial["filter"].summary("train", "steps") is None
    assert len(empty.missing) == 6


def test_a_checkpoint_is_chosen_on_text_where_it_is_the_best_on_texts_of_the_evaluation(
    chosen_on_text: Material, plain_text: Material, partial: dict[str, Material], tmp_path: Path
) -> None:
    assert chosen_on_text.chosen_on_text
    assert not plain_text.chosen_on_text
    assert not partial["prompts"].chosen_on_text
    last = make(tmp_path / "last", text=True, validation=TEXTS)
    assert not collect(last.recipe, last.artifacts()).chosen_on_text
    others = make(tmp_path / "others", text=True, recipe=chosen_on_text.recipe, validation=[Prompt((), reference="Another text.")])
    assert not collect(others.recipe, others.artifacts()).chosen_on_text


def test_some_columns_of_some_rows_are_read_from_all_shards(material: Material) -> None:
    traces = material.artifacts["generate"]
    everything = columns(traces, "traces", ["id", "text"])
    assert everything.column_names == ["id", "text"]
    assert len(everything) == traces.count("traces") == 32
    chosen = {everything["id"][0].as_py(), everything["id"][31].as_py()}
    assert set(columns(traces, "traces", ["text", "id"], chosen)["id"].to_pylist()) == chosen


def test_rows_are_counted_by_several_columns() -> None:
    table = pa.table({"a": ["x", "y", "x", None], "b": [1, 1, 1, 2]})
    assert counts(table, ["a", "b"]) == {(None, 2): 1, ("x", 1): 2, ("y", 1): 1}


def test_what_is_missing_or_damaged_is_said(tmp_path: Path) -> None:
    run = make(tmp_path)
    evaluate, generate = run.artifact("evaluate"), run.artifact("generate")
    with pytest.raises(StoreError, match="no table 'nothing'"):
        columns(generate, "nothing", ["id"])
    with pytest.raises(StoreError, match="a damaged table"):
        columns(evaluate, "answers", ["nothing"])
    (generate.folder / "traces-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="a damaged table; make its stage again"):
        columns(generate, "traces", ["id"])
    (evaluate.folder / "scorecard.json").write_text('{"lost": []}')
    with pytest.raises(StoreError, match="a damaged scorecard"):
        collect(run.recipe, {"evaluate": Artifact.read(evaluate.folder)})
