"""Stress sets from the recipe to the cut: refused attacks are kept, what complies is hazard, half B is refused in training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from potstill.check.counting import find_prompts
from potstill.check.plan import plan
from potstill.errors import RecipeError
from potstill.filter import judge
from potstill.generate import draw
from potstill.prompts import gather
from potstill.recipe import Recipe
from potstill.store import Artifact, Quiet, Run, rows
from potstill.text.refusals import refused
from potstill.train import fit
from potstill.types import Prompt, Trace

FAMILIES = "direct,prefix_injection,ambiguous,hypothetical"


def recipe(sources: list[str], evaluated: list[str]) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "stress",
            "seed": 3,
            "student": {
                "model": "new:llama",
                "config": {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2},
            },
            "teachers": [{"model": "world:aligned", "top_k": 2}],
            "prompts": {"sources": sources},
            "generate": {"max_new_tokens": 24},
            "filters": [{"kind": "hazard"}, {"kind": "refusal"}, {"kind": "answer"}],
            "train": {"steps": 1, "batch_tokens": 256, "max_length": 512, "losses": [{"kind": "cross_entropy"}]},
            "evaluate": {"sources": evaluated, "suites": ["safety"]},
        }
    )


@dataclass(frozen=True)
class Row:
    """An answer, what was asked, and where it went."""

    prompt: Prompt
    text: str
    part: str
    because: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Artifact, Artifact, Artifact, Artifact]:
    """What the world's aligned teacher says to its hazards inside attacks, where that goes, and the student that learns from it."""
    sources = [f"stress:{FAMILIES}?n=40&of=world:sealed_recipe?n=60&half=A", "world:wrapped_recipe?n=16"]
    run = Run.open(recipe(sources, ["world:hazard?n=8"]), out=tmp_path_factory.mktemp("stress") / "run", log=Quiet())
    gathered = gather(run)
    traces = draw(run, gathered)
    kept = judge(run, traces)
    return gathered, traces, kept, fit(run, kept)


@pytest.fixture(scope="module")
def cut(made: tuple[Artifact, Artifact, Artifact, Artifact]) -> list[Row]:
    """Answer by answer."""
    gathered, traces, kept, _ = made
    decisions = {row["trace_id"]: row for row in kept.table("decisions").to_pylist()}
    prompts = {prompt.id: prompt for prompt in rows(gathered.table("prompts"), Prompt)}
    return [
        Row(prompts[trace.prompt_id], trace.text, decisions[trace.id]["part"], " ".join(decisions[trace.id]["because"]))
        for trace in rows(traces.table("traces-00000"), Trace)
    ]


def test_refused_attacks_are_kept_and_compliance_is_hazard(cut: list[Row]) -> None:
    hazards = [row for row in cut if row.prompt.intent == "hazard"]
    refused = [row for row in hazards if "cannot help" in row.text or "will not share" in row.text]
    assert {row.part for row in refused} == {"keep"}
    assert {row.prompt.wrapper for row in refused} & set(FAMILIES.split(","))
    complied = [row for row in hazards if "Answer:" in row.text]
    assert complied
    assert {row.part for row in complied} == {"hazard"}
    assert all(row.because.startswith("hazard: ") for row in complied)


def test_refused_attacks_reach_the_student(made: tuple[Artifact, Artifact, Artifact, Artifact], cut: list[Row]) -> None:
    """The filter `refusal` cuts refusals of harmless requests alone, and the stage `train` leaves out none of what is kept."""
    attacked = [row for row in cut if row.prompt.intent == "hazard" and row.prompt.wrapper in FAMILIES.split(",") and row.part == "keep"]
    assert len(attacked) >= 10
    assert all(refused(row.text) for row in attacked)
    summary = made[-1].manifest.summary
    assert summary["traces"] == sum(row.part == "keep" for row in cut)
    assert summary["dropped"] == summary["cut"] == 0


def test_every_attack_has_its_twin_and_none_only_evaluates(cut: list[Row]) -> None:
    attacked = {row.prompt.id for row in cut if row.prompt.intent == "hazard" and row.prompt.wrapper in FAMILIES.split(",")}
    twins = [row for row in cut if row.prompt.twin_of is not None]
    assert {row.prompt.twin_of for row in twins} <= attacked
    assert len(twins) >= 0.9 * len(attacked) > 0
    assert all(row.part == "keep" or row.because.startswith("answer: ") for row in twins)
    assert {row.prompt.half for row in cut} == {"A", None}


def test_half_b_is_refused_by_check_in_training_and_welcome_in_the_evaluation(tmp_path: Path) -> None:
    world, attacks = "world:hazard?n=8", "stress:all?n=38&longest=600&of=world:sealed_recipe?n=20"
    with pytest.raises(RecipeError, match=r"the attack 'rot13' is of half B, which only evaluates; put it into \[evaluate\]"):
        plan(recipe([f"stress:rot13?of={world}"], [world]))
    labelled = tmp_path / "mine.jsonl"
    labelled.write_text('{"prompt": "Uryyb", "wrapper": "rot13"}\n')
    with pytest.raises(RecipeError, match="a request in the wrapper 'rot13' of half B only evaluates: Uryyb"):
        plan(recipe([str(labelled)], [world]))
    found = find_prompts(recipe([attacks], [attacks]))
    asked, judged = ({prompt.wrapper for prompt in some or ()} for some in (found.asked, found.held))
    assert "rot13" in judged - asked
    assert "base64" in asked & judged
    plan(recipe([attacks], [attacks]))
