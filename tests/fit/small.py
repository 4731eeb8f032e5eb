"""A small student, a few examples and a loop over them. Imported by child processes too, so it knows nothing of pytest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from potstill.fit import Batch, EpochBatches, Example, FitResult, FitSettings, Term, fit
from potstill.signal import Point, Sparse
from potstill.signal.divergences.forward_kl import ForwardKL
from potstill.signal.divergences.jsd import JSD

VOCABULARY, LENGTH, TOP = 37, 24, 4


def network(seed: int = 0, **settings: Any) -> PreTrainedModel:
    """A Llama of two layers with tied embeddings, the same weights for the same seed."""
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1}
    config = LlamaConfig(vocab_size=VOCABULARY, max_position_embeddings=64, **{"tie_word_embeddings": True, **sizes, **settings})
    return LlamaForCausalLM(config)


def examples(count: int = 26, seed: int = 0) -> list[Example]:
    """Sequences that count up by a step of their own, with what a teacher might have stored."""
    rng = np.random.default_rng(seed)
    return [_example(rng, weight=1.0 + (number % 3) / 2) for number in range(count)]


def _example(rng: np.random.Generator, weight: float) -> Example:
    length, loss_from = int(rng.integers(4, LENGTH + 1)), int(rng.integers(1, 4))
    ids = (rng.integers(VOCABULARY) + rng.integers(1, 4) * np.arange(length)) % VOCABULARY
    top = np.stack([rng.permutation(VOCABULARY)[:TOP] for _ in range(length - loss_from)])
    log_p = np.log(rng.dirichlet(np.ones(TOP + 1), length - loss_from)[:, :TOP]).astype(np.float32)
    return Example(ids, loss_from, weight, top, log_p)


def source(**settings: Any) -> EpochBatches:
    """Batches of four rows."""
    return EpochBatches(examples(), **{"length": LENGTH, "rows": 4, "seed": 1, **settings})


def objective(batch: Batch) -> list[Term]:
    """Hard labels and a divergence from what the teacher stored."""
    assert batch.support_ids is not None
    assert batch.support_log_p is not None
    return [
        Term("cross_entropy", Point(batch.target), ForwardKL(), batch.weight),
        Term("jsd", Sparse(batch.support_ids, batch.support_log_p), JSD(), batch.weight * 0.5),
    ]


def train(
    folder: Path,
    steps: int = 12,
    *,
    student: PreTrainedModel | None = None,
    batches: EpochBatches | None = None,
    goal: Callable[[Batch], Sequence[Term]] = objective,
    settings: dict[str, Any] | None = None,
    **callbacks: Any,
) -> tuple[PreTrainedModel, FitResult]:
    """The student after so many steps, and what the loop says."""
    student = student or network()
    chosen = FitSettings(steps=steps, **{"lr": 1e-2, "checkpoint_every": 4, **(settings or {})})
    return student, fit(student, batches or source(), goal, chosen, folder, **callbacks)
