"""Sequence classifiers of transformers: a text, or an answer to a prompt -> a number for each class.

As a teacher a classifier answers with the name of a class. The ids of its answers and outlooks are classes and not tokens, so that no
language model can learn its probabilities; the names can be learnt as text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from transformers import AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedTokenizerBase

from potstill.errors import CapabilityError, ModelError
from potstill.models.base import NOTHING, Answer, Given, Keep, Options, Outlook, Sampling, Teacher
from potstill.models.generation import choose
from potstill.models.hf import check_config, classifies, load_network, locate, number_facts, open_hf, weights_facts
from potstill.models.local import Loaded, ready
from potstill.models.quantization import quantization_config
from potstill.models.scoring import length_batches
from potstill.models.streams import row_key, uniforms
from potstill.models.tokenizers import load_tokenizer, tokenizer_facts
from potstill.registry import did_you_mean, part
from potstill.signal.distribution import Distribution
from potstill.text.chat import conversation_ids
from potstill.types import Message, Prompt

BATCH_TOKENS = 8192
"""Padded tokens a forward pass."""


@part("model", "hf", version="1")
def open_transformers(name: str, options: Options) -> Teacher:
    """A model of transformers: `hf:FOLDER` or `hf:HUB-ID`; a causal language model or a sequence classifier; safetensors only.

    Raises:
        ModelError: there is no such folder or repository, no weights in safetensors, an unknown architecture, or a classifier without
            classes to choose from.
    """
    config = check_config(locate(name, options.revision), options.remote_code)
    return ClassifierTeacher(open_sequence_classifier(name, options)) if classifies(config) else open_hf(name, options)


def open_sequence_classifier(name: str, options: Options) -> SequenceClassifier:
    """The sequence classifier `FOLDER` or `HUB-ID`.

    Raises:
        ModelError: there is none, it is another kind of model, it cannot be read, or it cannot be quantised so.
    """
    place = locate(name, options.revision)
    config = check_config(place, options.remote_code)
    if not classifies(config):
        architectures = ", ".join(config.architectures or ["of an unknown kind"])
        fix = "give a model saved as ...ForSequenceClassification"
        raise ModelError(f"not a sequence classifier: {architectures}", where=f"hf:{name}", fix=fix)

    def load() -> Loaded:
        network = load_network(place, options, AutoModelForSequenceClassification)
        return Loaded(ready(network), load_tokenizer(place.name, place.revision, remote_code=options.remote_code))

    def facts() -> Mapping[str, str]:
        tokenizer = load_tokenizer(place.name, place.revision, remote_code=options.remote_code)
        return {**weights_facts(place, options.remote_code), **tokenizer_facts(tokenizer), **number_facts(options)}

    quantization_config(options.quantization, f"hf:{name}")
    return SequenceClassifier(f"hf:{name}", load, facts, config)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a classifier reads it.

    Attributes:
        input_ids: [T] special tokens included.
        token_type_ids: [T] which of two texts each is of; empty where the tokenizer does not say.
    """

    input_ids: tuple[int, ...]
    token_type_ids: tuple[int, ...] = ()


def read(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answer: str | None) -> Reading:
    """A prompt, alone or with an answer, as a classifier reads it.

    With a chat template it is the conversation as the template writes it: a prompt alone up to the beginning of the answer. Without one
    the prompt is the first text and the answer the second, with the tokenizer's own special tokens.

    Raises:
        ModelError: the chat template refuses the conversation.
    """
    if prompt.messages and tokenizer.chat_template:
        turns = prompt.messages if answer is None else (*prompt.messages, Message("assistant", answer))
        return Reading(tuple(conversation_ids(tokenizer, turns, answering=answer is None)))
    words = "\n".join(message.content for message in prompt.messages) or prompt.reference or ""
    encoded = tokenizer(words, answer) if answer is not None else tokenizer(words)
    return Reading(tuple(encoded["input_ids"]), tuple(encoded.get("token_type_ids", ())))


class SequenceClassifier:
    """A sequence classifier in this process. Its weights are read when they are first needed.

    Args:
        name: as in the recipe.
        load: reads network and tokenizer.
        facts: what tells it from others.
        config: the model's.
    """

    def __init__(self, name: str, load: Callable[[], Loaded], facts: Callable[[], Mapping[str, str]], config: PreTrainedConfig) -> None:
        self.name, self._load, self._facts = name, load, facts
        self.problem_type: str | None = getattr(config, "problem_type", None)
        labels: Mapping[Any, str] = config.id2label or {}
        self.labels = tuple(str(labels[place]) for place in sorted(labels))

    @cached_property
    def _loaded(self) -> Loaded:
        return self._load()

    def identity(self) -> dict[str, str]:
        """Digests of weights, config and tokenizer; the revision on the hub."""
        return dict(self._facts())

    def logits(self, asked: Sequence[tuple[Prompt, str | None]]) -> list[Float[np.ndarray, " C"] | None]:
        """[C] float32 for each prompt with its answer (None: the prompt alone); None for one that does not fit the context.

        Texts of like length are read together; padding changes nothing but the last bits.
        """
        readings = [read(self._loaded.tokenizer, prompt, answer) for prompt, answer in asked]
        fitting = [i for i, reading in enumerate(readings) if 0 < len(reading.input_ids) <= self.context]
        found: list[Float[np.ndarray, " C"] | None] = [None] * len(asked)
        for batch in length_batches([len(readings[i].input_ids) for i in fitting], BATCH_TOKENS):
            places = [fitting[i] for i in batch]
            for place, row in zip(places, self._batch([readings[place] for place in places]), strict=True):
                found[place] = row
        return found

    @property
    def context(self) -> int:
        """Tokens that it can read."""
        positions = getattr(self._loaded.network.config.get_text_config(), "max_position_embeddings", None)
        return min(positions or self._loaded.tokenizer.model_max_length, self._loaded.tokenizer.model_max_length)

    @torch.inference_mode()
    def _batch(self, readings: Sequence[Reading]) -> Float[np.ndarray, "n C"]:
        network, longest = self._loaded.network, max(len(reading.input_ids) for reading in readings)
        padding = self._padding(readings)
        ids = torch.full((len(readings), longest), padding)
        mask, types = torch.zeros(2, len(readings), longest, dtype=torch.long)
        for row, reading in enumerate(readings):
            ids[row, : len(reading.input_ids)] = torch.tensor(reading.input_ids)
            mask[row, : len(reading.input_ids)] = 1
            types[row, : len(reading.token_type_ids)] = torch.tensor(reading.token_type_ids, dtype=torch.long)
        inputs = {"input_ids": ids, "attention_mask": mask, **({"token_type_ids": types} if readings[0].token_type_ids else {})}
        config, before = network.config.get_text_config(), network.config.get_text_config().pad_token_id
        config.pad_token_id = padding
        try:
            logits = network(**{name: tensor.to(network.device) for name, tensor in inputs.items()}).logits
        finally:
            config.pad_token_id = before
        return np.asarray(logits.float().cpu().numpy())

    def _padding(self, readings: Sequence[Reading]) -> int:
        """The model's padding token; for one without, a token that ends no text here.

        Decoders judge at the last token that is not the padding token: a text's own last token must not be taken for padding.
        """
        own = self._loaded.network.config.get_text_config().pad_token_id
        last = {reading.input_ids[-1] for reading in readings}
        return int(own) if own is not None else next(i for i in range(len(last) + 1) if i not in last)


class ClassifierTeacher:
    """A sequence classifier as a teacher: its answers are names of classes.

    Args:
        classifier: with at least two classes that exclude each other.

    Raises:
        ModelError: its outputs are no distribution over classes.
    """

    gives = frozenset({"text", "classes"})

    def __init__(self, classifier: SequenceClassifier) -> None:
        if len(classifier.labels) < 2 or classifier.problem_type in {"multi_label_classification", "regression"}:
            what = "its outputs are no distribution over classes, so that it cannot teach"
            raise ModelError(what, where=classifier.name, fix=f"a model of one number can judge answers: reward:{classifier.name}")
        self.classifier, self.name, self.labels = classifier, classifier.name, classifier.labels

    def identity(self) -> dict[str, str]:
        """As `SequenceClassifier.identity`."""
        return self.classifier.identity()

    def draw(self, prompts: Sequence[Prompt], sampling: Sampling, keep: Keep = NOTHING) -> list[list[Answer]]:
        """`sampling.n` classes drawn for each prompt; every outlook has one position.

        Raises:
            ModelError: a prompt does not fit the context.
            CapabilityError: the outlook is to be kept otherwise than as `top_k`.
        """
        answers = []
        numbers = range(sampling.first, sampling.first + sampling.n)
        for prompt, logits in zip(prompts, self._logits(prompts), strict=True):
            keys = np.array([row_key(sampling.seed, prompt.id, number) for number in numbers], dtype=np.uint64)
            rows = torch.from_numpy(logits).expand(sampling.n, -1)
            chosen = choose(Distribution.of(rows), torch.from_numpy(uniforms(keys, 0)), sampling.temperature, sampling.top_p)
            answers.append([self._answer(logits, int(place), keep) for place in chosen])
        return answers

    def score(self, texts: Sequence[Given], keep: Keep = NOTHING) -> list[Answer]:
        """How likely each text, a class's name, is as the class of its prompt.

        Raises:
            ModelError: a text is no name of a class, or a prompt does not fit the context.
            CapabilityError: the outlook is to be kept otherwise than as `top_k`.
        """
        places = [self._place(each) for each in texts]
        logits = self._logits([each.prompt for each in texts])
        return [self._answer(row, place, keep) for row, place in zip(logits, places, strict=True)]

    def _place(self, given: Given) -> int:
        if given.token_ids:
            return given.token_ids[0]
        name = (given.text or "").strip()
        if name not in self.labels:
            raise ModelError(f"{name!r} is no class of it", where=self.name, fix=did_you_mean(name, list(self.labels)))
        return self.labels.index(name)

    def _logits(self, prompts: Sequence[Prompt]) -> list[Float[np.ndarray, " C"]]:
        found = []
        for prompt, logits in zip(prompts, self.classifier.logits([(prompt, None) for prompt in prompts]), strict=True):
            if logits is None:
                what = f"the prompt {prompt.question[:40]!r}... is empty or does not fit its context of {self.classifier.context} tokens"
                raise ModelError(what, where=self.name, fix="shorten or drop the prompt, or use a model with a longer context")
            found.append(logits)
        return found

    def _answer(self, logits: Float[np.ndarray, " C"], place: int, keep: Keep) -> Answer:
        text = self.labels[place]
        return Answer(text, (place,), "stop", outlook_of(logits, place, keep, self.name), (len(text.encode()),))


def outlook_of(logits: Float[np.ndarray, " C"], place: int, keep: Keep, where: str = "") -> Outlook:
    """What is kept of a distribution over C classes: one position, whose outcomes are classes.

    Args:
        logits: of the classes.
        place: the realised class.
        keep: `top_k`; a size above C keeps all C.
        where: of the error.

    Raises:
        CapabilityError: it is to be kept otherwise.
    """
    if keep.size and keep.codec != "top_k":
        raise CapabilityError(f"probabilities of classes are not kept as {keep.codec!r}", where=where, fix='use codec = "top_k"')
    wide = logits.astype(np.float64)
    log_p = wide - wide.max() - np.log(np.exp(wide - wide.max()).sum())
    order = np.argsort(-log_p, kind="stable")[: min(keep.size, len(logits))]
    rest = max(0.0, 1.0 - float(np.exp(log_p[order]).sum()))
    return Outlook(
        log_p=log_p[[place]].astype(np.float32),
        rank=np.array([1 + int((wide > wide[place]).sum())], np.int32),
        support_ids=order[None].astype(np.int32),
        support_log_p=log_p[order][None].astype(np.float32),
        tail_mass=np.array([rest], np.float32),
    )
