"""A probe that cannot ask does not guess."""

from __future__ import annotations

import math

import pytest

from potstill.doctor.patient import Patient
from potstill.doctor.probe import Told, numbers_agree, probe
from potstill.errors import ModelError
from tests.doctor.teachers import patient


@probe("weather", "top_k", signal=True)
def weather(patient: Patient) -> Told:
    """Whether it is fine."""
    if patient.top_k == 3:
        raise ModelError("no line", where="x", fix="wait")
    return Told("ok", "fine")


def test_a_probe_tells_what_it_found() -> None:
    result = weather.of(patient())
    assert (result.name, result.outcome, result.seen, result.signal) == ("weather", "ok", "fine", True)
    assert weather.needs == {"top_k"}


def test_an_error_is_unknown_and_never_ok() -> None:
    result = weather.of(patient(top_k=3))
    assert (result.outcome, result.seen, result.advice) == ("unknown", "it could not be asked: no line", "wait")


@pytest.mark.parametrize(
    ("difference", "outcome"), [(0.0, "ok"), (0.02, "ok"), (0.1, "warning"), (0.3, "refused"), (math.inf, "refused"), (math.nan, "refused")]
)
def test_a_difference_is_rounding_or_garbage(difference: float, outcome: str) -> None:
    assert numbers_agree(difference, 0.02, 0.25) == outcome
