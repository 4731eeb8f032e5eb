"""The checker of annotations that runs in tests: beartype, but for the hints that it refuses (`typing.Self` on a function by itself)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintException

CONFIGURATION = BeartypeConf(is_pep484_tower=True)
"""An integer may stand where a float is asked for."""


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with its arguments and its result checked against the annotations."""
    try:
        return beartype(conf=CONFIGURATION)(function)
    except BeartypeDecorHintException:
        return function
