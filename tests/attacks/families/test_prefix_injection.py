from __future__ import annotations

from potstill.attacks.families.prefix_injection import PrefixInjection
from tests.attacks.families.small import REQUEST, texts


def test_every_phrasing_is_used_and_holds_the_request():
    assert texts("prefix_injection") == {phrasing.replace("{}", REQUEST.question) for phrasing in PrefixInjection.PHRASINGS}
    assert all(phrasing.count("{}") == 1 for phrasing in PrefixInjection.PHRASINGS)
