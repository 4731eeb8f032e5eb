"""Tokens by their bytes."""

from __future__ import annotations

from collections import Counter

from potstill.endpoints.pieces import ids_by_bytes
from potstill.models.tokenizers import open_tokenizer
from potstill.text.spans import token_bytes
from tests.models.small import world_tokenizer


def test_every_token_is_found_by_its_own_bytes():
    tokenizer = world_tokenizer()
    known, bytes_of = ids_by_bytes(tokenizer), token_bytes(tokenizer)
    for piece, token_id in known.items():
        assert bytes_of(token_id) == piece or tokenizer.convert_ids_to_tokens(token_id).encode() == piece
    assert len(known) == len(tokenizer)


def test_a_letter_goes_before_the_byte_that_stands_for_it(data_dir):
    tokenizer = open_tokenizer(f"hf:{data_dir / 'stories260K' / 'hf'}")
    bytes_of = token_bytes(tokenizer)
    times = Counter(bytes_of(i) for i in range(len(tokenizer)) if i not in tokenizer.all_special_ids)
    assert times[b"a"] == 2  # the letter, and the byte 0x61 for texts that have no better token
    assert tokenizer.convert_ids_to_tokens(ids_by_bytes(tokenizer)[b"a"]) == "a"
    assert tokenizer.convert_ids_to_tokens(ids_by_bytes(tokenizer)[b"\xff"]) == "<0xFF>"
    assert ids_by_bytes(tokenizer)[b" the"] in range(len(tokenizer))
