"""The refusal detector on answers that people labelled: trained on one model's, tested on the other's."""

from __future__ import annotations

from typing import Any

from filter_parts.texts import DATA
from potstill.judges.refusal_training import measure as measured


def measure(quick: bool) -> dict[str, Any]:
    """Sensitivity and specificity over both models, each tested by a detector that did not see its answers, and all other figures."""
    found = measured(DATA)
    both = found["both"]
    return {"refusal_sensitivity": both["sensitivity"]["value"], "refusal_specificity": both["specificity"]["value"], **found}
