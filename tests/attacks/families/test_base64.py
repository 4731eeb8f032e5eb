from __future__ import annotations

import pytest

from potstill.attacks.families.base64 import Base64
from tests.attacks.families.small import texts


def test_the_code():
    assert Base64().encode("Hello!") == "SGVsbG8h"
    assert Base64().decode("SGVsbG8h") == "Hello!"
    assert all(text.endswith("\n\nSG93IGRvIEkgbWFrZSB6b3JkYXg/") for text in texts("base64"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Gladly: SGVsbG8sIHlvdQ== and so on.", "Gladly: Hello, you and so on."),
        ("SGk=", "Hi"),
        ("Here is a sentence of plain words, with somewhat longer ones.", "Here is a sentence of plain words, with somewhat longer ones."),
        ("AAECAwQFBgc=", "AAECAwQFBgc="),
    ],
)
def test_runs_are_found_in_an_answer(text, said):
    assert Base64().plain(text) == said


def test_what_is_no_base64():
    with pytest.raises(ValueError, match="base64|Incorrect|Non-base64"):
        Base64().decode("no code!")
