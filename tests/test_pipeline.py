"""The order of the stages, with stages that only say that they were there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from potstill import check, pipeline
from potstill.errors import PotstillError
from potstill.pipeline import STAGES, make, missed, run, span


class FakeRun:
    """A run that counts how often it is locked."""

    def __init__(self) -> None:
        self.recipe = SimpleNamespace(prompts=SimpleNamespace(filters=[]))
        self.folder, self.said, self.locks = "runs/x", list[str](), 0
        self.log = SimpleNamespace(say=self.said.append)

    def artifacts(self) -> dict[str, Any]:
        return {"prompts": None}

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.locks += 1
        yield


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Each stage performed, with the stages whose artifacts were there; an evaluation that missed what `limits` holds."""
    done: list[tuple[str, list[str]]] = []

    def step(stage: str) -> Any:
        def perform(run: Any, made: Any) -> Any:
            done.append((stage, list(made)))
            return SimpleNamespace(scorecard=SimpleNamespace(missed=getattr(run, "limits", ())))

        return perform

    monkeypatch.setattr(pipeline, "_PERFORM", {stage: step(stage) for stage in STAGES})
    monkeypatch.setattr(check, "agree", lambda recipe, stages: done.append(("check", list(stages))))
    monkeypatch.setattr(check, "check_keys", lambda recipe, stages: done.append(("keys", list(stages))))
    monkeypatch.setattr(check, "fit_gathered", lambda recipe, gathered, **_: done.append(("fit", [])) or [])
    return done


def test_the_order_is_that_of_the_design() -> None:
    assert STAGES == ("prompts", "generate", "filter", "train", "evaluate", "export", "report")


def test_a_span_holds_both_ends() -> None:
    assert span() == STAGES
    assert span("filter", "evaluate") == ("filter", "train", "evaluate")
    assert span(last="generate") == ("prompts", "generate")
    assert span("report") == ("report",)


def test_a_span_that_runs_backwards_says_the_order() -> None:
    with pytest.raises(PotstillError, match="prompts comes before train; the order is prompts, generate"):
        span("train", "prompts")


def test_a_run_checks_first_and_performs_all_under_one_lock(performed: list[tuple[str, list[str]]]) -> None:
    opened = FakeRun()
    made = run(opened)  # type: ignore[arg-type]
    assert [stage for stage, _ in performed] == ["check", "keys", "prompts", "fit", *STAGES[1:]]
    assert list(made) == list(STAGES)
    assert opened.locks == 1


def test_only_stages_that_will_be_performed_are_checked(performed: list[tuple[str, list[str]]]) -> None:
    run(FakeRun(), "filter")  # type: ignore[arg-type]
    make(FakeRun(), "export")  # type: ignore[arg-type]
    assert [stages for stage, stages in performed if stage == "keys"] == [["generate", "filter"], ["generate", "filter", "train", "export"]]
    checked = [stages for stage, stages in performed if stage == "check"]
    assert checked == [["prompts", "generate", "filter"], ["prompts", "generate", "filter", "train", "export"]]


def test_each_stage_finds_those_before_it(performed: list[tuple[str, list[str]]]) -> None:
    run(FakeRun(), "train")  # type: ignore[arg-type]
    assert performed[-1] == ("train", ["prompts", "generate", "filter"])


def test_a_missed_limit_leaves_the_export_out_and_reports(performed: list[tuple[str, list[str]]]) -> None:
    opened = FakeRun()
    opened.limits = ("retention is 0.5, below the least allowed, 0.9",)  # type: ignore[attr-defined]
    made = run(opened)  # type: ignore[arg-type]
    assert "export" not in made
    assert "report" in made
    assert opened.said == ["export: left out, for a limit was missed; `potstill export runs/x` writes the student all the same"]
    assert missed(made) == opened.limits  # type: ignore[attr-defined]


def test_one_stage_brings_only_those_it_stands_on(performed: list[tuple[str, list[str]]]) -> None:
    make(FakeRun(), "export")  # type: ignore[arg-type]
    assert [stage for stage, _ in performed] == ["check", "keys", "prompts", "fit", "generate", "filter", "train", "export"]
    performed.clear()
    make(FakeRun(), "report")  # type: ignore[arg-type]
    assert [stage for stage, _ in performed if stage != "keys"] == ["report"]
    performed.clear()
    make(FakeRun(), "prompts")  # type: ignore[arg-type]
    assert [stage for stage, _ in performed if stage != "keys"] == ["prompts"]


def test_one_stage_measures_its_filters_and_none_before_it(performed: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    step = {stage: lambda run, made, stage=stage: performed.append((f"measured {stage}", list(made))) for stage in pipeline.FILTERING}
    monkeypatch.setattr(pipeline, "FILTERING", step)
    make(FakeRun(), "filter", measure=True)
    assert [stage for stage, _ in performed if stage in STAGES or "measured" in stage] == ["prompts", "generate", "measured filter"]


def test_what_was_not_evaluated_missed_nothing() -> None:
    assert missed({}) == ()
