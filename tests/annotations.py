"""The checker of annotations that runs in tests: beartype, but for the hints that it refuses (`typing.Self` on a function by itself)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beartype import beartype
from beartype.roar import BeartypeDecorHintException


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with its arguments and its result checked against the annotations."""
    try:
        return beartype(function)
    except BeartypeDecorHintException:
        return function
