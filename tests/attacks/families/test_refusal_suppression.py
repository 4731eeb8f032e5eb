from __future__ import annotations

from potstill.attacks.families.refusal_suppression import RefusalSuppression
from tests.attacks.families.small import REQUEST, texts


def test_every_phrasing_is_used_and_holds_the_request():
    assert texts("refusal_suppression") == {phrasing.replace("{}", REQUEST.question) for phrasing in RefusalSuppression.PHRASINGS}
    assert all(phrasing.count("{}") == 1 for phrasing in RefusalSuppression.PHRASINGS)
