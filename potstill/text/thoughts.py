"""Where a model thinks aloud: the marks around thoughts, as tokens.

Most reasoning models write `<think>` and `</think>` as text. Some have special tokens for it, which decoding would leave out with the
thought's bounds: Magistral's `[THINK]` and `[/THINK]`, Command A's `<|START_THINKING|>` and `<|END_THINKING|>`, and the channels of
gpt-oss (harmony), `<|channel|>analysis<|message|>`. Their texts are written with `<think>` and `</think>` instead, as those of servers are
that give reasoning apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from potstill.text.thought_marks import CLOSINGS, OPENINGS

OPEN, CLOSE = OPENINGS[0], CLOSINGS[0]
_HEADER = _START, _CHANNEL, _MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
"""What the header of a message in harmony consists of: who speaks, in which channel, and then what is said."""
_TAIL = 16
"""Tokens of a prompt's end in which the mark of an opened thought is looked for."""


def ends_thinking(tokenizer: PreTrainedTokenizerBase, prompt_ids: Sequence[int]) -> bool:
    """Whether a prompt ends within a thought, which its chat template began: the answer then holds only the thought's end."""
    return str(tokenizer.decode(list(prompt_ids[-_TAIL:]))).rstrip().endswith(OPENINGS)


def may_think(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether its chat template writes a mark that begins thoughts anywhere."""
    return any(mark in str(tokenizer.chat_template) for mark in OPENINGS)


def stand_ins(tokenizer: PreTrainedTokenizerBase, token_ids: Sequence[int]) -> list[str | None]:
    """What is written for each token in place of its own text; None: its own text.

    A special token that begins or ends a thought is written as `<think>` or `</think>`. So is a header of harmony where it changes between
    the channel `analysis` and another, at its first token; its others are written as nothing, and so are headers that change nothing.
    """
    marks = _marks(tokenizer)
    found = [marks.get(token_id) for token_id in token_ids]
    if not set(_HEADER) & set(found):
        return found
    return _of_channels(found, [str(piece) for piece in tokenizer.convert_ids_to_tokens(list(token_ids))])


@lru_cache(maxsize=16)
def _marks(tokenizer: PreTrainedTokenizerBase) -> Mapping[int, str]:
    """Ids of the special tokens that begin or end thoughts -> what is written for them; those of a header stand for themselves."""
    special = {token.content: token_id for token_id, token in tokenizer.added_tokens_decoder.items() if token.special}
    written = dict.fromkeys(OPENINGS, OPEN) | dict.fromkeys(CLOSINGS, CLOSE)
    if _CHANNEL in special and _MESSAGE in special:
        written |= {name: name for name in _HEADER}
    return {special[name]: mark for name, mark in written.items() if name in special}


def _of_channels(found: list[str | None], pieces: Sequence[str]) -> list[str | None]:
    """The same with each header of harmony in `found` written as the change of channel that it is."""
    told, start, thinking = list(found), None, False
    for place, mark in enumerate(found):
        if mark in (_START, _CHANNEL) and start is None:
            start = place
        elif mark == _MESSAGE and start is not None:
            header = list(pieces[start:place])
            channel = "".join(header[header.index(_CHANNEL) + 1 :]) if _CHANNEL in header else ""
            analysis = channel.strip("Ġ▁ ").startswith("analysis")
            told[start : place + 1] = [_change(thinking, analysis)] + [""] * (place - start)
            start, thinking = None, analysis
    if start is not None:
        told[start:] = [""] * (len(told) - start)
    return ["" if mark in _HEADER else mark for mark in told]


def _change(before: bool, after: bool) -> str:
    """What is written where thinking begins or ends."""
    return "" if before == after else OPEN if after else CLOSE
