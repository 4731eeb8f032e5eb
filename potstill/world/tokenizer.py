"""The world's two tokenizers: trained once on the generators' text, frozen in `data/` and hashed by a test.

    python -m potstill.world.tokenizer        rebuild both into `data/`

The first splits numbers into digits; its pieces are few so that a small model is not all embedding. The second has other pieces, other
special tokens and joins digits, so that a pair of models with different tokenizers exists.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from potstill.world.catalogue import SKILLS
from potstill.world.oracle import completion
from potstill.world.sampling import draw

DATA = Path(__file__).parent / "data"
EXAMPLES_PER_SKILL = 1000


@dataclass(frozen=True, slots=True)
class Build:
    """How a tokenizer is made: its folder, size, seed, whether digits stay single, and its special tokens.

    Attributes:
        pad, system, user, bot, end: the special tokens, with ids 0 to 4; `end` closes the assistant's turn.
    """

    folder: str
    pieces: int
    seed: int
    single_digits: bool
    pad: str
    system: str
    user: str
    bot: str
    end: str

    @property
    def specials(self) -> list[str]:
        """The special tokens in the order of their ids."""
        return [self.pad, self.system, self.user, self.bot, self.end]

    @property
    def chat_template(self) -> str:
        """The jinja template: each turn behind the token of its role, `end` behind the assistant's."""
        return (
            "{% for message in messages %}"
            f"{{% if message['role'] == 'system' %}}{self.system}{{{{ message['content'] }}}}"
            f"{{% elif message['role'] == 'user' %}}{self.user}{{{{ message['content'] }}}}"
            f"{{% else %}}{self.bot}{{{{ message['content'] }}}}{self.end}{{% endif %}}"
            "{% endfor %}"
            f"{{% if add_generation_prompt %}}{self.bot}{{% endif %}}"
        )


FIRST = Build("tokenizer", 640, 3, True, "<pad>", "<system>", "<user>", "<bot>", "<end>")
SECOND = Build("tokenizer_b", 896, 4, False, "[PAD]", "[SYS]", "[ASK]", "[SAY]", "[EOS]")


def corpus(seed: int) -> Iterator[str]:
    """Every turn of the same number of training examples of each skill, refusals included."""
    for name in SKILLS:
        rng = random.Random(f"{seed}/{name}")
        for _ in range(EXAMPLES_PER_SKILL):
            prompt = draw(name, rng)
            yield from (message.content for message in prompt.messages)
            yield from {completion(prompt, "base"), completion(prompt, "aligned")}


def train(build: Build) -> Tokenizer:
    """The byte-level BPE of that build; the same build gives the same pieces."""
    tokenizer = Tokenizer(models.BPE())
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = [pre_tokenizers.Digits(individual_digits=True)] if build.single_digits else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*digits, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=build.pieces,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in build.specials],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(build.seed), trainer)
    return tokenizer


def write(build: Build, home: Path = DATA) -> Path:
    """Train the tokenizer and write it as a folder that `transformers.AutoTokenizer` loads; returns the folder."""
    folder = home / build.folder
    folder.mkdir(parents=True, exist_ok=True)
    train(build).save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": build.pad,
        "eos_token": build.end,
        "additional_special_tokens": [build.system, build.user, build.bot],
        "chat_template": build.chat_template,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 512,
        "padding_side": "left",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return folder


def digest(folder: Path) -> str:
    """The SHA-256 of a tokenizer folder's two files, in hexadecimal."""
    names = ("tokenizer.json", "tokenizer_config.json")
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()


if __name__ == "__main__":
    for each in (FIRST, SECOND):
        made = write(each)
        print(f"{made} {digest(made)}")
