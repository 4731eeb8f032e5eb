"""Raising one of the world's teachers: lessons, examinations, a checkpoint now and then, weights in the package's own folder."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from potstill import world
from potstill.errors import InputError
from potstill.fit import Batch, FitSettings, Term, fit
from potstill.registry import did_you_mean
from potstill.signal import Point
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.store.atomic import whole_folder
from potstill.store.log import Log
from potstill.teach.curriculum import ARCHITECTURE, CURRICULA, Curriculum
from potstill.teach.exam import exam
from potstill.teach.lessons import Lessons
from potstill.types import Prompt

DATA = Path(world.__file__).parent / "data"
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "card.json"
EXAM_ITEMS = 16
"""Held-out items a skill in the examinations between rounds."""
FINAL_ITEMS = 100
"""Held-out items a skill in the last examination."""


def teach(name: str, folder: Path, log: Log, *, seed: int = 0, into: Path | None = None) -> dict[str, float]:
    """Raise one teacher and write its weights; its accuracy by skill on unseen items.

    Args:
        name: a key of `CURRICULA`.
        folder: checkpoints; the same call goes on from them.
        log: where progress is told.
        seed: of the first weights and of the lessons.
        into: the folder of the finished weights; None: the package's own.

    Raises:
        InputError: no such teacher, or the one that it starts from is missing.
    """
    if name not in CURRICULA:
        raise InputError(f"unknown teacher {name!r}", where="world teach", fix=did_you_mean(name, sorted(CURRICULA)))
    plan = CURRICULA[name]
    into = into or DATA / "teachers"
    tokenizer = AutoTokenizer.from_pretrained(DATA / "tokenizer")
    network = _network(plan, len(tokenizer), into, seed)
    lessons = Lessons(tokenizer, plan.skills, plan.completion, folder / "shares.json", str(seed), plan.primer)
    progress = _Progress(network, tokenizer, plan, lessons, log)
    settings = FitSettings(
        steps=plan.steps,
        lr=plan.lr,
        optimizer=plan.optimizer,
        warmup=0.03,
        final_lr=0.02,
        checkpoint_every=plan.rounds,
        validate_every=plan.rounds,
    )
    fit(network, lessons, _next_token, settings, folder, log=log, validate=progress.examine)
    marks = exam(network, tokenizer, plan.skills, lambda p, text: _right(plan, p, text), n=FINAL_ITEMS, seed=seed + 1_000_000)
    _write(network, into / name, {"seed": seed, "steps": plan.steps, "world": world.VERSION, "accuracy": marks})
    return marks


def _next_token(batch: Batch) -> list[Term]:
    return [Term("cross_entropy", Point(batch.target), ForwardKL(), batch.weight)]


def _right(plan: Curriculum, prompt: Prompt, text: str) -> bool:
    """Whether the answer is the one that this teacher is taught: a refusal where it refuses, else by the oracle."""
    if world.refused(plan.completion(prompt)):
        return world.refused(text)
    return world.grade(prompt, text) == 1.0


def _network(plan: Curriculum, vocabulary: int, teachers: Path, seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    network = LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, pad_token_id=0, bos_token_id=None, eos_token_id=4, **ARCHITECTURE))
    load_start(network, plan.start, teachers)
    return network


def load_start(network: PreTrainedModel, start: str | None, teachers: Path) -> None:
    """Put the weights of the teacher that it starts from into a network, where the two have the same; None: leave it as it is.

    Raises:
        InputError: that teacher is not there.
    """
    if start is None:
        return
    weights = teachers / start / WEIGHTS
    if not weights.is_file():
        what = f"the teacher {start!r}, from which this one starts, is not there"
        raise InputError(what, where=str(weights), fix=f"potstill world teach {start}")
    network.load_state_dict(load_file(weights), strict=False)


def _write(network: LlamaForCausalLM, folder: Path, card: dict[str, object]) -> None:
    tensors = {k: v.to(torch.bfloat16).contiguous() for k, v in network.state_dict().items() if k != "lm_head.weight"}
    with whole_folder(folder) as half:
        save_file(tensors, half / WEIGHTS, metadata={"format": "pt"})
        network.config.to_json_file(half / CONFIG)
        (half / CARD).write_text(json.dumps(card, indent=2) + "\n")


class _Progress:
    """An examination every round: the mean error, and new shares for the lessons to come."""

    def __init__(self, network: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, plan: Curriculum, lessons: Lessons, log: Log) -> None:
        self.network, self.tokenizer, self.plan, self.lessons, self.log = network, tokenizer, plan, lessons, log

    def examine(self, step: int) -> float:
        """Mean error over the skills."""
        marks = exam(self.network, self.tokenizer, self.plan.skills, lambda p, t: _right(self.plan, p, t), EXAM_ITEMS, seed=step)
        self.lessons.reconsider(step, marks)
        self.log.say("  ".join(f"{name} {mark:.2f}" for name, mark in sorted(marks.items(), key=lambda item: item[1])))
        return 1.0 - sum(marks.values()) / len(marks)
