"""Tokenizers as open models have them, made on the spot."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

TEXT = "Once upon a time there was a cat. They found the toy soft and the cat was happy. So soft a rainbow! " * 4
HARMONY = ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|return|>")
"""The special tokens of gpt-oss."""
THINKS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: <think>\n{% endif %}"
"""A template that begins a thought, as those of R1 and QwQ do."""


def of_words(special: Sequence[str] = ()) -> PreTrainedTokenizerBase:
    """As Llama 2 and Mistral have them: `▁` for a space, one before a text's first word, and bytes for what has no piece."""
    learner = Tokenizer(models.BPE(unk_token="<unk>"))
    learner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    learner.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    first = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    learner.train_from_iterator([TEXT], trainers.BpeTrainer(vocab_size=360, special_tokens=first, show_progress=False))
    learned = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    plain = Tokenizer(models.BPE(learned["vocab"], merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    plain.normalizer = learner.normalizer
    plain.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return _wrapped(plain, special)


def of_bytes(special: Sequence[str] = ()) -> PreTrainedTokenizerBase:
    """As GPT-2 and its followers have them: a letter a byte."""
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    plain.train_from_iterator([TEXT], trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False))
    return _wrapped(plain, special)


def _wrapped(plain: Tokenizer, special: Sequence[str]) -> PreTrainedTokenizerBase:
    plain.add_special_tokens([AddedToken(token, special=True) for token in ("<s>", "</s>", *special)])
    return PreTrainedTokenizerFast(tokenizer_object=plain, bos_token="<s>", eos_token="</s>")
