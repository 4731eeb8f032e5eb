from __future__ import annotations

from potstill.attacks.families.ambiguous import Ambiguous
from tests.attacks.families.small import REQUEST, texts


def test_every_phrasing_is_used_and_holds_the_request():
    assert texts("ambiguous") == {phrasing.replace("{}", REQUEST.question) for phrasing in Ambiguous.PHRASINGS}
    assert all(phrasing.count("{}") == 1 for phrasing in Ambiguous.PHRASINGS)
