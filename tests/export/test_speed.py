from __future__ import annotations

import pytest

from potstill.export import speed
from potstill.export.speed import Contender, speeds
from potstill.types import Scorecard
from tests.evaluate.setting import items, model, plain


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "TOKENS", 4)
    monkeypatch.setattr(speed, "REPEATS", 3)


def test_rates_and_ratios_by_hand(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"teacher": iter([9, 9, 10, 160, 12, 150, 8, 170]), "int8": iter([9, 9, 30, 800, 20, 640, 25, 700])}
    contenders = {name: Contender.of(model(0), [plain("Ann has 3 apples.")]) for name in given}
    places = {id(contender): name for name, contender in contenders.items()}
    monkeypatch.setattr(Contender, "rate", lambda self, batch: float(next(given[places[id(self)]])))
    card = Scorecard(tuple(speeds(contenders)))
    finding = card.find("tokens_per_second", "teacher", "batch 1")
    assert (finding.value, finding.low, finding.high, finding.n) == (10.0, 8.0, 12.0, 3)  # the first round warms up
    assert card.find("speed_ratio", "int8", "batch 16").value == 700 / 160
    assert card.find("cost_ratio", "int8", "batch 1").value == pytest.approx(10 / 25)
    assert card.find("speed_ratio", "teacher", "batch 1") is None


def test_cost_is_of_text_and_not_of_tokens(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contender, "rate", lambda self, batch: 10.0)
    coarse = Contender.of(model(0), [plain("Ann has 3 apples.")])
    fine = Contender(coarse.head, coarse.prompts, coarse.context, coarse.bytes_a_token / 2)
    card = Scorecard(tuple(speeds({"teacher": coarse, "safetensors": fine})))
    assert card.find("speed_ratio", "safetensors", "batch 1").value == 1.0
    assert card.find("cost_ratio", "safetensors", "batch 1").value == pytest.approx(2.0)


def test_a_contender_decodes_its_tokens(quick: None) -> None:
    prompts = [*items("carry_addition", n=2), plain("Ann has 3 apples. " * 20)]
    contender = Contender.of(model(0), prompts)
    assert len(contender.prompts) == 16
    assert contender.prompts[0] == contender.prompts[3]
    assert len(contender.prompts[2]) == speed.PREFIX
    text = sum(len((p.question or p.reference).encode()) for p in prompts)
    assert 1.0 < contender.bytes_a_token < text
    assert contender.rate(1) > 0


def test_without_prompts_there_is_nothing_to_time() -> None:
    assert Contender.of(model(0), []) is None
    assert speeds({}) == []
