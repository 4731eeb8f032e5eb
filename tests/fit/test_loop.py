from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel

from potstill.errors import TrainingError
from potstill.fit import Batch, FitSettings, Learner, Term
from tests.fit import small
from tests.fit.children import STOPPED, free_port, killed, run_each, together


def weights(student: PreTrainedModel) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in student.named_parameters()}


def metrics(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "metrics.parquet").to_pylist()
    return rows


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a | b)


def close(a: dict[str, Tensor], b: dict[str, Tensor], atol: float) -> bool:
    return all(torch.allclose(a[name], b[name], atol=atol) for name in a | b)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("undisturbed")
    student, result = small.train(folder)
    assert result.steps == 12
    return weights(student), metrics(folder)


def test_the_defaults_are_the_recommended_setting() -> None:
    assert FitSettings(steps=1) == FitSettings(
        steps=1,
        optimizer="adamw",
        lr=1e-3,
        warmup=0.05,
        schedule="cosine",
        final_lr=0.1,
        weight_decay=0.01,
        betas=(0.9, 0.98),
        grad_clip=1.0,
        precision="float32",
        checkpoint_every=200,
        validate_every=None,
    )


def test_the_loss_goes_down_and_the_metrics_say_how(undisturbed: tuple[dict[str, Tensor], list[dict[str, Any]]]) -> None:
    rows = undisturbed[1]
    assert [row["step"] for row in rows] == list(range(1, 13))
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5
    assert set(rows[0]) == {"step", "tokens", "loss", "cross_entropy", "jsd", "learning_rate", "grad_norm"}
    assert all(row["loss"] == pytest.approx(row["cross_entropy"] + 0.5 * row["jsd"], rel=1e-5) for row in rows)


def test_resumed_equals_undisturbed(tmp_path: Path, undisturbed: tuple[dict[str, Tensor], list[dict[str, Any]]]) -> None:
    class Stop(Exception):
        pass

    for stop_at in (6, 3):
        calls = 0

        def goal(batch: Batch, last: int = stop_at) -> list[Term]:
            nonlocal calls
            calls += 1
            if calls > last:
                raise Stop
            return small.objective(batch)

        with pytest.raises(Stop):
            small.train(tmp_path, goal=goal)
    torch.manual_seed(99)
    student, result = small.train(tmp_path, student=small.network(seed=5))
    assert result.steps == 12
    assert same(weights(student), undisturbed[0])
    assert metrics(tmp_path) == undisturbed[1]


class Fading:
    """An objective whose divergence fades as the losses fall, and which stops after so many steps."""

    def __init__(self, last: int = 99) -> None:
        self.left, self.seen = last, 0.0

    def __call__(self, batch: Batch) -> list[Term]:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        terms = small.objective(batch)
        return [terms[0], replace(terms[1], scale=1.0 / (1.0 + self.seen))]

    def begin(self, progress: float) -> dict[str, float]:
        return {"progress": progress, "seen": self.seen}

    def observe(self, means: Sequence[float]) -> None:
        self.seen += sum(means)

    def state(self) -> float:
        return self.seen

    def restore(self, state: float) -> None:
        self.seen = state


def test_what_an_objective_remembers_is_resumed_with_the_rest(tmp_path: Path) -> None:
    student, _ = small.train(tmp_path / "whole", goal=Fading())
    with pytest.raises(KeyboardInterrupt):
        small.train(tmp_path / "broken", goal=Fading(last=6))
    resumed, _ = small.train(tmp_path / "broken", student=small.network(seed=5), goal=Fading())
    assert same(weights(resumed), weights(student))
    assert metrics(tmp_path / "broken") == metrics(tmp_path / "whole")
    rows = metrics(tmp_path / "whole")
    assert [rows[0]["progress"], rows[-1]["progress"]] == [0.0, 1.0]
    assert rows[1]["seen"] == pytest.approx(rows[0]["cross_entropy"] + rows[0]["jsd"])


def test_killed_and_run_again_equals_undisturbed(tmp_path: Path, undisturbed: tuple[dict[str, Tensor], list[dict[str, Any]]]) -> None:
    assert run_each(killed, [(tmp_path, 12, 7)]) == [-signal.SIGKILL]
    student, _ = small.train(tmp_path, student=small.network(seed=5))
    assert same(weights(student), undisturbed[0])
    assert metrics(tmp_path) == undisturbed[1]


def test_a_finished_run_is_only_read(tmp_path: Path) -> None:
    student, _ = small.train(tmp_path, steps=4)
    again, result = small.train(tmp_path, steps=4, student=small.network(seed=5))
    assert result.steps == 4
    assert same(weights(again), weights(student))


def test_accumulated_equals_one_big_batch(tmp_path: Path) -> None:
    big, _ = small.train(tmp_path / "big", batches=small.source(rows=8))
    parts, _ = small.train(tmp_path / "parts", batches=small.source(rows=2, accumulate=4))
    assert close(weights(parts), weights(big), atol=1e-4)
    for one, other in zip(metrics(tmp_path / "big"), metrics(tmp_path / "parts"), strict=True):
        assert one["tokens"] == other["tokens"]
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-4)


def test_the_loss_is_over_all_targets_of_the_step_by_weight(tmp_path: Path) -> None:
    """Micro-batches of unlike size: a mean of their means would be another number."""
    batches, student = small.source(rows=3, accumulate=2, packed=False), small.network()
    with torch.no_grad():
        micro = batches.batch(0)
        parts = [Learner(student)(batch, small.objective(batch))[0] for batch in micro]
    assert len({len(batch.rows) for batch in micro}) > 1
    small.train(tmp_path, steps=1, student=student, batches=batches)
    expected = sum(parts) / sum(batch.weight.sum() for batch in micro)
    assert metrics(tmp_path)[0]["loss"] == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize(("value", "what"), [(float("nan"), "loss is nan"), (float("inf"), "loss is inf")])
def test_a_loss_that_is_not_finite_stops_before_the_step(tmp_path: Path, value: float, what: str) -> None:
    student, calls = small.network(), 0

    def goal(batch: Batch) -> list[Term]:
        nonlocal calls
        calls += 1
        if calls == 6:
            before.update(weights(student))
            batch.weight[0] = value
            batch.weight[1:] = 1.0
        return small.objective(batch)

    before: dict[str, Tensor] = {}
    with pytest.raises(TrainingError, match=f"step 6: the {what}"):
        small.train(tmp_path, student=student, goal=goal)
    assert same(weights(student), before)
    assert [row["step"] for row in metrics(tmp_path)] == [1, 2, 3, 4], "the last checkpoint is whole, and the same command goes on from it"
    assert small.train(tmp_path)[1].steps == 12


def test_a_gradient_that_is_not_finite_stops_before_the_step(tmp_path: Path) -> None:
    student = small.network()
    student.lm_head.weight.register_hook(lambda grad: grad * float("inf"))
    before = weights(student)
    with pytest.raises(TrainingError, match="step 1: the gradient is"):
        small.train(tmp_path, student=student)
    assert same(weights(student), before)


def test_a_step_without_targets_is_an_error(tmp_path: Path) -> None:
    class Nothing:
        def batch(self, step: int) -> list[Batch]:
            batch = small.source().batch(step)[0]
            batch.weight.zero_()
            return [batch]

    with pytest.raises(TrainingError, match="no token counts"):
        small.train(tmp_path, batches=Nothing())  # type: ignore[arg-type]


def test_validation_keeps_the_best(tmp_path: Path) -> None:
    losses, kept = {2: 3.0, 4: 1.0, 6: 2.0}, []
    validated = {"validate": lambda step: losses[step], "on_best": lambda: kept.append(len(kept))}
    _, result = small.train(tmp_path, steps=6, settings={"validate_every": 2}, **validated)
    assert (result.best_step, result.best_validation) == (4, 1.0)
    assert len(kept) == 2
    assert [row["validation_loss"] for row in metrics(tmp_path)] == [None, 3.0, None, 1.0, None, 2.0]


def test_validation_without_a_validator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to validate with"):
        small.train(tmp_path, steps=2, settings={"validate_every": 2})


def test_bfloat16_learns_too(tmp_path: Path) -> None:
    student, _ = small.train(tmp_path, settings={"precision": "bfloat16"})
    rows = metrics(tmp_path)
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5
    assert all(p.dtype == torch.float32 for p in student.parameters())


def test_two_processes_equal_one_with_the_double_batch(tmp_path: Path) -> None:
    given = [len(small.source(rows=2, accumulate=2).batch(step)) for step in range(8)]
    assert set(given) == {1, 2}, "an epoch ends in a step that leaves the second process without a share"
    alone, _ = small.train(tmp_path / "alone", steps=8, batches=small.source(rows=4))
    shared = tmp_path / "shared"
    shared.mkdir()
    for stop_at, code in ((7, STOPPED), (None, 0)):
        port = free_port()
        assert run_each(together, [(rank, port, shared, 8, stop_at) for rank in range(2)]) == [code, code]
    first, second = (load_file(shared / f"weights-{rank}.safetensors") for rank in range(2))
    assert same(first, second)
    assert close(first, weights(alone), atol=1e-4)
    for one, other in zip(metrics(tmp_path / "alone"), metrics(shared), strict=True):
        assert one["tokens"] == other["tokens"]
        assert other["loss"] == pytest.approx(one["loss"], rel=1e-4)
