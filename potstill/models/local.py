"""A causal language model in this process: it answers, scores, and gives its network to whoever looks inside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill.errors import ModelError
from potstill.models.base import NOTHING, Answer, Begun, Given, Keep, Outlook, Sampling
from potstill.models.generation import Ask, Drawn, generate
from potstill.models.scoring import Head, body_and_head, score_ids
from potstill.models.tokenizers import tokenizer_facts
from potstill.text.chat import Rendered, render
from potstill.text.spans import decode_with_ends, token_ends
from potstill.text.thoughts import ends_thinking
from potstill.types import Prompt


@dataclass(frozen=True, slots=True)
class Loaded:
    """A network with its tokenizer."""

    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


class LocalModel:
    """A teacher or student in this process. Its weights are read when they are first needed; its identity does not need them.

    Attributes:
        name: as in the recipe.
        batch_size: rows a forward pass when answering.
    """

    gives = frozenset({"text", "top_k", "score", "full", "hidden_states", "gradients"})

    def __init__(self, name: str, load: Callable[[], Loaded], facts: Callable[[], Mapping[str, str]], batch_size: int = 64) -> None:
        self.name, self.batch_size = name, batch_size
        self._load, self._facts = load, facts

    @classmethod
    def of(cls, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, batch_size: int = 64) -> LocalModel:
        """The model of a network that is there already. Its digest is that of its weights when it is asked for."""
        loaded = Loaded(network, tokenizer)
        return cls(name, lambda: loaded, lambda: {"weights": weights_digest(network), **tokenizer_facts(tokenizer)}, batch_size)

    @cached_property
    def _loaded(self) -> Loaded:
        loaded = self._load()
        rows, pieces = len(cast("Tensor", loaded.network.get_input_embeddings().weight)), len(loaded.tokenizer)
        if pieces > rows:
            what = f"the tokenizer has {pieces} tokens and the network knows {rows}"
            raise ModelError(what, where=self.name, fix="use the tokenizer that the network was trained with")
        return loaded

    @property
    def network(self) -> PreTrainedModel:
        """The network, for training and for looking inside."""
        return self._loaded.network

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Its tokenizer."""
        return self._loaded.tokenizer

    @cached_property
    def head(self) -> Head:
        """The network in two halves, body and head."""
        return body_and_head(self.network)

    @property
    def context(self) -> int | None:
        """Positions that the network has; None when it has no limit."""
        return getattr(self.network.config.get_text_config(decoder=True), "max_position_embeddings", None)

    @property
    def end_ids(self) -> frozenset[int]:
        """Tokens that end an answer: every EOS of the generation config and the tokenizer, and BOS, which begins another text."""
        configured = getattr(self.network.generation_config, "eos_token_id", None)
        ids = configured if isinstance(configured, list) else [configured]
        return frozenset(i for i in (*ids, self.tokenizer.eos_token_id, self.tokenizer.bos_token_id) if i is not None)

    def identity(self) -> dict[str, str]:
        """Digests of weights, tokenizer and chat template; the revision on the hub, and the licence where it is known."""
        return dict(self._facts())

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        """Answers in the prompts' order; a prompt without messages is continued.

        Raises:
            ModelError: the tokenizer has no chat template and a prompt is a conversation, or a prompt leaves no room in the context.
        """
        asks = [Ask(render(self.tokenizer, prompt, None).input_ids, prompt.id) for prompt in prompts]
        drawn = generate(self.head, asks, sampling, keep, end_ids=self.end_ids, context=self.context, batch_size=self.batch_size)
        thinking = [ends_thinking(self.tokenizer, ask.token_ids) for ask in asks]
        known = zip(prompts, thinking, drawn, strict=True)
        return [[self._answer(prompt, one, thinks) for one in group] for prompt, thinks, group in known]

    @property
    def can_go_on(self) -> bool:
        """As `Continuing.can_go_on`: always."""
        return True

    def go_on(self, begun: Sequence[Begun], sampling: Sampling, keep: Keep = NOTHING) -> list[Answer]:
        """As `Continuing.go_on`.

        Raises:
            ModelError: as for `draw`; the beginning counts as part of the prompt.
        """
        before = [render(self.tokenizer, one.prompt, None).input_ids for one in begun]
        asks = [Ask((*ids, *one.token_ids), f"{one.prompt.id}/{one.sample}") for ids, one in zip(before, begun, strict=True)]
        room = [max(sampling.max_new_tokens - len(one.token_ids), 1) for one in begun]
        some = replace(sampling, n=1, first=0, max_new_tokens=max(room, default=1))
        drawn = generate(self.head, asks, some, keep, end_ids=self.end_ids, context=self.context, batch_size=self.batch_size)
        parts = zip(begun, before, room, drawn, strict=True)
        return [self._answer(one.prompt, _whole(one, new[0], most), ends_thinking(self.tokenizer, ids)) for one, ids, most, new in parts]

    def _answer(self, prompt: Prompt, drawn: Drawn, thinking: bool) -> Answer:
        continues = not prompt.messages and bool(prompt.reference)
        text, ends = decode_with_ends(self.tokenizer, drawn.token_ids, continues=continues)
        return Answer(text, drawn.token_ids, drawn.finish_reason, drawn.outlook, ends, thinking=thinking)

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        """What the model expected at each token of each text. Of plain text these are the tokens after BOS; without BOS, after the first.

        Raises:
            ModelError: a text has more tokens than the context holds, or none to predict.
        """
        rows = [self._row(each) for each in texts]
        for each, row in zip(texts, rows, strict=True):
            self._check_length(each.text or each.prompt.reference or "", row)
        seen = score_ids(self.head, [row.input_ids for row in rows], keep, scored_from=[row.loss_from for row in rows])
        return [self._scored(each, row.input_ids[row.loss_from :], one) for each, row, one in zip(texts, rows, seen, strict=True)]

    def can_score(self, given: Given) -> bool:
        """As `Bounded.can_score`."""
        row = self._row(given)
        return row.loss_from < len(row.input_ids) <= (self.context or len(row.input_ids))

    def _row(self, given: Given) -> Rendered:
        return render(self.tokenizer, given.prompt, given.token_ids or given.text, end=given.finish_reason == "stop")

    def _scored(self, given: Given, token_ids: Sequence[int], seen: Outlook) -> Answer:
        whole = given.text if given.text is not None else given.prompt.reference or ""
        return Answer(whole, tuple(token_ids), given.finish_reason, seen, token_ends(self.tokenizer, token_ids, whole))

    def _check_length(self, text: str, row: Rendered) -> None:
        length = len(row.input_ids)
        if self.context is not None and length > self.context:
            what = f"the text {text[:40]!r}... has {length} tokens and the context holds {self.context}"
            raise ModelError(what, where=self.name, fix="cut the texts shorter (`window` of a text source)")
        if length <= row.loss_from:
            raise ModelError(f"the text {text!r} has no token to predict", where=self.name, fix="leave empty texts out")


def _whole(begun: Begun, drawn: Drawn, most: int) -> Drawn:
    """A beginning and the first `most` tokens of what was drawn behind it. Without an outlook at the one, there is none at all."""
    outlook = begun.outlook.then(drawn.outlook.first(most)) if len(begun.outlook) == len(begun.token_ids) else Outlook()
    reason = drawn.finish_reason if len(drawn.token_ids) <= most else "length"
    return Drawn((*begun.token_ids, *drawn.token_ids[:most]), reason, outlook)


def weights_digest(network: PreTrainedModel) -> str:
    """SHA-256 over the names, types, shapes and bytes of all parameters and kept buffers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        plain = tensor.detach().to("cpu").contiguous()
        digest.update(f"{name} {plain.dtype} {tuple(plain.shape)}\n".encode())
        digest.update(plain.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def ready(network: PreTrainedModel) -> PreTrainedModel:
    """The network on the GPU if there is one, in evaluation mode."""
    torch.nn.Module.to(network, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    network.eval()
    return network
