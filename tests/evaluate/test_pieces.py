from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from potstill.evaluate.pieces import Pieces
from potstill.store import Quiet


def squares(numbers: Sequence[int]) -> pa.Table:
    return pa.table({"square": pa.array([n * n for n in numbers], pa.int64())})


def test_pieces_are_put_together_in_order(tmp_path: Path) -> None:
    assert Pieces(tmp_path, 2, Quiet()).table("squares", [1, 2, 3], squares)["square"].to_pylist() == [1, 4, 9]
    assert len(list(tmp_path.glob("squares-*.parquet"))) == 2


def test_an_interrupted_run_goes_on_after_the_last_whole_piece(tmp_path: Path) -> None:
    asked: list[int] = []

    def failing(numbers: Sequence[int]) -> pa.Table:
        if 3 in numbers and not asked.count(3):
            asked.extend(numbers)
            raise KeyboardInterrupt
        asked.extend(numbers)
        return squares(numbers)

    pieces = Pieces(tmp_path, 2, Quiet())
    with pytest.raises(KeyboardInterrupt):
        pieces.table("squares", [1, 2, 3, 4, 5], failing)
    assert pieces.table("squares", [1, 2, 3, 4, 5], failing)["square"].to_pylist() == [1, 4, 9, 16, 25]
    assert asked == [1, 2, 3, 4, 3, 4, 5]


def test_no_items_make_an_empty_table(tmp_path: Path) -> None:
    table = Pieces(tmp_path, 2, Quiet()).table("squares", [], squares)
    assert (table.num_rows, table.column_names) == (0, ["square"])
