"""A tiny untrained teacher, its traces of world prompts as the earlier stages would have stored them, and a recipe that distils it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from potstill import world
from potstill.models import keep_of, open_student, open_teacher
from potstill.models.base import Keep, Sampling
from potstill.models.scorings import Scoring, to_table
from potstill.recipe import Recipe, StudentSection
from potstill.store import Artifact, Quiet, Run, from_rows
from potstill.types import Prompt, TeacherCard, Trace, canonical_json

SIZES = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "tie_word_embeddings": True,
}


@pytest.fixture(scope="session")
def teacher_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teacher")
    model = open_student(StudentSection(model="new:llama", config={**SIZES, "hidden_size": 32}, tokenizer="world:a"), seed=7)
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def recipe_of(teacher_folder: Path) -> Callable[..., Recipe]:
    def make(losses: list[dict[str, Any]], student: dict[str, Any] | None = None, **train: Any) -> Recipe:
        settings = {"steps": 6, "batch_tokens": 512, "max_length": 96, "checkpoint_every": 3, "lr": 3e-3, **train}
        return Recipe.model_validate(
            {
                "name": "tiny",
                "student": {"model": "new:llama", "config": SIZES, **(student or {})},
                "teachers": [{"model": f"hf:{teacher_folder}", "top_k": 5}],
                "prompts": {"sources": ["world:fact?n=12"], "validation": ["world:fact?n=4"]},
                "train": {"losses": losses, **settings},
            }
        )

    return make


@pytest.fixture
def open_run(tmp_path: Path) -> Callable[..., tuple[Run, Artifact]]:
    """Opens a run of a recipe with the artifacts of prompts, generate and filter in place; the prompts are the world's, or those given."""

    def make(recipe: Recipe, *, top_k: int = 5, name: str = "run", given: Sequence[Prompt] = ()) -> tuple[Run, Artifact]:
        run = Run.open(recipe, out=tmp_path / name, log=Quiet())
        asked = list(given) or world.prompts(["fact", "carry_addition"], 12, seed=1)
        known = world.prompts(["fact"], 4, seed=2, held=True)
        prompts = run.perform("prompts", section={}, inputs={}, parts={}, work=lambda ws: _write_prompts(ws, asked, known))
        traces = run.perform(
            "generate", section={"k": top_k}, inputs={"prompts": prompts}, parts={}, work=lambda ws: _write_traces(ws, recipe, asked, top_k)
        )
        cut = run.perform("filter", section={}, inputs={"generate": traces}, parts={}, work=lambda ws: _write_cut(ws, traces))
        return run, cut

    return make


def _write_prompts(workspace: Any, asked: list[Prompt], known: list[Prompt]) -> dict[str, int]:
    workspace.write_table("prompts", from_rows(asked, Prompt))
    workspace.write_table("validation", from_rows(known, Prompt))
    return {}


def _write_traces(workspace: Any, recipe: Recipe, asked: list[Prompt], top_k: int) -> dict[str, int]:
    teacher = open_teacher(recipe.teachers[0])
    keep = Keep(size=top_k) if recipe.teachers[0].codec == "top_k" else keep_of(recipe.teachers[0], teacher, 0)
    answers = [group[0] for group in teacher.draw(asked, Sampling(temperature=1.0, max_new_tokens=12, seed=3), keep)]
    traces = [
        Trace(p.id, teacher.name, 0, a.text, (), a.token_ids, a.finish_reason, teacher_id="t", sampling='{"seed": 3}')
        for p, a in zip(asked, answers, strict=True)
    ]
    workspace.write_table("traces", from_rows(traces, Trace), 0)
    scorings = [Scoring(trace.id, "t", "sampled", a.outlook) for trace, a in zip(traces, answers, strict=True)]
    workspace.write_table("scorings", to_table(scorings), 0)
    workspace.write_table("teachers", from_rows([TeacherCard(teacher.name, facts=canonical_json(teacher.identity()))], TeacherCard))
    return {}


def _write_cut(workspace: Any, traces: Artifact) -> dict[str, int]:
    table = traces.table("traces")
    parts = ["keep"] * (len(table) - 2) + ["noise"] * 2
    workspace.write_table("decisions", pa.table({"trace_id": table["id"], "prompt_id": table["prompt_id"], "part": parts}))
    return {}
