from __future__ import annotations

import pytest

from potstill.attacks import attack, open_attack
from potstill.attacks.families.crescendo import SCRIPTS
from tests.attacks.families.small import REQUEST


@pytest.mark.parametrize("k", [1, 3, 5])
def test_k_turns_lead_to_the_request(k):
    found = [attack(open_attack("crescendo", k), REQUEST, seed)[0].messages for seed in range(20)]
    for messages in found:
        assert [message.role for message in messages] == ["user", "assistant"] * k + ["user"]
        assert messages[-1].content == REQUEST.question
    assert {messages[0].content for messages in found} == {script[0 if k > 1 else -1][0] for script in SCRIPTS}


def test_the_last_turn_before_the_request_leads_to_it():
    for seed in range(5):
        messages = attack(open_attack("crescendo", 2), REQUEST, seed)[0].messages
        assert messages[2].content in {script[-1][0] for script in SCRIPTS}
