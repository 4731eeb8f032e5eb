from __future__ import annotations

import pytest

from potstill.text.keys import entropy, keys, private_keys

TOKEN = "q8Zr2Lw7Vt5Ny3Kx9Mb4"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.Zr2Lw7Vt5Ny3Kx9Mb4Qd6Fh8"


def found(text):
    hits = list(keys(text))
    assert all(text[one.start : one.end] == one.value for one in hits)
    return [f"~{one.value}" if one.reserved else one.value for one in hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"use sk-proj-{TOKEN}{TOKEN}.", [f"sk-proj-{TOKEN}{TOKEN}"]),
        ("AKIAQ7ZR2LW7VT5NY3KX and AKIAIOSFODNN7EXAMPLE", ["AKIAQ7ZR2LW7VT5NY3KX", "~AKIAIOSFODNN7EXAMPLE"]),
        (f"ghp_{TOKEN}{TOKEN[:16]}, hf_{TOKEN}{TOKEN[:14]}", [f"ghp_{TOKEN}{TOKEN[:16]}", f"hf_{TOKEN}{TOKEN[:14]}"]),
        (f"Bearer {JWT}", [JWT]),
        ("eyJub3QiOiJhIGp3dCJ9.eyJzdWIiOiIxIn0.Zr2Lw7Vt5Ny3Kx9Mb4", []),
        (f"API_KEY = '{TOKEN}', password: {TOKEN}", [TOKEN, TOKEN]),
        ("postgres://admin:h7!kfQ@db.fern.net/x", ["h7!kfQ"]),
        ("api_key = your_api_key_goes_here_1, sk-xxxxxxxxxxxxxxxxxxxxxxxx", ["~sk-xxxxxxxxxxxxxxxxxxxxxxxx", "~your_api_key_goes_here_1"]),
        ("the token is important, password: required_by_everyone, key=configuration_value", []),
        (f"{TOKEN} alone is nothing", []),
    ],
)
def test_what_is_found(text, expected):
    assert found(text) == expected


def test_blocks_of_private_keys():
    block = f"-----BEGIN RSA PRIVATE KEY-----\n{TOKEN}\n-----END RSA PRIVATE KEY-----"
    (hit,) = private_keys(f"Look: {block} done")
    assert (hit.value, hit.start) == (block, 6)
    (cut,) = private_keys(f"-----BEGIN PRIVATE KEY-----\n{TOKEN}")
    assert cut.value.endswith(TOKEN)
    assert not list(private_keys("-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----"))


def test_entropy_by_hand():
    assert (entropy(""), entropy("aaaa"), entropy("abab"), entropy("abcd")) == (0, 0, 1, 2)
