"""Whether a model can read prompts: its chat template takes their roles, its context holds them, its tokenizer knows their characters."""

from __future__ import annotations

from collections.abc import Iterable

from transformers import PreTrainedTokenizerBase

from potstill.errors import InputError, ModelError
from potstill.text.chat import encode, render
from potstill.types import Message, Prompt

MOST_UNREADABLE = 0.5
"""A larger share of prompts with characters that are lost is no oddity of some of them: the tokenizer is the wrong one."""
SHOWN = 8
"""Lost characters that are named."""

Roles = tuple[str, ...]


class Reader:
    """Holds prompts against a tokenizer and a context, a few at a time; no weights are read.

    A prompt is put in tokens only where its bytes could fill the context: a token stands for a byte at least.

    Args:
        name: whose tokenizer it is, as told.
        tokenizer: the model's.
        context: tokens that it holds; None: not known.
        answers: whether a token of an answer must have room behind the prompt.
        when_too_long: what to do with prompts that do not fit the context.
    """

    def __init__(
        self,
        name: str,
        tokenizer: PreTrainedTokenizerBase,
        context: int | None,
        *,
        answers: bool = True,
        when_too_long: str = "shorten or drop them, or use a model with a longer context",
    ) -> None:
        self.name, self.tokenizer, self.context, self.when_too_long = name, tokenizer, context, when_too_long
        self.room = None if context is None else context - answers
        self._frames: dict[Roles, int] = {}
        self._lost: dict[str, bool] = {}
        self._read = self._unreadable = self._too_long = 0
        self._longest: tuple[int, str] = (0, "")
        self._first_unreadable = ""

    def see(self, prompts: Iterable[Prompt]) -> None:
        """Look at some prompts.

        Raises:
            ModelError: the tokenizer has no chat template, or its template refuses the roles of a conversation.
            InputError: a text that is no valid Unicode.
        """
        for prompt in prompts:
            self._read += 1
            self._spell(prompt)
            roles = tuple(message.role for message in prompt.messages)
            if roles not in self._frames:
                self._frames[roles] = self._frame(prompt)
            self._measure(prompt, self._frames[roles])

    def finish(self) -> list[str]:
        """What is wrong with some prompts and does not stop a run.

        Raises:
            ModelError: prompts are longer than the context, or most hold characters that the tokenizer loses.
        """
        if self._too_long:
            length, source = self._longest
            what = f"{self._too_long:,} of {self._read:,} prompts do not fit its context of {self.context:,} tokens;"
            what += f" the longest has {length:,} ({source})"
            raise ModelError(what, where=self.name, fix=self.when_too_long)
        if not self._unreadable:
            return []
        lost = [character for character, is_lost in self._lost.items() if is_lost]
        shown = " ".join(map(repr, lost[:SHOWN])) + (f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else "")
        what = f"{self._unreadable:,} of {self._read:,} prompts hold characters that its tokenizer cannot encode: {shown}"
        what += f" (the first is {self._first_unreadable})"
        if self._unreadable > MOST_UNREADABLE * self._read:
            raise ModelError(what, where=self.name, fix="use a model of that language, or other prompts")
        return [f"{self.name}: {what}"]

    def _frame(self, prompt: Prompt) -> int:
        """Tokens of a conversation in these roles that says nothing; the prompt itself is put in the template as well."""
        try:
            render(self.tokenizer, prompt, None)
            empty = Prompt(tuple(Message(message.role, "a") for message in prompt.messages), reference="a")
            return len(render(self.tokenizer, empty, None).input_ids)
        except ModelError as error:
            refused = prompt.messages and self.tokenizer.chat_template
            what = f"{error.what}, first asked by {_source(prompt)}" if refused else error.what
            raise ModelError(what, where=f"{self.name} ({error.where})", fix=error.fix) from error

    def _measure(self, prompt: Prompt, frame: int) -> None:
        if self.room is None or frame + sum(len(text.encode()) for text in _texts(prompt)) <= self.room:
            return
        length = len(render(self.tokenizer, prompt, None).input_ids)
        if length > self.room:
            self._too_long += 1
            self._longest = max(self._longest, (length, _source(prompt)))

    def _spell(self, prompt: Prompt) -> None:
        """Count the prompt if a character of it is lost."""
        characters = set().union(*_texts(prompt))
        for character in sorted(characters - self._lost.keys()):
            if "\ud800" <= character <= "\udfff":
                what = f"a text is not valid Unicode: it holds {character!r}"
                raise InputError(what, where=_source(prompt), fix="replace the surrogates in it")
            self._lost[character] = self._loses(character)
        if any(self._lost[character] for character in characters):
            self._first_unreadable = self._first_unreadable or _source(prompt)
            self._unreadable += 1

    def _loses(self, character: str) -> bool:
        """Whether nothing but space, or the unknown token, stands for the character; white space may be dropped."""
        if character.isspace():
            return False
        ids = encode(self.tokenizer, character)
        return self.tokenizer.unk_token_id in ids or not str(self.tokenizer.decode(ids)).strip()


def _texts(prompt: Prompt) -> list[str]:
    return [message.content for message in prompt.messages] or [prompt.reference or ""]


def _source(prompt: Prompt) -> str:
    return prompt.source or f"prompt {prompt.id}"
