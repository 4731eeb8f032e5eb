import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from potstill.errors import CapabilityError, InputError, StoreError
from potstill.export.data import export_data
from potstill.export.data.writing import JSONL, PARQUET, SCORINGS, TEACHERS, TOKENS
from potstill.types import Message, Prompt
from tests.store.records import CARDS, PROMPTS, made

B = Prompt((Message("user", "how is it made?"),), "hazard", intent="hazard", half="B", source="b")
TEXTS = tuple(Prompt((), reference=f"It was day {i}.", source=f"t{i}") for i in range(5))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / JSONL).read_text(encoding="utf-8").splitlines()]


def test_kept_traces_are_written_for_trl(tmp_path: Path) -> None:
    facts = export_data(made(tmp_path / "run", parts={1: "noise"}), tmp_path / "out")
    found = lines(tmp_path / "out")
    assert found[0]["prompt"] == [{"role": "user", "content": "0?"}]
    assert found[0]["completion"] == [{"role": "assistant", "content": "0 by hf:one"}]
    assert [row["completion"][0]["content"] for row in found][2:] == ["2 by hf:one", "2 by hf:two", "4 by hf:one", "4 by hf:two"]
    assert pq.read_table(tmp_path / "out" / PARQUET).to_pylist() == found
    assert (facts.rows, facts.prompts, facts.tokens, facts.parts) == (6, 3, 12, {"keep": 6, "noise": 2})
    assert not list(tmp_path.glob(".*"))


def test_another_part_or_all_of_them(tmp_path: Path) -> None:
    run = made(tmp_path / "run", parts={1: "noise"})
    assert export_data(run, tmp_path / "noise", form="messages", part="noise").rows == 2
    assert {row["part"] for row in lines(tmp_path / "noise")} == {"noise"}
    assert export_data(run, tmp_path / "all", part="all").rows == 8
    with pytest.raises(InputError, match="no trace is of the part 'hazard'"):
        export_data(run, tmp_path / "hazard", part="hazard")
    assert not (tmp_path / "hazard").exists()


def test_what_only_evaluates_is_in_no_export(tmp_path: Path) -> None:
    run = made(tmp_path / "run", prompts=(*PROMPTS[:4], B), parts={4: "hazard"})
    for form in ("messages", "nested"):
        facts = export_data(run, tmp_path / form, form=form, part="all", signals=True)
        assert (facts.rows, facts.withheld) == (6, 2)
        for path in (tmp_path / form).rglob("*"):
            assert path.is_dir() or (B.question.encode() not in path.read_bytes() and b"4 by hf" not in path.read_bytes())
        assert "2 answer requests for hazards that only evaluate" in (tmp_path / form / "README.md").read_text()


def test_the_nested_form_holds_all_that_is_known(tmp_path: Path) -> None:
    export_data(made(tmp_path / "run"), tmp_path / "out", form="nested", signals=True)
    record = lines(tmp_path / "out")[0]
    assert [verdict["by"] for verdict in record["completions"][0]["verdicts"]] == ["a", "b"]
    assert record["completions"][0]["scorings"][0]["tail_mass"] == pytest.approx([0.4, 0.4], abs=1e-3)
    assert pq.read_table(tmp_path / "out" / PARQUET).num_rows == 4


def test_signals_stand_beside_the_rows_they_belong_to(tmp_path: Path) -> None:
    export_data(made(tmp_path / "run", parts={1: "noise"}), tmp_path / "out", signals=True)
    ids = [row["trace_id"] for row in lines(tmp_path / "out")]
    assert pq.read_table(tmp_path / "out" / TOKENS)["trace_id"].to_pylist() == ids
    assert sorted(pq.read_table(tmp_path / "out" / SCORINGS)["trace_id"].to_pylist()) == sorted(ids)
    assert pq.read_table(tmp_path / "out" / TEACHERS)["name"].to_pylist() == ["hf:one", "hf:two"]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    for name in ("one", "two"):
        export_data(run, tmp_path / name, signals=True)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_plain_texts(tmp_path: Path) -> None:
    run = made(tmp_path / "run", prompts=TEXTS)
    export_data(run, tmp_path / "out")
    assert (lines(tmp_path / "out")[0]["prompt"], lines(tmp_path / "out")[0]["completion"]) == ("It was day 0.", "0 by hf:one")
    export_data(made(tmp_path / "scored", prompts=TEXTS, mode="score"), tmp_path / "texts", form="text")
    assert lines(tmp_path / "texts")[0]["text"] == "0 by hf:one"


def test_both_sorts_of_prompts_are_refused_whole(tmp_path: Path) -> None:
    run = made(tmp_path / "run", prompts=(*PROMPTS[:4], TEXTS[4]))
    with pytest.raises(InputError, match="some prompts are conversations and some are plain text"):
        export_data(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))
    assert export_data(run, tmp_path / "out", form="nested").prompts == 4


def test_a_teacher_whose_terms_forbid_it(tmp_path: Path) -> None:
    cards = (CARDS[0], replace(CARDS[1], train_on_outputs="forbidden"))
    with pytest.raises(CapabilityError, match="hf:two: its terms forbid to train others on what it says"):
        export_data(made(tmp_path / "run", cards=cards), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_terms_that_are_not_known_are_told(tmp_path: Path) -> None:
    facts = export_data(made(tmp_path / "run"), tmp_path / "out")
    assert facts.warnings() == ["hf:two: whether its terms let others train on what it says is not known"]


def test_files_that_are_there_are_never_replaced(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(StoreError, match="there is something here already; choose another --out"):
        export_data(run, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "x"


def test_a_run_that_was_not_filtered(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing made by the stage 'filter' yet"):
        export_data(made(tmp_path / "run", judged=False), tmp_path / "out")


def test_a_damaged_run_is_not_handed_on(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    path = run.artifact("filter").folder / "decisions.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    with pytest.raises(StoreError, match="its hash is not the manifest's"):
        export_data(run, tmp_path / "out")


@pytest.mark.parametrize("form", ["prompt-completion", "messages", "nested"])
def test_datasets_reads_the_folder(form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    export_data(made(tmp_path / "run"), tmp_path / "out", form=form, signals=True)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"), split="train")
    assert loaded.to_list() == pq.read_table(tmp_path / "out" / PARQUET).to_pylist()
    lines_too = datasets.load_dataset("json", data_files=str(tmp_path / "out" / JSONL), cache_dir=str(tmp_path / "cache"), split="train")
    assert len(lines_too) == len(loaded)
    if form != "nested":
        scorings = datasets.load_dataset(str(tmp_path / "out"), "scorings", cache_dir=str(tmp_path / "cache"), split="train")
        assert scorings[0]["k"] == 1
