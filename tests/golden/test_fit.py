from __future__ import annotations

import json

import pytest

from tests.golden.fit import COLUMNS, KEPT, trajectory


def test_twenty_steps_go_as_they_went() -> None:
    kept, now = json.loads(KEPT.read_text()), trajectory()
    for name in COLUMNS:
        assert now[name] == pytest.approx(kept[name], rel=2e-3), (
            f"{name}: if this was meant, `python -m tests.golden.fit` keeps the new numbers"
        )
