"""The dozen lines at the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from potstill.cli import results
from potstill.store import Artifact, Quiet, Run, Workspace, from_rows, tables
from potstill.types import Finding
from tests.e2e.still import TINY


def finding(name: str, subject: str, group: str, value: float, unit: str = "share", **rest: Any) -> Finding:
    return Finding("any", name, subject, group, value, unit=unit, **rest)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose folder is empty."""
    return Run.open(TINY, out=tmp_path / "run", log=Quiet())


def artifact(
    run: Run, stage: str, summary: dict[str, Any], findings: list[Finding] | None = None, speeds: list[Finding] | None = None
) -> Artifact:
    """An artifact with a summary, findings and timings."""

    def work(workspace: Workspace) -> dict[str, Any]:
        workspace.write_text("report.html", "page")
        if findings is not None:
            workspace.write_table("findings", from_rows(findings, Finding))
        if speeds is not None:
            tables.write(workspace.log / "speed.parquet", from_rows(speeds, Finding))
        return summary

    return run.perform(stage, section={}, inputs={}, parts={}, work=work)


def test_models_and_counts(run: Run) -> None:
    made = {
        "prompts": artifact(run, "prompts", {"prompts": 3000, "evaluation": 70}),
        "generate": artifact(run, "generate", {"traces": 3000, "tokens": 123456}),
        "filter": artifact(run, "filter", {"keep": 2900, "hazard": 0, "noise": 100}),
        "train": artifact(run, "train", {"parameters": 23088, "steps": 12, "tokens": 99, "best_step": 6}),
    }
    assert results.lines(run, made) == [
        f"tiny: {run.folder}",
        "student   new:llama, 23,088 parameters",
        "prompts   3,000, and 70 to measure on",
        "traces    3,000, 123,456 tokens",
        "filter    2,900 keep, 0 hazard, 100 noise",
        "train     12 steps, 99 tokens, best at step 6",
    ]


def test_measured_filters(run: Run) -> None:
    half, none = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 1000}, {"value": None, "low": None, "high": None, "n": 0}
    measured = {
        "answer": {
            "recall": half,
            "hard_recall": none,
            "false_positive_rate": {**half, "value": 0.0, "low": 0.0},
            "faults": {"empty": half},
        },
        "own": {"recall": none, "hard_recall": none, "false_positive_rate": half, "faults": {}},
    }
    made = {"filter": artifact(run, "filter", {"keep": 1, "hazard": 0, "noise": 1, "measured": measured})}
    assert results.lines(run, made)[1:] == [
        "filter    1 keep, 0 hazard, 1 noise",
        "          answer              recall 0.500 [0.200, 0.800] of 1,000, false positives 0.000 [0.000, 0.800] of 1,000",
        "            empty             0.500 [0.200, 0.800] of 1,000",
        "          own                 recall uncalibrated, false positives 0.500 [0.200, 0.800] of 1,000",
    ]


def test_a_long_kind_of_fault_stands_apart_from_its_recall(run: Run) -> None:
    half = {"value": 0.5, "low": 0.2, "high": 0.8, "n": 30}
    faults = {"hard: another language": half, "empty": half}
    measured = {"refusal": {"recall": half, "hard_recall": half, "false_positive_rate": half, "faults": faults}}
    made = {"filter": artifact(run, "filter", {"keep": 1, "hazard": 0, "noise": 1, "measured": measured})}
    assert results.lines(run, made)[2:] == [
        "          refusal                  recall 0.500 [0.200, 0.800] of 30, of hard faults 0.500 [0.200, 0.800] of 30, "
        "false positives 0.500 [0.200, 0.800] of 30",
        "            hard: another language 0.500 [0.200, 0.800] of 30",
        "            empty                  0.500 [0.200, 0.800] of 30",
    ]


def test_before_and_after(run: Run) -> None:
    found = [
        *(finding("accuracy", whose, "reasoning", value) for whose, value in (("base", 0.0), ("student", 0.9), ("teacher", 1.0))),
        finding("accuracy", "student", "all", 0.5),
        finding("accuracy", "student", "domain:math", 0.5),
        finding("accuracy", "student", "ordering", 0.8, low=0.7, high=0.85),
        finding("retention", "student", "reasoning", 0.9, "ratio", low=0.85, high=0.95),
        finding("kl_teacher_student", "student", "all", 0.125, "nats/token"),
    ]
    lines = results.lines(run, {"evaluate": artifact(run, "evaluate", {}, found)})
    assert [line.split() for line in lines[1:]] == [
        ["before", "student", "teacher"],
        ["accuracy,", "reasoning", "0.0%", "90.0%", "100.0%"],
        ["ordering", "80.0%", "[70.0,", "85.0]"],
        ["kl_teacher_student", "0.125"],
        ["retention", "0.900", "[0.85,", "0.95]", "of", "the", "teacher's", "accuracy", "(reasoning)"],
    ]


def test_of_many_skills_the_hardest_are_told(run: Run) -> None:
    found = [finding("accuracy", "student", "all", 0.5), *(finding("accuracy", "student", f"skill{i}", i / 20) for i in range(20))]
    lines = results.lines(run, {"evaluate": artifact(run, "evaluate", {}, found)})
    assert [line.split()[0] for line in lines[3:]] == [f"skill{i}" for i in range(results.MOST_GROUPS)]


def test_sizes_speeds_and_the_page(run: Run) -> None:
    sizes = [finding("bytes", who, "weights", size, "bytes") for who, size in (("teacher", 2_690_000), ("int8", 205_000))]
    speeds = [finding("tokens_per_second", who, "batch 1", rate, "tokens/s") for who, rate in (("teacher", 100.0), ("int8", 250.0))]
    made = {"export": artifact(run, "export", {}, sizes, speeds), "report": artifact(run, "report", {})}
    told = [line.split() for line in results.lines(run, made)[1:]]
    assert told[0] == ["export", "against", "the", "teacher", "2.69", "MB", "at", "100", "tokens/s", "(batch", "1)"]
    assert told[1] == ["export", "int8", "205", "kB", "at", "250", "tokens/s", "(batch", "1)"]
    assert told[2][0] == "report"
    assert told[2][1].endswith("report.html")


def test_an_artifact_as_plain_values(run: Run) -> None:
    made = artifact(run, "train", {"steps": 3})
    told = results.facts(made)
    assert (told["content"], told["folder"], told["summary"]) == (made.content, str(made.folder), {"steps": 3})
