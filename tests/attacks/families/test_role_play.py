from __future__ import annotations

from potstill.attacks.families.role_play import RolePlay
from tests.attacks.families.small import REQUEST, texts


def test_every_phrasing_is_used_and_holds_the_request():
    assert texts("role_play") == {phrasing.replace("{}", REQUEST.question) for phrasing in RolePlay.PHRASINGS}
    assert all(phrasing.count("{}") == 1 for phrasing in RolePlay.PHRASINGS)
