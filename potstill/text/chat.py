"""Conversations and plain text as token ids, with the exact place from which the loss counts.

What was said and what is learnt are encoded apart and joined, so that the boundary between them is known by construction: nothing is
searched for in a rendered string. Special tokens come from the chat template alone (a template that writes its own BOS gets no second one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from potstill.errors import InputError, ModelError
from potstill.types import Message, Prompt

_PROBE = "potstillprobe"
"""An answer that no template contains: what a template writes after it ends a turn."""
_BEFORE = ("\n", ".", "a")
"""Texts to encode another behind; one will do whose tokens stay what they are."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Token ids, and the first of them that is a target.

    Attributes:
        input_ids: [T] ids as the model reads them.
        loss_from: `input_ids[loss_from:]` are the targets; everything before is context. At least 1: nothing predicts the first id.
    """

    input_ids: tuple[int, ...]
    loss_from: int


def render(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answer: str | Sequence[int] | None, *, end: bool = True) -> Rendered:
    """A prompt and its answer as one sequence of token ids.

    Args:
        tokenizer: a tokenizer of transformers; it needs a chat template when the prompt has messages.
        prompt: the conversation; a prompt without messages is plain text.
        answer: the answer's own token ids (its end token included, where it ended), or text to encode, behind a plain text as its
            continuation; None for the prompt alone, ready to be answered. Plain text without an answer is its own target.
        end: whether an answer given as text ended, so that the end token follows it; ids are taken as they are.

    Returns:
        the ids, and where the targets begin: at the answer; for plain text without an answer, after BOS (after the first token when the
        tokenizer adds no BOS).

    Raises:
        ModelError: the tokenizer has no chat template, or its template refuses the conversation.
        InputError: a text that is no valid Unicode.
    """
    if prompt.messages:
        context = conversation_ids(tokenizer, prompt.messages, answering=True)
    else:
        context = [*start_ids(tokenizer), *encode(tokenizer, prompt.reference or "")]
        if answer is None:
            return Rendered(tuple(context), 1)
    if answer is None:
        return Rendered(tuple(context), len(context))
    if isinstance(answer, str):
        continued = not prompt.messages and prompt.reference
        answer = [*(encode_behind if continued else encode)(tokenizer, answer), *(end_ids(tokenizer) if end else ())]
    return Rendered((*context, *answer), len(context))


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The ids of `text` alone, with no special token added.

    Raises:
        InputError: the text is no valid Unicode.
    """
    try:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])
    except (TypeError, UnicodeEncodeError) as error:
        what = f"a text is not valid Unicode and cannot be put in tokens: {text[:40]!r}"
        raise InputError(what, where=_name(tokenizer), fix="replace the surrogates in it") from error


def encode_behind(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The ids of `text` where other text stands before it: without the space that some tokenizers put before a text's first word.

    Raises:
        InputError: the text is no valid Unicode.
    """
    alone = encode(tokenizer, text)
    if not _begins_with_space(tokenizer):
        return alone
    for before in _BEFORE:
        first, whole = encode(tokenizer, before), encode(tokenizer, before + text)
        if first and whole[: len(first)] == first and str(tokenizer.decode(whole, skip_special_tokens=True)).startswith(before):
            return whole[len(first) :]
    return alone


@lru_cache(maxsize=16)
def _begins_with_space(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether it writes a text's first word as if a space stood before it, so that texts encoded apart do not join."""
    return bool(tokenizer.decode([*encode(tokenizer, "a"), *encode(tokenizer, "a")], skip_special_tokens=True) == "a a")


def start_ids(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """The BOS token if the tokenizer puts one before a text of its own accord; else nothing."""
    first = list(tokenizer("a")["input_ids"])[:1]
    bos = tokenizer.bos_token_id
    return (int(bos),) if bos is not None and first == [bos] else ()


def end_ids(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """The token that ends an answer: the one that the chat template writes after a turn; EOS when there is no template.

    Raises:
        ModelError: the tokenizer has neither.
    """
    return _end_ids(tokenizer, str(tokenizer.chat_template or ""), tokenizer.eos_token_id)


@lru_cache(maxsize=16)
def _end_ids(tokenizer: PreTrainedTokenizerBase, template: str, eos: int | None) -> tuple[int, ...]:
    """The tokenizer's end token; template and EOS are arguments so that a change of them is seen."""
    if template:
        turns = (Message("user", "a"), Message("assistant", _PROBE))
        after = encode(tokenizer, conversation_text(tokenizer, turns, answering=False).rpartition(_PROBE)[2])
        added = tokenizer.added_tokens_decoder.get(after[0]) if after else None
        if added is not None and added.special:
            return (after[0],)
    if eos is None:
        raise ModelError("the tokenizer has no token that ends an answer", where=_name(tokenizer), fix="set its eos_token")
    return (eos,)


def conversation_ids(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, answering: bool = False) -> list[int]:
    """A conversation as the chat template writes it, in ids.

    Args:
        tokenizer: with a chat template.
        messages: the conversation.
        answering: whether the beginning of the assistant's next turn follows.

    Raises:
        ModelError: the tokenizer has no chat template, or its template refuses the conversation.
    """
    return encode(tokenizer, conversation_text(tokenizer, messages, answering=answering))


def conversation_text(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, answering: bool = False) -> str:
    """A conversation as the chat template writes it. Arguments and errors as `conversation_ids`."""
    if not tokenizer.chat_template:
        raise ModelError(
            "the tokenizer has no chat template, and the prompts are conversations",
            where=_name(tokenizer),
            fix="put a chat_template.jinja beside its tokenizer.json, take a chat model's tokenizer, or set student.chat_template",
        )
    turns = [{"role": m.role, "content": m.content} for m in messages]
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=answering))
    except TemplateError as error:
        roles = ", ".join(m.role for m in messages)
        what = f"the chat template refuses a conversation of {roles}: {error}"
        fix = "mend its chat template, or put the prompts in the roles that it takes"
        raise ModelError(what, where=_name(tokenizer), fix=fix) from error


def _name(tokenizer: PreTrainedTokenizerBase) -> str:
    return f"tokenizer {tokenizer.name_or_path or type(tokenizer).__name__}"
