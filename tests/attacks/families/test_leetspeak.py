from __future__ import annotations

from potstill.attacks.families.leetspeak import Leetspeak


def test_the_code():
    assert Leetspeak().encode("Tea at 4, son\\") == "T34 47 \\4, 50n\\\\"
    assert Leetspeak().decode("T34 47 \\4, 50n\\\\") == "Tea at 4, son\\"


def test_an_answer_without_backslashes_is_read_too():
    assert Leetspeak().plain("M1x 45h 4nd b0g") == "Mix ash and bog"
