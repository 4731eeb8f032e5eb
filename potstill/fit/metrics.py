"""The metrics table: a row a step, kept in memory and written whole with each checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from potstill.store.atomic import whole_file


class Metrics:
    """A row a step: `step`, `tokens`, `loss`, `learning_rate`, `grad_norm`, one column a term, `validation_loss` where there was one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        """One more step."""
        self.rows.append(row)

    def write(self) -> None:
        """The table on the disk, whole or not at all."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        table = pa.table({name: [row.get(name) for row in self.rows] for name in names})
        with whole_file(self.path) as path:
            pq.write_table(table, path, compression="zstd")

    def read(self, until: int) -> None:
        """What was written up to a step."""
        self.rows = [
            {k: v for k, v in row.items() if v is not None} for row in pq.read_table(self.path).to_pylist() if row["step"] <= until
        ]
