from __future__ import annotations

from potstill.attacks.families.bias_contrast import TABLE, swapping
from potstill.attacks.harmless import REQUESTS, harmless_prompts


def test_they_are_distinct_harmless_and_free():
    found = harmless_prompts()
    assert len({prompt.id for prompt in found}) == len(found) == len(REQUESTS) >= 24
    assert {(prompt.intent, prompt.licence, prompt.language) for prompt in found} == {("benign", "Apache-2.0", "en")}


def test_some_name_people():
    assert sum(swapping(TABLE)(text) != text for text in REQUESTS) >= 3
