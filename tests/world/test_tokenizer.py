"""The tokenizers are frozen, load with transformers, lose nothing, and keep examples short."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from potstill.world import SKILLS, completion, draw, prompts
from potstill.world import tokenizer as build

FROZEN = {
    "tokenizer": "eae74812327cc6f203732abc388b6c6a8e48bff0d54e85afe955026e6c2dda09",
    "tokenizer_b": "1a9730d2ef8d48883f8664bc6e86d065628d80ced5814cf5cf80885d40ded126",
}
"""Models are bound to these files: a rebuilt tokenizer needs rebuilt teachers."""
BOTH = (build.FIRST, build.SECOND)


def _load(which: build.Build) -> Tokenizer:
    return Tokenizer.from_file(str(build.DATA / which.folder / "tokenizer.json"))


@pytest.mark.parametrize("which", BOTH, ids=lambda b: b.folder)
def test_frozen(which: build.Build) -> None:
    assert build.digest(build.DATA / which.folder) == FROZEN[which.folder]


@pytest.mark.parametrize("which", BOTH, ids=lambda b: b.folder)
def test_transformers_loads_it_and_renders_chats(which: build.Build) -> None:
    transformers = pytest.importorskip("transformers")
    loaded = transformers.AutoTokenizer.from_pretrained(build.DATA / which.folder)
    assert len(loaded) == which.pieces
    assert (loaded.pad_token_id, loaded.eos_token_id) == (0, 4)
    turns = [{"role": "system", "content": "S é"}, {"role": "user", "content": "U 12"}, {"role": "assistant", "content": "A"}]
    text = loaded.apply_chat_template(turns, tokenize=False)
    assert text == f"{which.system}S é{which.user}U 12{which.bot}A{which.end}"
    asked = loaded.apply_chat_template(turns[:2], tokenize=False, add_generation_prompt=True)
    assert asked == f"{which.system}S é{which.user}U 12{which.bot}"
    ids = loaded(text, add_special_tokens=False)["input_ids"]
    assert [i for i in ids if i < 5] == [1, 2, 3, 4]
    assert loaded.decode(ids) == text


@pytest.mark.parametrize("which", BOTH, ids=lambda b: b.folder)
def test_any_text_survives(which: build.Build) -> None:
    tokenizer = _load(which)
    rng = random.Random(0)
    for text in ("Zażółć 12+3=15, \n\t日本 🙂", *(completion(draw(name, rng), "base") for name in SKILLS)):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_digits_are_single_in_the_first_and_joined_in_the_second() -> None:
    assert not any(len([c for c in piece if c.isdigit()]) > 1 for piece in _load(build.FIRST).get_vocab())
    assert any(len([c for c in piece if c.isdigit()]) > 1 for piece in _load(build.SECOND).get_vocab())


def test_examples_are_short() -> None:
    tokenizer = _load(build.FIRST)
    lengths = []
    for prompt in prompts(None, 100 * len(SKILLS), 6):
        turns = [message.content for message in prompt.messages] + [completion(prompt, "base")]
        lengths.append(sum(len(tokenizer.encode(turn).ids) + 1 for turn in turns) + 1)
    assert max(lengths) <= 128
    assert sum(lengths) / len(lengths) <= 55


def test_a_build_is_reproducible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "EXAMPLES_PER_SKILL", 20)
    first, second = (build.digest(build.write(build.FIRST, tmp_path / name)) for name in "ab")
    assert first == second
