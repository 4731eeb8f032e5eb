from __future__ import annotations

from potstill.attacks import attack, open_attack
from tests.attacks.families.small import REQUEST


def test_the_request_is_the_same_under_another_label():
    (made,) = attack(open_attack("direct"), REQUEST, 1)
    assert made.id == REQUEST.id
    assert (made.wrapper, made.reference, made.half) == ("direct", REQUEST.reference, "A")
