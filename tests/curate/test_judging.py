from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest

from potstill.curate.base import Catches, Context, FilterSettings, Item, Opinion, Reads, ReadyFilter, ready
from potstill.curate.judging import COLUMNS, OPINIONS, check_reads, opinions, opinions_table
from potstill.curate.reading import Subject
from potstill.errors import RecipeError
from potstill.models.base import Outlook
from potstill.models.scorings import Scoring, to_table
from potstill.recipe import FilterSection
from potstill.registry import PartInfo
from potstill.store import Quiet, Run, from_rows
from potstill.types import Prompt, Trace
from tests.curate.small import alone, answer
from tests.models.small import ask
from tests.store import still

PROMPTS = [ask(f"{i}?") for i in range(4)]


class Noting:
    """Says how long a text is, and notes what it is shown and asked."""

    Settings: ClassVar[type[FilterSettings]] = FilterSettings
    READS: ClassVar[frozenset[Reads]] = frozenset({"prompt"})
    CATCHES: ClassVar[Catches] = "above"

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.asked: list[str] = []

    def collect(self, items: Sequence[Item]) -> None:
        self.shown += [item.id for item in items]

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        self.asked += [item.id for item in items]
        return [Opinion("so long", float(len(item.scorings)), evidence="?", within="prompt", start=1, end=2) for item in items]

    def told(self) -> Mapping[str, float]:
        return {"asked": len(self.asked)}


class Hearing(Noting):
    READS: ClassVar[frozenset[Reads]] = frozenset({"answer", "scorings"})


def filter_of(one: Noting, by: str = "noting", **settings: object) -> ReadyFilter:
    return ReadyFilter(PartInfo("filter", "noting", "7", frozenset(), type(one)), by, one, FilterSettings(**settings))


def gathered(tmp_path):
    run = Run.open(still.recipe(), out=tmp_path / "run", log=Quiet())
    return run, still.perform(run, "prompts", lambda to: to.write_table("prompts", from_rows(PROMPTS, Prompt)) or {})


def test_what_is_thought_of_each_is_kept_by_filter(tmp_path):
    run, prompts = gathered(tmp_path)
    one = Noting()
    artifact = opinions(run, "prompts", filter_of(one), Subject(prompts))
    assert one.shown == one.asked == [prompt.id for prompt in PROMPTS]
    assert artifact.folder.parent.name == "prompts.noting"
    table = artifact.table(OPINIONS)
    assert table.schema.equals(COLUMNS)
    assert table["prompt_id"].to_pylist() == [prompt.id for prompt in PROMPTS]
    assert set(table["trace_id"].to_pylist()) == {""}
    assert table.to_pylist()[0] | {"prompt_id": ""} == {
        "trace_id": "",
        "prompt_id": "",
        "applies": True,
        "score": 0.0,
        "why": "so long",
        "evidence": "?",
        "within": "prompt",
        "start": 1,
        "end": 2,
    }
    assert artifact.manifest.summary == {"filter": "noting", "items": 4, "asked": 4}
    assert artifact.manifest.parts == {"filter noting": "7"}


def test_thresholds_are_no_part_of_an_opinion(tmp_path):
    run, prompts = gathered(tmp_path)
    first = opinions(run, "prompts", filter_of(Noting()), Subject(prompts))
    again = Noting()
    settings = {"threshold": 3.0, "part": "hazard", "unjudged": "noise"}
    assert opinions(run, "prompts", filter_of(again, **settings), Subject(prompts)).folder == first.folder
    assert again.asked == []


def test_a_filter_that_reads_them_is_given_what_teachers_expected(tmp_path):
    run, prompts = gathered(tmp_path)
    traces = [Trace(prompt.id, "t", 0, "yes") for prompt in PROMPTS]
    scorings = [Scoring(trace.id, "a", "sampled", Outlook()) for trace in traces[1:]]

    def work(to):
        to.write_table("traces", from_rows(traces, Trace), 0)
        to.write_table("scorings", to_table(scorings), 0)
        return {}

    subject = Subject(prompts, still.perform(run, "generate", work))
    assert opinions(run, "filter", filter_of(Hearing()), subject).table(OPINIONS)["score"].to_pylist() == [0.0, 1.0, 1.0, 1.0]
    assert opinions(run, "filter", filter_of(Noting(), "other"), subject).table(OPINIONS)["score"].to_pylist() == [0.0] * 4


def test_no_answer_is_judged_before_there_is_one():
    filters = ready([FilterSection(kind="duplicate"), FilterSection(kind="answer")], "prompts.filters", Context())
    check_reads(filters, answers=True, where="filters")
    check_reads(filters[:1], answers=False, where="prompts.filters")
    with pytest.raises(RecipeError, match=r"prompts.filters.1: the filter 'answer' judges answers.*move it to \[\[filters\]\]"):
        check_reads(filters, answers=False, where="prompts.filters")


def test_a_table_of_opinions_names_the_trace_and_the_prompt():
    item, prompt = answer(PROMPTS[0], "yes"), alone(PROMPTS[1])
    table = opinions_table([item, prompt], [Opinion("a", None, applies=False), Opinion("b", 0.5)])
    assert table["trace_id"].to_pylist() == [item.trace_id, ""]
    assert table["prompt_id"].to_pylist() == [PROMPTS[0].id, PROMPTS[1].id]
    assert table["score"].to_pylist() == [None, 0.5]
    assert opinions_table([], []).schema.equals(COLUMNS)
