from __future__ import annotations

from pathlib import Path

import pytest

from potstill.store import Quiet
from potstill.teach import CLASSIFIERS, CURRICULA, PLANS, plans, raise_model


def test_all_are_raised_after_what_they_start_from() -> None:
    order = list(PLANS)
    assert order == [*CURRICULA, *CLASSIFIERS]
    assert all(order.index(plan.start) < order.index(name) for name, plan in PLANS.items() if plan.start is not None)


def test_each_is_raised_by_its_own_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[str] = []
    for kind in ("teach", "teach_classifier"):
        monkeypatch.setattr(plans, kind, lambda name, *a, kind=kind, **k: called.append(f"{kind} {name}") or {})
    for name in ("base", "reward"):
        raise_model(name, tmp_path, Quiet())
    assert called == ["teach base", "teach_classifier reward"]
