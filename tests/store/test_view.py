import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.errors import StoreError
from potstill.recipe import parse
from potstill.store import Quiet, Run
from potstill.store.view import gathered, nested
from tests.store.records import CARDS, PROMPTS, RECIPE, made

READ = ("prompts/*/prompts.parquet", "generate/*/*-00001.parquet", "generate/*/teachers.parquet", "filter/*/*.parquet")
"""Files that a nested record is put together from."""


def again(run: Run) -> Run:
    """The run as another process opens it, which has verified nothing yet."""
    return Run.open(parse(RECIPE), out=run.folder, log=Quiet())


def records(run: Run) -> list[dict]:
    return pa.concat_tables(nested(run)).to_pylist()


def found_files(run: Run) -> list[Path]:
    files = [path for pattern in READ for path in run.folder.glob(pattern)]
    assert len(files) == 6
    return files


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


@pytest.mark.parametrize("at_once", [1, 2, 256])
def test_every_prompt_holds_all_that_was_made_of_it(at_once: int, tmp_path: Path) -> None:
    found = pa.concat_tables(nested(made(tmp_path / "run", parts={1: "noise"}), at_once=at_once)).to_pylist()
    assert [record["id"] for record in found] == [prompt.id for prompt in PROMPTS]
    assert [len(record["completions"]) for record in found] == [2, 2, 2, 0, 2]
    one = found[1]["completions"][0]
    assert (one["text"], one["token_ids"], one["usage"]["completion_tokens"]) == ("1 by hf:one", [7, 1], 1)
    assert one["decision"] == {"part": "noise", "because": ["b: because"]}
    assert [(verdict["by"], verdict["part"]) for verdict in one["verdicts"]] == [("a", "keep"), ("b", "noise")]
    assert [(scoring["teacher_id"], len(scoring["log_p"])) for scoring in one["scorings"]] == [(CARDS[0].id, 2)]
    assert sorted(card["name"] for card in found[1]["teachers"]) == ["hf:one", "hf:two"]
    assert found[3]["teachers"] == []


def test_what_has_not_been_done_is_empty(tmp_path: Path) -> None:
    record = next(nested(made(tmp_path / "run", judged=False), signals=False)).to_pylist()[0]
    assert record["completions"][0]["decision"] is None
    assert record["completions"][0]["verdicts"] == []
    assert "scorings" not in record["completions"][0]


def test_nothing_generated_yet(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    (run.folder / "current.json").unlink()
    with pytest.raises(StoreError, match="nothing made by the stage 'generate' yet"):
        next(nested(run))


def test_another_current_artifact_is_not_joined(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    place = run.artifact("generate").folder / "manifest.json"
    place.write_text(place.read_text().replace(run.artifact("prompts").content, "0" * 64))
    with pytest.raises(StoreError, match="made of something else than what is current"):
        next(nested(run))


def test_a_flipped_bit_anywhere_is_found(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    whole, random_bits = records(again(run)), random.Random(0)
    for path in found_files(run):
        for bit in random_bits.sample(range(8 * path.stat().st_size), 10):
            flip(path, bit)
            with pytest.raises(StoreError, match="a damaged file: its hash is not the manifest's"):
                records(again(run))
            flip(path, bit)
    assert records(again(run)) == whole


def test_a_bit_flipped_in_a_page_after_the_files_were_verified_changes_no_record(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    whole, random_bits, told = records(run), random.Random(0), 0
    for path in found_files(run):
        pages = path.stat().st_size - 8 - pq.read_metadata(path).serialized_size
        for bit in random_bits.sample(range(8 * pages), 10):
            flip(path, bit)
            try:
                assert records(run) == whole, f"bit {bit} of {path.name}"
            except StoreError as error:
                told += "a damaged table" in str(error)
            flip(path, bit)
    assert told > 30


def test_a_shard_that_is_gone_is_missed(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    for path in found_files(run):
        path.rename(path.with_suffix(".gone"))
        with pytest.raises(StoreError, match=rf"{path.name}: a file of the artifact is missing; make its stage again with --force"):
            records(again(run))
        path.with_suffix(".gone").rename(path)


@pytest.mark.parametrize("verified", [True, False])
def test_a_file_that_was_cut_short_is_named(verified: bool, tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    for path in found_files(run):
        data = path.read_bytes()
        for size in (0, 3, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:size])
            with pytest.raises(StoreError, match=rf"{path.name}: a damaged (table|file).*; make its stage again with --force"):
                records(run if verified else again(run))
        path.write_bytes(data)


@pytest.mark.parametrize("keys", [["a", "b", "a"], ["c"], []])
def test_gathering_is_by_hand(keys: Sequence[str]) -> None:
    rows = pa.table({"key": pa.array(keys, pa.string()), "n": pa.array(range(len(keys)), pa.int64())})
    expected = [[{"n": i} for i, key in enumerate(keys) if key == wanted] for wanted in ("b", "a")]
    assert gathered(pa.array(["b", "a"]), rows, "key").to_pylist() == expected
