from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from potstill import world
from potstill.curate.balance import balance
from potstill.errors import InputError
from potstill.recipe import BalanceSection
from potstill.store import Artifact, Quiet, Run
from potstill.train.mixing import as_drawn, rebalanced

ASKED = world.prompts(["fact", "carry_addition"], 12, seed=1)
LOSSES = [{"kind": "cross_entropy"}]


@pytest.fixture
def open_with(open_run: Callable[..., tuple[Run, Artifact]], recipe_of: Callable[..., Any]) -> Callable[..., tuple[Run, Artifact]]:
    def make(**settings: Any) -> tuple[Run, Artifact]:
        return open_run(recipe_of(LOSSES, **settings))

    return make


def skills(run: Run, times: dict[str, int]) -> Counter[str]:
    """Skill -> how often a trace of it is trained on."""
    skill = {prompt.id: prompt.skill for prompt in ASKED}
    asked = run.artifact("generate").table("traces")
    found: Counter[str] = Counter()
    for id_, prompt_id in zip(asked["id"].to_pylist(), asked["prompt_id"].to_pylist(), strict=True):
        found[skill[prompt_id]] += times.get(id_, 0)
    return found


def test_without_a_table_of_draws_nothing_is_said(open_with: Callable[..., tuple[Run, Artifact]]) -> None:
    run, _ = open_with()
    assert as_drawn(run.artifact("prompts"), run.artifact("generate").table("traces")) is None


def test_traces_are_trained_on_as_often_as_their_prompts_are_drawn(open_with: Callable[..., tuple[Run, Artifact]]) -> None:
    run, _ = open_with()
    prompts, traces = run.artifact("prompts"), run.artifact("generate").table("traces")
    ids = [prompt.id for prompt in ASKED]
    drawn = balance(ids, [p.skill for p in ASKED], BalanceSection(target={"fact": 0.75, "carry_addition": 0.25}), 1)
    made = run.perform("other", section={}, inputs={}, parts={}, work=lambda ws: ws.write_table("balance", drawn.draws(ids)) or {})
    times = as_drawn(replace(prompts, folder=made.folder), traces)
    assert times is not None
    assert skills(run, times) == {"fact": 9, "carry_addition": 3}


def test_what_filters_took_is_made_up_for(open_with: Callable[..., tuple[Run, Artifact]]) -> None:
    run, _ = open_with()
    traces = run.artifact("generate").table("traces")
    of = {prompt.id: prompt.skill for prompt in ASKED}
    pairs = list(zip(traces["id"].to_pylist(), traces["prompt_id"].to_pylist(), strict=True))
    additions = [id_ for id_, prompt_id in pairs if of[prompt_id] == "carry_addition"]
    kept = {id_ for id_, _ in pairs} - set(additions[:4])
    times, mixture = rebalanced(run.artifact("prompts"), traces, kept, BalanceSection(by="skill"), 1)
    assert times.keys() == kept
    assert skills(run, times) == {"fact": 4, "carry_addition": 4}
    assert mixture.before.share == pytest.approx(0.75)
    assert mixture.after.share == pytest.approx(0.5)


def test_a_target_without_a_kept_trace_is_an_error(open_with: Callable[..., tuple[Run, Artifact]]) -> None:
    run, _ = open_with()
    traces = run.artifact("generate").table("traces")
    with pytest.raises(InputError, match=r"train\.balance"):
        rebalanced(run.artifact("prompts"), traces, set(traces["id"].to_pylist()), BalanceSection(by="skill", target={"colour": 1.0}), 1)


def test_a_student_trains_on_the_mixture_and_the_manifest_tells(open_with: Callable[..., tuple[Run, Artifact]]) -> None:
    from potstill.train import fit

    settings = {"by": "skill", "target": {"fact": 0.8}, "max_upsampling": 3}
    run, cut = open_with(balance=settings)
    made = fit(Run.open(run.recipe, out=run.folder, log=Quiet()), cut)
    assert made.manifest.summary["traces"] == 10
    assert made.manifest.summary["balance"]["after"]["largest"] == "fact"
    told = {row["stratum"]: row["after"] for row in made.table("strata").to_pylist()}
    assert told == {"carry_addition": 2, "fact": 8}
