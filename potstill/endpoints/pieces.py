"""From a token's bytes, which is all that a hosted API tells of it, to its id: known where exactly one token has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from potstill.text.spans import BYTE, token_bytes


@lru_cache(maxsize=4)
def ids_by_bytes(tokenizer: PreTrainedTokenizerBase) -> Mapping[bytes, int]:
    """Bytes -> the one token that stands for them; special tokens are known by their name.

    Of a letter and SentencePiece's `<0x41>` it is the letter: the byte stands in texts for what has no piece of its own. Bytes that belong
    to several tokens otherwise are left out: which one it was cannot be told.
    """
    bytes_of, special = token_bytes(tokenizer), frozenset(tokenizer.all_special_ids)
    found: dict[bytes, int] = {}
    several: set[bytes] = set()
    for token_id in tokenizer.get_vocab().values():
        piece = str(tokenizer.convert_ids_to_tokens(token_id)).encode() if token_id in special else bytes_of(token_id)
        if piece is None:
            continue
        if piece in found and is_byte(tokenizer, token_id):
            continue
        if piece in found and not is_byte(tokenizer, found[piece]):
            several.add(piece)
        found[piece] = token_id
    return {piece: token_id for piece, token_id in found.items() if piece not in several}


def is_byte(tokenizer: PreTrainedTokenizerBase, token_id: int) -> bool:
    """Whether a token is one of SentencePiece's bytes, `<0x00>` to `<0xFF>`."""
    return BYTE.fullmatch(str(tokenizer.convert_ids_to_tokens(token_id))) is not None
