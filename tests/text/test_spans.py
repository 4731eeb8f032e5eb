from __future__ import annotations

import pytest

from potstill.models import open_tokenizer
from potstill.text.chat import encode, encode_behind
from potstill.text.spans import decode, decode_with_ends, spans, token_bytes, token_ends
from potstill.types import Segment
from tests.text.pieces import HARMONY, of_bytes, of_words

TOKENIZER = open_tokenizer("world:a")
WORDS = of_words()
CUTS = ["Hello 🙂 wörld 漢字", "👩‍👧!", "é🙂", "  two spaces", " lead", "\tand\n  indented", "a\ufffdb🙂"]


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


@pytest.mark.parametrize("text", CUTS)
@pytest.mark.parametrize("continues", [False, True])
@pytest.mark.parametrize("tokenizer", [WORDS, of_bytes()], ids=["words", "bytes"])
def test_wherever_an_answer_is_cut_its_ends_are_known(tokenizer, continues, text):
    ids = (encode_behind if continues else encode)(tokenizer, text)
    for cut in range(1, len(ids) + 1):
        decoded, ends = decode_with_ends(tokenizer, ids[:cut], continues=continues)
        assert len(ends) == cut
        assert list(ends) == sorted(ends)
        assert ends[-1] == len(decoded.encode()) or decoded.endswith("\ufffd")
        whole = decoded.rstrip("\ufffd")
        assert text.startswith(whole)
        if not decoded.endswith("\ufffd"):
            assert decoded.encode() == text.encode()[: ends[-1]]


def test_half_a_character_of_byte_tokens_ends_where_it_begins():
    text, ends = decode_with_ends(WORDS, encode(WORDS, "the 🙂")[:-1])
    assert text == "the \ufffd\ufffd\ufffd"
    assert ends == (3, 4, 4, 4, 4)


def test_a_byte_that_is_no_text_stands_in_the_middle():
    half = encode_behind(WORDS, "🙂")[:2]
    decoded, ends = decode_with_ends(WORDS, [*encode(WORDS, "the"), *half, *encode_behind(WORDS, " cat")])
    assert decoded == "the\ufffd\ufffd cat"
    assert ends == (3, 6, 9, 13)


@pytest.mark.parametrize("tokenizer", [WORDS, of_bytes()], ids=["words", "bytes"])
def test_what_continues_a_text_is_what_was_written(tokenizer):
    before, after = encode(tokenizer, "They found the toy"), encode_behind(tokenizer, " soft rainbow.")
    assert decode(tokenizer, after, continues=True) == " soft rainbow."
    assert decode(tokenizer, [*before, *after]) == "They found the toy soft rainbow."
    assert decode_with_ends(tokenizer, after, continues=True)[1][-1] == len(" soft rainbow.")


def test_what_continues_a_text_in_a_real_tokenizer(data_dir):
    tokenizer = open_tokenizer(f"hf:{data_dir / 'stories260K/hf'}")
    text, ends = decode_with_ends(tokenizer, tokenizer.convert_tokens_to_ids(["▁so", "f", "t"]), continues=True)
    assert (text, ends) == (" soft", (3, 4, 5))


def test_a_thought_between_special_tokens_keeps_its_bounds():
    tokenizer = of_words(["[THINK]", "[/THINK]"])
    ids = encode(tokenizer, "[THINK]the cat 🙂[/THINK]a toy</s>")
    text, ends = decode_with_ends(tokenizer, ids)
    assert text == "<think> the cat 🙂</think> a toy"
    assert (ends[0], ends[-1]) == (len("<think>"), len(text.encode()))
    assert len(ends) == len(ids)


def test_the_channels_of_harmony_are_thought_and_answer():
    tokenizer = of_bytes(HARMONY)
    ids = encode(tokenizer, "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Four.<|return|>")
    text, ends = decode_with_ends(tokenizer, ids)
    assert text == "<think>Hm.</think>Four."
    assert (len(ends), ends[-1]) == (len(ids), len(text))


def test_a_servers_text_without_the_marks_has_ends_too():
    tokenizer = of_bytes(["[THINK]", "[/THINK]"])
    ids = encode(tokenizer, "[THINK]a[/THINK]b</s>")
    assert token_ends(tokenizer, ids, "ab") == (0, 1, 1, 2, 2)


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
