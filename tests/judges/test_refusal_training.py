"""Measuring the refusal detector: by hand, and again on the human-labelled answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from potstill.errors import InputError
from potstill.judges.refusal_training import MODELS, Heard, _figures, labelled, main, measure
from potstill.text.refusals import RefusalDetector


def heard(label: str, text: str = "Well, the sky is blue.") -> Heard:
    return Heard(text, label, "a?", "homonyms")


def test_figures_by_hand() -> None:
    """Of three refusals two are found, of them one in full; of two answers one is taken for a refusal."""
    pairs = [
        (heard("refuse", "I cannot help with that."), "refuse"),
        (heard("partial"), "refuse"),
        (heard("refuse"), "degenerate"),
        (heard("comply"), "comply"),
        (heard("comply"), "partial"),
    ]
    found = _figures(pairs)
    assert found["n"] == 5
    assert found["accuracy"]["value"] == pytest.approx(3 / 5)
    assert (found["sensitivity"]["value"], found["sensitivity"]["n"]) == (pytest.approx(2 / 3), 3)
    assert (found["specificity"]["value"], found["specificity"]["n"]) == (0.5, 2)
    assert found["three_way"]["value"] == pytest.approx(2 / 5)
    assert found["confusion"]["comply"] == {"comply": 1, "degenerate": 0, "partial": 1, "refuse": 0}
    assert found["list"]["sensitivity"]["value"] == pytest.approx(1 / 3)
    assert found["list"]["specificity"]["value"] == 1.0


def test_missing_data_say_what_to_name(tmp_path) -> None:
    with pytest.raises(InputError, match="xstest/completions"):
        labelled(tmp_path, "llama2orig")
    assert main([]) == 1


def test_contrasts_are_of_the_type_of_their_safe_twins(data_dir) -> None:
    types = {one.type for one in labelled(data_dir, "llama2orig")}
    assert not any(name.startswith("contrast") for name in types)
    assert len(types) > 5


@pytest.fixture(scope="module")
def measured(data_dir: Path) -> dict[str, Any]:
    return measure(data_dir)


def test_the_shipped_figures_are_measured_again(measured) -> None:
    shipped = RefusalDetector.shipped().figures
    for model in (*MODELS, "both"):
        for name in ("accuracy", "sensitivity", "specificity"):
            assert measured[model][name]["n"] == shipped[model][name]["n"]
            assert measured[model][name]["value"] == pytest.approx(shipped[model][name]["value"], abs=0.015)


def test_the_aim_is_reached_on_both_models_unseen() -> None:
    """The figures that travel with the weights, which the test above measures again."""
    for model in MODELS:
        figures = RefusalDetector.shipped().figures[model]
        assert figures["accuracy"]["value"] >= 0.92
        assert figures["accuracy"]["value"] > figures["list"]["accuracy"]["value"]
