from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from potstill.fit.metrics import Metrics


def test_a_column_missing_in_some_steps_is_null_there(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.parquet")
    metrics.add({"step": 1, "loss": 2.0})
    metrics.add({"step": 2, "loss": 1.5, "validation_loss": 3.0})
    metrics.write()
    assert pq.read_table(metrics.path).to_pylist() == [
        {"step": 1, "loss": 2.0, "validation_loss": None},
        {"step": 2, "loss": 1.5, "validation_loss": 3.0},
    ]


def test_reading_stops_at_the_step_asked_for(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "metrics.parquet")
    for step in (1, 2, 3):
        metrics.add({"step": step, "loss": 1.0 / step})
    metrics.write()
    again = Metrics(metrics.path)
    again.read(until=2)
    assert again.rows == metrics.rows[:2]
