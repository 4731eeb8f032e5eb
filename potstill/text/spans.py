"""Where things end: each token's last byte in a text, and spans of characters as spans of bytes and tokens."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate

from transformers import PreTrainedTokenizerBase

from potstill.types import Segment

TokenBytes = Callable[[int], bytes | None]
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
"""SentencePiece's token for a byte of what has no piece of its own."""


def decode_with_ends(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """The text of token ids, special tokens left out, and where each token's text ends in its UTF-8, in bytes.

    A token may end within a character; those of a last character that is cut off end where it begins. Ends are empty when the tokens'
    own bytes, put together, are not the text (a tokenizer that decodes with a view to what follows).
    """
    text = str(tokenizer.decode(list(token_ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))
    return text, token_ends(tokenizer, token_ids, text)


def token_ends(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int], text: str) -> tuple[int, ...]:
    """Where each token's text ends in the UTF-8 of `text`, as in `decode_with_ends`."""
    bytes_of = token_bytes(tokenizer)
    pieces = [bytes_of(token_id) for token_id in token_ids]
    known = [piece for piece in pieces if piece is not None]
    if len(known) < len(pieces):
        return ()
    whole, skipped = b"".join(known), 0
    if whole.startswith(b" ") and not text.startswith(" "):  # a tokenizer of words drops the space before a text's first
        whole, skipped = whole[1:], 1
    if whole.decode(errors="replace") != text:
        return ()
    limit = len(whole.decode(errors="ignore").encode()) if text.endswith("\ufffd") else len(whole)
    return tuple(min(max(end - skipped, 0), limit) for end in accumulate(map(len, known)))


@lru_cache(maxsize=16)
def token_bytes(tokenizer: PreTrainedTokenizerBase) -> TokenBytes:
    """Token id -> the bytes that the token stands for; none for a special token. None where the tokenizer's pieces have no bytes of
    their own (WordPiece and others that decode by rules over several tokens).
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = "" if backend is None or backend.decoder is None else backend.decoder.__getstate__().decode()
    special = frozenset(tokenizer.all_special_ids)
    added = {i: token.content for i, token in tokenizer.added_tokens_decoder.items()}

    @cache
    def bytes_of(token_id: int) -> bytes | None:
        if token_id in special:
            return b""
        if token_id in added:
            return added[token_id].encode()
        piece = tokenizer.convert_ids_to_tokens(token_id)
        if not isinstance(piece, str):
            return None
        return _of_byte_level(piece) if "ByteLevel" in decoder else _of_byte_fallback(piece) if "▁" in decoder else None

    return bytes_of


def _of_byte_level(piece: str) -> bytes | None:
    """GPT-2's alphabet: a printable character a byte."""
    alphabet = _alphabet()
    return bytes(alphabet[character] for character in piece) if all(character in alphabet for character in piece) else None


@lru_cache(maxsize=1)
def _alphabet() -> dict[str, int]:
    """Character -> byte: printable bytes stand for themselves, the others for 256, 257, … in order."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}


def _of_byte_fallback(piece: str) -> bytes:
    """SentencePiece: `▁` is a space, `<0x0A>` a byte."""
    byte = BYTE.fullmatch(piece)
    return bytes([int(byte[1], 16)]) if byte else piece.replace("▁", " ").encode()


def spans(segments: Iterable[Segment], text: str, token_ends: Sequence[int]) -> Iterator[dict[str, object]]:
    """Each segment with its span in bytes of the text's UTF-8, and in tokens where their ends are known (else None).

    A token belongs to the segment in which its text ends; a special token, which has none, to that of the token before.
    """
    for segment in segments:
        first, last = len(text[: segment.start].encode()), len(text[: segment.end].encode())
        tokens = (bisect_right(token_ends, first) if first else 0, bisect_right(token_ends, last)) if token_ends else (None, None)
        yield {
            "kind": segment.kind,
            "start": segment.start,
            "end": segment.end,
            "byte_start": first,
            "byte_end": last,
            "token_start": tokens[0],
            "token_end": tokens[1],
        }
