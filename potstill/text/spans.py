"""Where things end: each token's last byte in a text, and spans of characters as spans of bytes and tokens."""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate

from transformers import PreTrainedTokenizerBase

from potstill.text.thoughts import stand_ins
from potstill.types import Segment

TokenBytes = Callable[[int], bytes | None]
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
"""SentencePiece's token for a byte of what has no piece of its own."""
UNKNOWN = "\ufffd"
"""What is written for bytes that are no UTF-8."""
LETTER = "a"
"""A text to put tokens behind."""


def decode_with_ends(
    tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int], *, continues: bool = False
) -> tuple[str, tuple[int, ...]]:
    """The text of token ids as `decode` gives it, and where each token's text ends in its UTF-8, in bytes.

    A token may end within a character; those of a last character that is cut off end where it begins. Ends are empty when the tokens'
    own bytes, put together, are not the text (a tokenizer that decodes with a view to what follows).
    """
    text = decode(tokenizer, token_ids, continues=continues)
    return text, token_ends(tokenizer, token_ids, text)


def decode(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int], *, continues: bool = False) -> str:
    """The text of token ids. Special tokens are left out; those around a thought are written as `<think>` and `</think>`.

    Args:
        tokenizer: theirs.
        token_ids: the tokens.
        continues: whether text stands before them: tokenizers that drop the space before a text's first word then keep it.
    """
    text, some = "", list[int]()
    for token_id, mark in zip((*token_ids, -1), (*stand_ins(tokenizer, token_ids), ""), strict=True):
        if mark is None:
            some.append(token_id)
            continue
        if some:
            text += _behind_text(tokenizer, some) if continues or text else _plainly(tokenizer, some)
            some = []
        text += mark
    return text


def _plainly(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(token_ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _behind_text(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> str:
    """The text of token ids behind a letter, as far as the letter stays what it is."""
    letter = list(tokenizer(LETTER, add_special_tokens=False)["input_ids"])
    before, whole = _plainly(tokenizer, letter), _plainly(tokenizer, [*letter, *token_ids])
    return whole[len(before) :] if whole.startswith(before) else _plainly(tokenizer, token_ids)


def token_ends(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int], text: str) -> tuple[int, ...]:
    """Where each token's text ends in the UTF-8 of `text`, as in `decode_with_ends`.

    The text may be that of a server, which leaves out the marks of thoughts, the first space or a last character that is cut off.
    """
    for pieces in _readings(tokenizer, token_ids):
        for one in (pieces, _without_first_space(pieces)):
            ends = _ends_in(one, text)
            if ends is not None:
                return ends
    return ()


def _readings(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> Iterator[Sequence[bytes]]:
    """What the tokens may stand for, in bytes, the likeliest first; nothing where it is not known."""
    bytes_of = token_bytes(tokenizer)
    own = [bytes_of(token_id) for token_id in token_ids]
    plain = [piece for piece in own if piece is not None]
    if len(plain) < len(own):
        return
    marks = stand_ins(tokenizer, token_ids)
    marked = [piece if mark is None else mark.encode() for piece, mark in zip(plain, marks, strict=True)]
    yield marked
    yield _fallen_back(tokenizer, token_ids, marked)
    yield plain


def _ends_in(pieces: Sequence[bytes], text: str) -> tuple[int, ...] | None:
    """Where each piece ends in the UTF-8 of `text`; None when together they are not the text, a last character that is cut off aside."""
    if _as_utf8(b"".join(pieces)) == text:
        return tuple(accumulate(map(len, pieces)))
    decoder = getincrementaldecoder("utf-8")("replace")
    said, length, ends = [], 0, []
    for piece in pieces:
        said.append(decoder.decode(piece))
        length += len(said[-1].encode())
        ends.append(length + len(decoder.getstate()[0]))
    if "".join(said).rstrip(UNKNOWN) != text.rstrip(UNKNOWN):
        return None
    length = min(length, len(text.encode()))
    return tuple(min(end, length) for end in ends)


def _without_first_space(pieces: Sequence[bytes]) -> tuple[bytes, ...]:
    """The pieces as a tokenizer of words writes them, which drops the space before a text's first word."""
    first = next((place for place, piece in enumerate(pieces) if piece), None)
    if first is None or not pieces[first].startswith(b" "):
        return tuple(pieces)
    return (*pieces[:first], pieces[first][1:], *pieces[first + 1 :])


def _fallen_back(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int], pieces: Sequence[bytes]) -> list[bytes]:
    """The pieces as SentencePiece's byte tokens are decoded: each of a row that is not UTF-8 becomes U+FFFD, whole characters in it too."""
    names = tokenizer.convert_ids_to_tokens(list(token_ids))
    found, row = list(pieces), list[int]()
    for place, (name, piece) in enumerate(zip((*names, ""), (*pieces, b"."), strict=True)):
        if isinstance(name, str) and BYTE.fullmatch(name):
            row.append(place)
        elif piece:
            if _as_utf8(b"".join(pieces[i] for i in row)) is None:
                found = [UNKNOWN.encode() if i in row else one for i, one in enumerate(found)]
            row = []
    return found


def _as_utf8(text: bytes) -> str | None:
    """The text that bytes are; None when they are no UTF-8."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None


@lru_cache(maxsize=16)
def token_bytes(tokenizer: PreTrainedTokenizerBase) -> TokenBytes:
    """Token id -> the bytes that the token stands for; none for a special token. None where the tokenizer's pieces have no bytes of
    their own (WordPiece and others that decode by rules over several tokens).
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = "" if backend is None or backend.decoder is None else backend.decoder.__getstate__().decode()
    added = {i: token.content for i, token in tokenizer.added_tokens_decoder.items()}
    special = {*tokenizer.all_special_ids, *(i for i, token in tokenizer.added_tokens_decoder.items() if token.special)}

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
