from __future__ import annotations

from potstill.registry import find, names
from potstill.signal.divergences.base import Divergence


def test_every_registered_divergence_is_one() -> None:
    assert {"forward_kl", "jsd", "reverse_kl"} <= set(names("divergence"))
    assert all(isinstance(find("divergence", name).factory(), Divergence) for name in names("divergence"))
