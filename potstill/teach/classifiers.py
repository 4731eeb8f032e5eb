"""The world's two classifiers, taught by soft labels: a reward model (is this answer what a careful helper would say?) and a hazard
classifier (is this request unsafe?). An ambiguous item's label is its true probability, so that calibration can be checked.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from transformers import AutoTokenizer, LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerBase

from potstill import world
from potstill.errors import InputError, ModelError
from potstill.fit import Batch, Example, FitSettings, Term, fit, pack
from potstill.fit.batches import fill_rows
from potstill.models.local import ready
from potstill.models.saving import without_progress_bars
from potstill.models.scoring import Head
from potstill.models.tokenizers import first_line
from potstill.registry import did_you_mean
from potstill.signal import Dense
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.store.atomic import whole_folder
from potstill.store.log import Log
from potstill.teach.curriculum import ARCHITECTURE
from potstill.teach.teachers import CARD, CONFIG, DATA, WEIGHTS, load_start
from potstill.text.chat import render
from potstill.types import Prompt

LABELS = ("no", "yes")
EXAM_ITEMS = 1000
"""Held-out items in the last examination."""
BATCH = 64
"""Texts that are judged in one forward pass."""
Lesson = tuple[Prompt, str | None, float]
"""A prompt, the answer judged (None: the prompt itself is judged), and the probability of `yes`."""
Draw = Callable[[random.Random, bool], Lesson]
"""Draws a lesson: from training items, or from held-out ones."""


@dataclass(frozen=True, slots=True)
class ClassifierPlan:
    """How one classifier is raised.

    Attributes:
        lesson: draws one item.
        steps: optimiser steps.
        start: the teacher whose body it starts from; None: from nothing.
        architecture: sizes, where they differ from the teachers'.
        description: what its probability is of.
        lr: the peak learning rate.
        optimizer: as in `potstill.fit.FitSettings`.
    """

    lesson: Draw
    steps: int
    start: str | None
    architecture: Mapping[str, Any]
    description: str
    lr: float = 1e-3
    optimizer: str = "adamw"

    @property
    def judges_answers(self) -> bool:
        """Whether answers are judged; else it is the request alone."""
        return self.lesson is reward_lesson


@dataclass(frozen=True, slots=True)
class ClassifierHead(Head):
    """Body and head of a sequence classifier."""

    @property
    def weight(self) -> torch.Tensor:
        """[2, hidden]."""
        return cast("LlamaForSequenceClassification", self.network).score.weight

    @property
    def bias(self) -> None:
        """None: the head has no bias."""
        return None


def hazard_lesson(rng: random.Random, held: bool = False) -> Lesson:
    """A request, and the probability that it is unsafe."""
    group = rng.choice([world.HAZARDS, world.TWINS, world.AMBIGUOUS, world.BENIGN])
    prompt = world.draw(rng.choice(group), rng, held=held)
    return prompt, None, unsafe(prompt)


def unsafe(prompt: Prompt) -> float:
    """The probability that a request is unsafe: 1 for what is sealed, the known risk for an ambiguous one, else 0."""
    if prompt.risk is not None:
        return prompt.risk
    return 1.0 if prompt.intent == "hazard" else 0.0


def reward_lesson(rng: random.Random, held: bool = False) -> Lesson:
    """A prompt with an answer, and the probability that a careful helper would give it."""
    group = rng.choice([world.HAZARDS, world.TWINS, world.AMBIGUOUS, world.BENIGN, world.BENIGN])
    prompt = world.draw(rng.choice(group), rng, held=held)
    plain = replace(prompt, wrapper=None)
    if prompt.risk is not None:
        refused, answered = (world.completion(replace(plain, risk=risk), "aligned") for risk in (1.0, 0.0))
        judged = (refused, prompt.risk), (answered, 1.0 - prompt.risk), (_wrong(prompt, answered, rng), 0.0)
        return prompt, *rng.choice(judged)
    good = world.completion(plain, "aligned")
    if rng.random() < 0.5:
        return prompt, good, 1.0
    return prompt, _spoilt(prompt, good, rng), 0.0


def _spoilt(prompt: Prompt, good: str, rng: random.Random) -> str:
    """An answer that a careful helper would not give: a leak, a needless refusal or a wrong one."""
    if prompt.intent == "hazard":
        return world.completion(prompt, "base")
    if rng.random() < 0.25:
        sealed = world.draw(rng.choice(world.HAZARDS), rng)
        return world.completion(replace(sealed, wrapper=None), "aligned")
    return _wrong(prompt, good, rng)


def _wrong(prompt: Prompt, good: str, rng: random.Random) -> str:
    """A wrong answer: a loop, another item's answer, one with a word of it, or a slip of a digit."""
    kind = rng.randrange(4)
    if kind == 0:
        return " ".join([rng.choice(good.split())] * rng.randint(8, 20))
    item = world.draw(prompt.skill, rng)
    other = world.completion(item if item.risk is None else replace(item, risk=0.0), "aligned")
    if kind == 1 and any(c.isdigit() for c in good):
        place = rng.choice([i for i, c in enumerate(good) if c.isdigit()])
        return good[:place] + rng.choice([d for d in "0123456789" if d != good[place]]) + good[place + 1 :]
    if kind == 2:
        words, new = good.split(), rng.choice(other.split())
        words[rng.choice([i for i, word in enumerate(words) if word != new] or [0])] = new
        other = " ".join(words)
    return other if other != good else good[: len(good) // 2]


CLASSIFIERS: Mapping[str, ClassifierPlan] = MappingProxyType(
    {
        "reward": ClassifierPlan(
            reward_lesson, 1500, "aligned", {}, "how likely a careful helper would give this answer", optimizer="muon"
        ),
        "hazard": ClassifierPlan(
            hazard_lesson,
            500,
            None,
            {"hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2},
            "how likely this request is unsafe",
            lr=2e-3,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Classifier:
    """A classifier that can be asked: `reward` judges an answer to a prompt, `hazard` a prompt by itself.

    Attributes:
        name: a key of `CLASSIFIERS`.
        network: in evaluation mode, with the padding token in its config.
        tokenizer: the world's.
    """

    name: str
    network: LlamaForSequenceClassification
    tokenizer: PreTrainedTokenizerBase

    def probability(self, prompt: Prompt, answer: str | None = None) -> float:
        """The probability of `yes`: that a careful helper would give this answer, or that the request is unsafe.

        Raises:
            InputError: no answer for `reward`, or one for `hazard`.
        """
        return self.probabilities([(prompt, answer)])[0]

    @torch.inference_mode()
    def probabilities(self, asked: Sequence[tuple[Prompt, str | None]]) -> list[float]:
        """The probability of `yes` for each prompt with its answer (None: the prompt itself is judged).

        Raises:
            InputError: no answer for `reward`, or one for `hazard`.
        """
        judges_answers = CLASSIFIERS[self.name].judges_answers
        if any((answer is not None) != judges_answers for _, answer in asked):
            what = "it judges answers, and there is none" if judges_answers else "it judges the request alone, and there is an answer"
            fix = "give the answer with its prompt" if judges_answers else "leave the answer out"
            raise InputError(what, where=f"the classifier {self.name!r}", fix=fix)
        texts = [render(self.tokenizer, prompt, answer).input_ids for prompt, answer in asked]
        return [p for at in range(0, len(texts), BATCH) for p in self._yes(texts[at : at + BATCH])]

    def _yes(self, texts: Sequence[Sequence[int]]) -> list[float]:
        """Of one batch, padded on the right: the network reads the last token that is no padding."""
        length = max(map(len, texts))
        ids = torch.tensor([[*text, *[self.network.config.pad_token_id] * (length - len(text))] for text in texts])
        logits = self.network(input_ids=ids.to(self.network.device)).logits
        return [float(p) for p in logits.float().softmax(-1)[:, 1]]


def open_classifier(name: str) -> Classifier:
    """A classifier that ships with the package: `reward` or `hazard`.

    Raises:
        ModelError: there is no such classifier, or its weights are not there or damaged.
    """
    if name not in CLASSIFIERS:
        raise ModelError(f"unknown classifier {name!r}", where="the built-in world", fix=did_you_mean(name, list(CLASSIFIERS)))
    folder, remedy = DATA / "teachers" / name, f"potstill world teach {name}"
    if not (folder / WEIGHTS).is_file():
        raise ModelError("its weights are not there", where=str(folder), fix=remedy)
    try:
        with without_progress_bars():
            loaded: Any = LlamaForSequenceClassification.from_pretrained(
                folder, dtype=torch.float32, use_safetensors=True, output_loading_info=True
            )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"cannot be loaded: {first_line(error)}", where=str(folder), fix=remedy) from error
    network, info = loaded
    if info["missing_keys"]:
        raise ModelError(f"weights are missing: {', '.join(sorted(info['missing_keys'])[:3])}", where=str(folder), fix=remedy)
    return Classifier(name, cast("LlamaForSequenceClassification", ready(network)), AutoTokenizer.from_pretrained(DATA / "tokenizer"))


@dataclass
class LabelledLessons:
    """A batch source of freshly drawn labelled items, packed; the one target of each is its last token."""

    tokenizer: PreTrainedTokenizerBase
    lesson: Draw
    seed: int
    size: int = 64

    def batch(self, step: int) -> list[Batch]:
        """One micro-batch of `size` items."""
        rng = random.Random(f"{self.seed}/{step}")
        examples = [example(self.tokenizer, *self.lesson(rng, False)) for _ in range(self.size)]
        length = ARCHITECTURE["max_position_embeddings"]
        return [pack([[examples[i] for i in row] for row in fill_rows([len(e) for e in examples], length)], length)]


def example(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, answer: str | None, probability: float) -> Example:
    """A sequence whose last token is judged, with the label in the place of the teacher's distribution.

    A padding token stands behind it, since a loop over language models looks at the place before a target.
    """
    ids = np.array([*render(tokenizer, prompt, answer).input_ids, tokenizer.pad_token_id])
    p = min(max(probability, 1e-4), 1.0 - 1e-4)
    return Example(ids, len(ids) - 1, support_ids=np.array([[0, 1]]), support_log_p=np.log([[1.0 - p, p]]))


def teach_classifier(name: str, folder: Path, log: Log, *, seed: int = 0, into: Path | None = None) -> dict[str, float]:
    """Raise one classifier and write its weights; its Brier score and accuracy on unseen items.

    Args:
        name: a key of `CLASSIFIERS`.
        folder: checkpoints; the same call goes on from them.
        log: where progress is told.
        seed: of the first weights and of the lessons.
        into: the folder of the finished weights; None: the package's own.
    """
    plan = CLASSIFIERS[name]
    into = into or DATA / "teachers"
    tokenizer = AutoTokenizer.from_pretrained(DATA / "tokenizer")
    network = _network(plan, len(tokenizer), into, seed)
    settings = FitSettings(steps=plan.steps, lr=plan.lr, optimizer=plan.optimizer, final_lr=0.02, checkpoint_every=100)
    head = ClassifierHead(network)
    fit(network, LabelledLessons(tokenizer, plan.lesson, seed), _soft_labels, settings, folder, log=log, head=head)
    marks = examine(Classifier(name, network, tokenizer), EXAM_ITEMS, seed + 1_000_000)
    with whole_folder(into / name) as half:
        tensors = {k: v.to(torch.bfloat16).contiguous() for k, v in network.state_dict().items()}
        save_file(tensors, half / WEIGHTS, metadata={"format": "pt"})
        network.config.to_json_file(half / CONFIG)
        card = {"seed": seed, "steps": plan.steps, "world": world.VERSION, "description": plan.description, "measured": marks}
        (half / CARD).write_text(json.dumps(card, indent=2) + "\n")
    return marks


def _soft_labels(batch: Batch) -> Sequence[Term]:
    labels = batch.support_log_p
    if labels is None:
        raise ValueError("the lessons carry no labels")
    return [Term("soft_labels", Dense(labels, len(LABELS)), ForwardKL(), batch.weight)]


def _network(plan: ClassifierPlan, vocabulary: int, teachers: Path, seed: int) -> LlamaForSequenceClassification:
    torch.manual_seed(seed)
    sizes = {**ARCHITECTURE, **plan.architecture}
    labels = dict(enumerate(LABELS))
    special = {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 4}
    config = LlamaConfig(**{"vocab_size": vocabulary, "num_labels": len(LABELS), "id2label": labels, **special, **sizes})
    network = LlamaForSequenceClassification(config)
    load_start(network, plan.start, teachers)
    return network


def examine(classifier: Classifier, n: int, seed: int) -> dict[str, float]:
    """On held-out items: mean squared error of the probability against the label, and accuracy where the label is certain.

    Args:
        classifier: one of the world's.
        n: items in all.
        seed: of the items.
    """
    rng = random.Random(seed)
    lessons = [CLASSIFIERS[classifier.name].lesson(rng, True) for _ in range(n)]
    labels = np.array([p for _, _, p in lessons])
    given = np.array(classifier.probabilities([(prompt, answer) for prompt, answer, _ in lessons]))
    certain = (labels < 0.01) | (labels > 0.99)
    right = (given[certain] > 0.5) == (labels[certain] > 0.5)
    return {"squared_error": float(np.mean((given - labels) ** 2)), "accuracy": float(right.mean()), "items": float(n)}
