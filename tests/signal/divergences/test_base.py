from __future__ import annotations

import pytest

from potstill.registry import find, names
from potstill.signal.divergences.base import Divergence, check_pair, check_share


def test_every_registered_divergence_is_one() -> None:
    assert {"forward_kl", "jsd", "reverse_kl"} <= set(names("divergence"))
    assert all(isinstance(find("divergence", name).factory(), Divergence) for name in names("divergence"))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0])
def test_a_share_of_nothing_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="x must lie strictly between 0 and 1, not .*: use a or b for the ends"):
        check_share("x", share, "a", "b")


@pytest.mark.parametrize(("alpha", "beta"), [(-0.1, 1.0), (1.0, -0.1), (0.0, 0.0)])
def test_a_pair_that_makes_no_divergence_is_refused(alpha: float, beta: float) -> None:
    with pytest.raises(ValueError, match="alpha and beta must not be negative, nor both 0; they are"):
        check_pair(alpha, beta)
