from __future__ import annotations

import pytest

from potstill.recipe import LossSection
from potstill.registry import find, names
from potstill.train.losses.base import Loss


@pytest.mark.parametrize("name", names("loss"))
def test_every_registered_loss_is_one_and_says_what_it_needs(name: str) -> None:
    info = find("loss", name)
    assert isinstance(info.factory(LossSection(kind=name)), Loss)
    assert info.needs
    assert info.summary
