"""The one optimiser loop. It knows batches, gradients and checkpoints, and nothing of what is learnt: an objective says that.

For each step: the micro-batches of that step, the objective's terms for each, the fused head's loss divided by the step's total weight over
all micro-batches and processes, a check that loss and gradient are finite, clipping, AdamW or Muon. An interrupted run goes on from the
last checkpoint and ends where an undisturbed one would have ended, bit for bit on a CPU with the same number of threads.

Several processes (`accelerate launch`) share a step's micro-batches, so that the step is the same however many they are. The main process
alone keeps metrics, tells of progress and writes what there is one of.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from potstill.errors import TrainingError
from potstill.fit import checkpoint
from potstill.fit.batches import Batch, BatchSource
from potstill.fit.head import Term, fused_loss
from potstill.fit.metrics import Metrics
from potstill.fit.optimizers import optimizers
from potstill.fit.schedule import learning_rate
from potstill.models.scoring import Head, body_and_head
from potstill.store.log import Log, Quiet

Objective = Callable[[Batch], Sequence[Term]]
"""What is to be learnt from a batch: terms over its N rows, each with a weight a row (the batch's own, times the term's factor)."""


@runtime_checkable
class Scheduled(Protocol):
    """An objective that changes from step to step."""

    def begin(self, progress: float) -> Mapping[str, float]:
        """Called before each step with the share of the steps done, from 0 to 1; what is told goes into the metrics."""
        ...

    def observe(self, means: Sequence[float]) -> None:
        """Called after each step with the mean of each term."""
        ...

    def state(self) -> Any:
        """What it remembers from step to step, JSON."""
        ...

    def restore(self, state: Any) -> None:
        """Remember what `state` told."""
        ...


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the loop steps. The defaults are the recommended setting for a small student.

    Attributes:
        steps: optimiser steps.
        optimizer: `adamw`, or `muon` for the inner matrices with AdamW for the rest.
        lr: peak learning rate.
        warmup: share of the steps spent rising to it.
        schedule: `cosine`, `linear` or `constant`.
        final_lr: share of the peak that is left at the end.
        weight_decay: of matrices; embeddings, norms and biases have none.
        betas: AdamW's.
        grad_clip: largest norm of the gradient.
        precision: `float32`, or `bfloat16` for the matrix products.
        checkpoint_every: steps between two checkpoints.
        validate_every: steps between two validations; None: none.
    """

    steps: int
    optimizer: str = "adamw"
    lr: float = 1e-3
    warmup: float = 0.05
    schedule: str = "cosine"
    final_lr: float = 0.1
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    grad_clip: float = 1.0
    precision: str = "float32"
    checkpoint_every: int = 200
    validate_every: int | None = None


@dataclass(frozen=True, slots=True)
class FitResult:
    """What came of it. `best_step` and `best_validation` are None when nothing was validated; `seconds` is of this call alone."""

    steps: int
    tokens: int
    seconds: float
    best_step: int | None
    best_validation: float | None


class Learner(nn.Module):
    """Body, head and loss in one forward pass, so that wrappers for several processes see every parameter used."""

    def __init__(self, network: PreTrainedModel, head: Head | None = None) -> None:
        super().__init__()
        self.network = network
        self.head = head or body_and_head(network)

    def forward(self, batch: Batch, terms: Sequence[Term]) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of the terms, and each term's value a row."""
        hidden = self.head.hidden(batch.input_ids, position_ids=batch.position_ids)
        return fused_loss(hidden.flatten(0, 1).index_select(0, batch.rows), self.head.output(), terms)


def fit(
    network: PreTrainedModel,
    source: BatchSource,
    objective: Objective,
    settings: FitSettings,
    folder: Path,
    *,
    log: Log | None = None,
    validate: Callable[[int], float] | None = None,
    on_best: Callable[[], None] | None = None,
    head: Head | None = None,
) -> FitResult:
    """Train `network` in place.

    Args:
        network: the student.
        source: gives the micro-batches of each step.
        objective: gives the terms of each micro-batch.
        settings: how to step.
        folder: checkpoints and `metrics.parquet` are kept here; a run that finds a checkpoint goes on from it.
        log: where progress is told.
        validate: the step -> a loss on held-out text, lower is better.
        on_best: called after a validation that beats all before it.
        head: the network's two halves; None: those of a causal language model.

    Raises:
        TrainingError: a loss or gradient is not finite; the step is named, and the last checkpoint is whole.
    """
    return _Loop(network, source, objective, settings, folder, log or Quiet(), validate, on_best, head).run()


class _Loop:
    def __init__(
        self,
        network: PreTrainedModel,
        source: BatchSource,
        objective: Objective,
        settings: FitSettings,
        folder: Path,
        log: Log,
        validate: Callable[[int], float] | None,
        on_best: Callable[[], None] | None,
        head: Head | None,
    ) -> None:
        self.source, self.objective, self.settings, self.folder = source, objective, settings, folder
        self.validate, self.on_best = validate, on_best
        whole: object = objective
        self.scheduled = whole if isinstance(whole, Scheduled) else None
        self.accelerator = Accelerator(mixed_precision="no")
        self.log = log if self.accelerator.is_main_process else Quiet()
        chosen = optimizers(network, settings.optimizer, lr=settings.lr, betas=settings.betas, weight_decay=settings.weight_decay)
        self.learner, *self.optimizers = self.accelerator.prepare(Learner(network, head), *chosen)
        self.metrics = Metrics(folder / "metrics.parquet")
        self.step, self.tokens = 0, 0
        self.best: tuple[int | None, float | None] = (None, None)

    def run(self) -> FitResult:
        self._resume()
        started = time.monotonic()
        self.learner.train()
        self._look_at_the_share()
        with self.log.task("train", self.settings.steps - self.step, "steps") as task:
            while self.step < self.settings.steps:
                row = self._one_step()
                if self._due(self.settings.validate_every):
                    row["validation_loss"] = self._validate()
                self.metrics.add(row)
                if self._due(self.settings.checkpoint_every):
                    self._save()
                task.advance(1, loss=row["loss"])
        self.learner.eval()
        return FitResult(self.step, self.tokens, time.monotonic() - started, *self.best)

    def _due(self, every: int | None) -> bool:
        return every is not None and (self.step % every == 0 or self.step == self.settings.steps)

    def _one_step(self) -> dict[str, Any]:
        micro = self._share(self.source.batch(self.step))
        total, tokens = self._over_processes([sum(float(b.weight.sum()) for b in micro), sum(b.tokens for b in micro)])
        if not total > 0:
            raise TrainingError("no token counts", where=f"step {self.step + 1}", fix="look at the traces' masks and weights")
        rate, moved = self._set_rate(), self._begin()
        values = [self._accumulate(batch, total, last=number == len(micro)) for number, batch in enumerate(micro, start=1)]
        sums = self._over_processes(torch.stack([torch.stack(list(v.values())) for v in values]).sum(0).tolist())
        means = {name: value / total for name, value in zip(values[0], sums, strict=True)}
        norm = self._checked_update(means["loss"])
        if self.scheduled is not None:
            self.scheduled.observe([mean for name, mean in means.items() if name != "loss"])
        self.step += 1
        self.tokens += int(tokens)
        return {"step": self.step, "tokens": self.tokens, "learning_rate": rate, "grad_norm": norm, **moved, **means}

    def _begin(self) -> Mapping[str, float]:
        """Tell the objective that a step begins, if it wants to know."""
        return {} if self.scheduled is None else self.scheduled.begin(self.step / max(1, self.settings.steps - 1))

    def _share(self, micro: Sequence[Batch]) -> Sequence[Batch]:
        """This process's part of a step, dealt out in turn. One left without takes the first micro-batch at no weight: all must meet."""
        index, count = self.accelerator.process_index, self.accelerator.num_processes
        return micro[index::count] or [replace(micro[0], weight=torch.zeros_like(micro[0].weight), tokens=0)]

    def _look_at_the_share(self) -> None:
        count = self.accelerator.num_processes
        if count == 1 or self.step == self.settings.steps:
            return
        given = len(self.source.batch(self.step))
        if given < count:
            self.log.say(f"train: {given} of {count} processes have a micro-batch, the others idle; set train.accumulate to {count}")

    def _accumulate(self, batch: Batch, total: float, last: bool) -> dict[str, Tensor]:
        """One micro-batch forward and backward; sums over its rows of the loss and of each term."""
        batch = batch.to(self.accelerator.device)
        terms, half = self.objective(batch), self.settings.precision == "bfloat16"
        with nullcontext() if last else self.accelerator.no_sync(self.learner):
            with torch.autocast(batch.input_ids.device.type, torch.bfloat16, enabled=half):
                loss, values = self.learner(batch, terms)
            self.accelerator.backward(loss * (self.accelerator.num_processes / total))
        return {"loss": loss.detach()} | {name: (value * batch.weight).sum() for name, value in values.items()}

    def _checked_update(self, loss: float) -> float:
        """One step of the optimiser; the gradient's norm."""
        norm = float(self.accelerator.clip_grad_norm_(self.learner.parameters(), self.settings.grad_clip))
        for what, value in (("loss", loss), ("gradient", norm)):
            if not math.isfinite(value):
                remedy = "lower train.lr or look at that batch; the last checkpoint is whole"
                raise TrainingError(f"the {what} is {value}", where=f"step {self.step + 1}", fix=remedy)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return norm

    def _set_rate(self) -> float:
        s = self.settings
        rate = learning_rate(self.step, steps=s.steps, peak=s.lr, warmup=s.warmup, final=s.final_lr, shape=s.schedule)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        return rate

    def _over_processes(self, values: Sequence[float]) -> list[float]:
        """The sum of each number over all processes."""
        if self.accelerator.num_processes == 1:
            return list(values)
        here = torch.tensor(values, dtype=torch.float64, device=self.accelerator.device)
        summed: list[float] = self.accelerator.reduce(here, "sum").tolist()
        return summed

    def _validate(self) -> float:
        if self.validate is None:
            raise ValueError("validate_every is set, and there is nothing to validate with")
        self.learner.eval()
        value = self.validate(self.step)
        self.learner.train()
        if self.best[1] is None or value < self.best[1]:
            self.best = (self.step, value)
            if self.on_best is not None and self.accelerator.is_main_process:
                self.on_best()
        return value

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            self.metrics.write()
        state = {"tokens": self.tokens, "best": self.best, "objective": None if self.scheduled is None else self.scheduled.state()}
        checkpoint.save(self.accelerator, self.folder / "checkpoints", self.step, state)

    def _resume(self) -> None:
        state = checkpoint.load(self.accelerator, self.folder / "checkpoints")
        if state is not None:
            self.step, self.tokens, self.best = state["step"], state["tokens"], tuple(state["best"])
            if self.scheduled is not None:
                self.scheduled.restore(state["objective"])
            self.metrics.read(until=self.step)
            self.log.say(f"train: going on from step {self.step}")
