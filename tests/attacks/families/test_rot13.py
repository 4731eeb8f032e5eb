from __future__ import annotations

from potstill.attacks.families.rot13 import Rot13
from tests.attacks.families.small import texts


def test_the_code():
    assert Rot13().encode("Uryyb, Z 13 é") == "Hello, M 13 é"
    assert all(text.endswith("\n\nUbj qb V znxr mbeqnk?") for text in texts("rot13"))
