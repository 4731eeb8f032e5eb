from __future__ import annotations

import pytest

from potstill.models import open_tokenizer
from potstill.text.spans import decode_with_ends, spans, token_bytes, token_ends
from potstill.types import Segment

TOKENIZER = open_tokenizer("world:a")


@pytest.mark.parametrize("text", ["What is 2 + 3? Say it.", "é and 漢字 and 🙂", "", " a space in front", "two\n\nlines"])
def test_each_token_ends_where_its_bytes_do(text):
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    decoded, ends = decode_with_ends(TOKENIZER, [*ids, TOKENIZER.eos_token_id])
    assert decoded == text
    starts = (0, *ends)
    assert b"".join(text.encode()[start:end] for start, end in zip(starts, ends, strict=False)) == text.encode()
    assert len(ends) == len(ids) + 1
    assert ends[-1] == len(text.encode())
    assert all(text.encode()[starts[i] : ends[i]] == token_bytes(TOKENIZER)(token) for i, token in enumerate(ids))


def test_a_character_that_is_cut_off_ends_where_it_begins():
    ids = TOKENIZER("ab🙂", add_special_tokens=False)["input_ids"][:-1]
    text, ends = decode_with_ends(TOKENIZER, ids)
    assert text.startswith("ab")
    assert text.endswith("\ufffd")
    assert ends[-1] == 2


def test_a_text_of_other_tokens_has_no_ends():
    ids = TOKENIZER("abc", add_special_tokens=False)["input_ids"]
    assert token_ends(TOKENIZER, ids, "abd") == ()


@pytest.mark.parametrize("name", ["stories260K/hf", "aidreams260K/hf", "tokenizers/gpt2", "tokenizers/mistral-7b-v0.1"])
def test_real_tokenizers(data_dir, name):
    tokenizer = open_tokenizer(f"hf:{data_dir / name}")
    text = "Once upon a time, there was a café.\n\nIt cost 12 $ — 漢字 🙂!"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    decoded, ends = decode_with_ends(tokenizer, ids)
    assert decoded == text
    assert list(ends) == sorted(ends)
    assert ends[-1] == len(text.encode())


def test_segments_in_bytes_and_tokens():
    segments = [Segment("reasoning", 0, 2), Segment("answer", 2, 4)]
    first, second = spans(segments, "é=ab", (2, 3, 4, 5))
    assert (first["byte_start"], first["byte_end"], first["token_start"], first["token_end"]) == (0, 3, 0, 2)
    assert (second["byte_start"], second["byte_end"], second["token_start"], second["token_end"]) == (3, 5, 2, 4)
    assert next(spans(segments, "é=ab", ()))["token_end"] is None
