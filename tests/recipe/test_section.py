from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import ValidationError

from potstill.recipe.section import Fault, Section


class Small(Section):
    INCIDENTAL: ClassVar[frozenset[str]] = frozenset({"speed"})

    size: int = 1
    speed: int = 2


def test_unknown_keys_are_refused_and_values_not_shown() -> None:
    with pytest.raises(ValidationError, match="sizes") as caught:
        Small.model_validate({"sizes": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_what_only_says_how_the_work_is_done_decides_nothing() -> None:
    assert Small(speed=9).decisive() == {"size": 1}


def test_a_fault_names_its_key() -> None:
    fault = Fault("a.b", "it cannot be")
    assert (fault.key, str(fault)) == ("a.b", "it cannot be")
