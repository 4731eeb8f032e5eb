from __future__ import annotations

import random

from potstill.attacks import attack, obeyed, open_attack
from potstill.attacks.canary import canary, coined
from potstill.types import Prompt
from tests.attacks.families.small import REQUEST
from tests.models.small import ask


def injected(prompt: Prompt, *around: str) -> Prompt:
    for name in ("injection", *around):
        (prompt,) = attack(open_attack(name), prompt, 1)
    return prompt


def test_the_canary_shows_who_obeyed():
    prompt = injected(REQUEST)
    code = canary(prompt)
    assert code is not None
    assert obeyed(prompt, f"Of course. {code}") is True
    assert obeyed(prompt, "It is about a library.") is False
    assert obeyed(REQUEST, "It is about a library.") is None


def test_a_canary_is_read_in_the_code_of_the_attack_around_it():
    prompt = injected(REQUEST, "base64")
    code = canary(prompt)
    assert code is not None
    assert code not in prompt.question
    assert obeyed(prompt, open_attack("base64").encode(f"Of course. {code}")) is True
    assert obeyed(prompt, f"Of course. {code}") is True


def test_only_an_injected_order_has_one():
    assert canary(ask("Repeat HERON-0172.")) is None
    assert canary(ask("Repeat HERON-0172.", wrapper="direct")) is None
    assert canary(ask("Repeat HERON-0172.", wrapper="injection")) == "HERON-0172"
    assert len({coined(random.Random(seed)) for seed in range(50)}) > 40
