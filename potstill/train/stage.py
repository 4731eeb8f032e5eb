"""The stage: kept traces in, a student folder and its metrics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from potstill.curate.balance import VERSION
from potstill.fit import EpochBatches, Example, FitResult, FitSettings
from potstill.fit import fit as run_loop
from potstill.fit.packing import keeps_apart
from potstill.models import LocalModel, open_student, open_teacher, teacher_tokenizer
from potstill.models.saving import save_network, save_tokenizer, without_progress_bars
from potstill.models.scoring import body_and_head
from potstill.models.scorings import SUPPORTS, supports
from potstill.recipe import LossSection, Recipe, TrainSection
from potstill.registry import find
from potstill.signal import Sparse
from potstill.store import Artifact, Run, Workspace, rows
from potstill.store.atomic import whole_folder
from potstill.store.tables import stream
from potstill.train.examples import Encoder
from potstill.train.live import LiveTeacher, check_weights
from potstill.train.mixing import as_drawn, rebalanced
from potstill.train.objective import Objective
from potstill.train.tokens import check_divergences, same_tokens
from potstill.train.validation import validator
from potstill.types import Prompt, TeacherCard

STUDENT, METRICS, STRATA = "student", "metrics", "strata"


def fit(run: Run, cut: Artifact) -> Artifact:
    """Train the student on what the filters kept.

    The artifact holds `student/`, a folder that transformers loads, `metrics.parquet`, a row a step, and with `train.balance`
    `strata.parquet`, a row a kind of trace.

    Args:
        run: the run.
        cut: the artifact of the stage `filter`.

    Raises:
        CapabilityError: a loss needs what the teacher did not give, or tokens that are not the student's.
        TrainingError: a loss or gradient is not finite.
    """
    recipe = run.recipe
    check_divergences(recipe)
    inputs = {"prompts": run.artifact("prompts"), "generate": run.artifact("generate"), "filter": cut}
    section = {"student": recipe.student, "train": recipe.train, "teachers": [teacher.decisive() for teacher in recipe.teachers]}
    return run.perform("train", section=section, inputs=inputs, parts=_parts(recipe), work=lambda ws: _Training(run, inputs, ws).work())


def _parts(recipe: Recipe) -> dict[str, str]:
    """The versions of the parts that decide the outcome, and the weights that it starts from."""
    losses = recipe.train.losses
    found = {f"loss/{loss.kind}": find("loss", loss.kind, "train.losses").version for loss in losses}
    for loss in losses:
        if loss.kind == "divergence":
            found[f"divergence/{loss.divergence}"] = find("divergence", loss.divergence, "train.losses").version
            found |= {f"codec/{each.codec}": find("codec", each.codec, "teachers.codec").version for each in recipe.teachers}
    if recipe.train.balance is not None:
        found["balance"] = VERSION
    return found | {f"student/{key}": value for key, value in base_student(recipe).identity().items()}


def base_student(recipe: Recipe) -> LocalModel:
    """The student before training."""
    return open_student(recipe.student, teacher_tokenizer(recipe.teachers[0]), seed=recipe.seed)


class _Training:
    def __init__(self, run: Run, inputs: Mapping[str, Artifact], workspace: Workspace) -> None:
        self.run, self.recipe, self.section = run, run.recipe, run.recipe.train
        self.inputs, self.workspace = inputs, workspace
        self.mixture: dict[str, Any] = {}

    def work(self) -> dict[str, Any]:
        if self.section.threads is not None:
            torch.set_num_threads(self.section.threads)
        student = base_student(self.recipe)
        network = student.network
        encoder = Encoder(
            student.tokenizer, same_tokens(self.recipe), self.section.max_length, self._needs_signals(), self.section.learn == "answer"
        )
        examples = self._examples(encoder)
        live = self._live(network.config.vocab_size)
        packed = self._packed(network, live)
        source = self._source(examples, packed)
        settings = _settings(self.section, source)
        self.run.log.say(f"train: {len(examples)} traces, {sum(map(len, examples))} tokens, {settings.steps} steps")
        tails = self._tails(source, network.config.vocab_size)
        best = self.workspace.scratch / "best"
        result = run_loop(
            network,
            source,
            Objective(self.section.losses, live),
            settings,
            self.workspace.scratch,
            log=self.run.log,
            validate=self._validate(network, student.tokenizer) if settings.validate_every else None,
            on_best=lambda: _keep_best(network, best),
        )
        with without_progress_bars():
            chosen = network if self.section.keep == "last" else type(network).from_pretrained(best)
        with self.workspace.write_folder(STUDENT) as folder:
            save_network(chosen, folder)
            save_tokenizer(student.tokenizer, folder)
        self._keep_metrics(result)
        return {
            "traces": len(examples),
            "cut": encoder.cut,
            "dropped": encoder.dropped,
            "packed": packed,
            "steps": result.steps,
            "tokens": result.tokens,
            "parameters": sum(p.numel() for p in network.parameters()),
            "best_step": result.best_step,
            "best_validation": result.best_validation,
            **({"balance": self.mixture} if self.mixture else {}),
            **({"tails": tails} if tails else {}),
        }

    def _examples(self, encoder: Encoder) -> list[Example]:
        prompts = {p.id: p for p in rows(self.inputs["prompts"].table("prompts"), Prompt)}
        decisions = self.inputs["filter"].table("decisions")
        kept = set(decisions.filter(pc.equal(decisions["part"], "keep"))["trace_id"].to_pylist())
        generated = self.inputs["generate"]
        seen = (one for table in stream(generated.folder, "scorings", SUPPORTS) for one in supports(table))
        traces = generated.table("traces")
        return encoder.encode(traces, seen, prompts, kept, self._how_often(traces, kept))

    def _how_often(self, traces: pa.Table, kept: set[str]) -> dict[str, int] | None:
        """Trace id -> how often it is trained on; None: each once."""
        if self.section.balance is None:
            return as_drawn(self.inputs["prompts"], traces)
        times, mixture = rebalanced(self.inputs["prompts"], traces, kept, self.section.balance, self.recipe.seed)
        self.workspace.write_table(STRATA, mixture.table)
        self.mixture = mixture.summary()
        return times

    def _packed(self, network: PreTrainedModel, live: LiveTeacher | None) -> bool:
        """Whether a row may hold several traces: where the recipe says so, and student and live teacher keep them apart."""
        heads = {"student": body_and_head(network)}
        if live is not None and any(loss.teacher == "live" for loss in self.section.losses):
            heads["live teacher"] = live.head
        mixing = [who for who, head in heads.items() if not keeps_apart(head)] if self.section.pack else []
        if mixing:
            self.run.log.say(f"train: in one row the {' and the '.join(mixing)} would mix traces, so that each has a row of its own")
        return self.section.pack and not mixing

    def _source(self, examples: Sequence[Example], packed: bool) -> EpochBatches:
        longest = max(map(len, examples))
        length = min(self.section.max_length, max(longest, min(self.section.max_length, 4 * longest) if packed else longest))
        rows_a_batch = max(1, self.section.batch_tokens // length)
        return EpochBatches(examples, length, rows_a_batch, self.section.accumulate, self.recipe.seed, packed)

    def _tails(self, source: EpochBatches, vocabulary: int) -> dict[str, list[float]]:
        """What a stored top k leaves open at other temperatures: the least and the most mass of the tail, over the first step's tokens."""
        wanted = sorted({one for loss in self.section.losses if loss.teacher == "cached" for one in _temperatures(loss)} - {1.0})
        batch = source.batch(0)[0] if wanted else None
        if batch is None or batch.codec != "top_k" or batch.support_ids is None or batch.support_log_p is None:
            return {}
        stored = Sparse(batch.support_ids, batch.support_log_p, batch.tail_mass)
        found = {f"{one:g}": stored.tail_at(one, vocabulary).mean(0).tolist() for one in wanted}
        for temperature, (low, high) in found.items():
            self.run.log.say(
                f"train: at temperature {temperature} what was not stored of the teacher has {low:.1%} to {high:.1%} of its mass, and the "
                f'{"least" if float(temperature) > 1.0 else "most"} is taken; teacher = "live" or codec = "hidden_states" would know'
            )
        return found

    def _needs_signals(self) -> bool:
        return any(loss.kind == "divergence" and loss.teacher == "cached" for loss in self.section.losses)

    def _live(self, vocabulary: int) -> LiveTeacher | None:
        """The teacher, where a loss needs it beside the student: all of it, or the head that stored hidden states go through."""
        section = self.recipe.teachers[0]
        states = self._needs_signals() and section.codec == "hidden_states"
        if not states and all(loss.teacher != "live" for loss in self.section.losses):
            return None
        teacher = cast("LocalModel", open_teacher(section))
        if states:
            check_weights(teacher, rows(self.inputs["generate"].table("teachers"), TeacherCard))
        return LiveTeacher(teacher.network, vocabulary)

    def _validate(self, network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Any:
        prompts = rows(self.inputs["prompts"].table("validation"), Prompt)
        return validator(network, tokenizer, prompts, self.section.max_length, answer_only=self.section.learn == "answer")

    def _keep_metrics(self, result: FitResult) -> None:
        self.workspace.write_table(METRICS, pq.read_table(self.workspace.scratch / "metrics.parquet"))
        (self.workspace.log / "seconds.json").write_text(f'{{"train": {result.seconds:.3f}, "tokens": {result.tokens}}}\n')


def _temperatures(loss: LossSection) -> set[float]:
    """The temperature of a loss, or those between which it moves."""
    ramp = loss.ramps.get("temperature")
    return {loss.number("temperature")} if ramp is None else {ramp.start, ramp.end}


def _settings(section: TrainSection, source: EpochBatches) -> FitSettings:
    """The loop's settings from the recipe's section; steps from epochs where steps are not given."""
    names = (
        "optimizer",
        "lr",
        "warmup",
        "schedule",
        "final_lr",
        "weight_decay",
        "betas",
        "grad_clip",
        "precision",
        "checkpoint_every",
        "validate_every",
    )
    return FitSettings(steps=section.steps or source.steps_in(section.epochs or 1.0), **{name: getattr(section, name) for name in names})


def _keep_best(network: PreTrainedModel, folder: Path) -> None:
    with whole_folder(folder) as half:
        save_network(network, half)
