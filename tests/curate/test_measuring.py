from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from potstill import registry
from potstill.curate.base import Context, Fault, FilterSettings, Item, Opinion, ready
from potstill.curate.clean import answered
from potstill.curate.measuring import Bench, Tally, measured
from potstill.curate.policy import Rates
from potstill.errors import InputError
from potstill.filter import judge
from potstill.generate import draw
from potstill.prompts import gather
from potstill.recipe import FilterSection, Recipe
from potstill.store import Quiet, Run, rows
from potstill.types import Verdict

ASKED: list[str] = []
"""The ids that the filter `long` was asked, run after run."""


class LongSettings(FilterSettings):
    threshold: float = 30


class Long:
    """Too long an answer; of an answer that says `hm` it cannot judge, and of one that says `no` it is none of its business."""

    Settings, READS, CATCHES = LongSettings, frozenset({"answer"}), "above"

    def __init__(self, settings: LongSettings, context: Context) -> None:
        pass

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        ASKED.extend(item.id for item in items)
        return [Opinion("long", None if "hm" in item.text else len(item.text), applies="no" not in item.text) for item in items]

    def faults(self, clean, rng):
        for item in clean:
            yield Fault("long", answered(item.prompt, item.text + "x" * rng.randrange(100, 200)))
            yield Fault("longer", answered(item.prompt, item.text + "x" * 300))
            yield Fault("unsaid", answered(item.prompt, "hm"))


class Silent:
    """The same, with no faults."""

    Settings, READS, CATCHES = LongSettings, frozenset({"answer"}), "above"

    def __init__(self, settings: LongSettings, context: Context) -> None:
        self._long = Long(settings, context)

    def judge(self, items: Sequence[Item]) -> list[Opinion]:
        return self._long.judge(items)


@pytest.fixture(autouse=True)
def filters(monkeypatch):
    for name, factory in (("long", Long), ("silent", Silent)):
        monkeypatch.setitem(registry._parts, ("filter", name), registry.PartInfo("filter", name, "1", frozenset(), factory))
    ASKED.clear()


def run_of(tmp_path, filters, **measure):
    asked, answers, clean = (tmp_path / f"{name}.jsonl" for name in ("asked", "answers", "clean"))
    asked.write_text("".join(json.dumps({"prompt": f"{n}+1?", "reference": str(n + 1)}) + "\n" for n in range(4)))
    answers.write_text("".join(json.dumps({"prompt": f"{n}+1?", "answer": "#### " + "x" * 20 * n}) + "\n" for n in range(4)))
    said = ["1", "2", "3" * 40, "hm", "no" * 30, "4", "5", "6"]
    clean.write_text("".join(json.dumps({"prompt": f"Say {text}", "reference": text}) + "\n" for text in said))
    recipe = {
        "name": "x",
        "student": {"model": "new:llama"},
        "teachers": [{"model": f"recorded:{answers}"}],
        "prompts": {"sources": [str(asked)]},
        "filters": filters,
        "measure": {"clean": [str(clean)], **measure},
    }
    return Run.open(Recipe.model_validate(recipe), out=tmp_path / "run", log=Quiet())


def cut_of(run, **how):
    return judge(run, draw(run, gather(run)), **how)


def rates(cut):
    return {(v.by, v.recall, v.false_positive_rate) for v in rows(cut.table("verdicts"), Verdict)}


def test_measured_by_hand(tmp_path):
    cut = cut_of(run_of(tmp_path, [{"kind": "long"}]), measure=True)
    # of 8 clean ones 1 is too long, and 1 of the others could not be judged; of 3 x 8 faults those that say `hm` are not found, and those
    # made of the ones that say `hm` or `no` neither
    told = cut.manifest.summary["measured"]["long"]
    assert (told["false_positive_rate"]["value"], told["false_positive_rate"]["n"]) == (1 / 7, 7)
    assert {kind: (one["value"], one["n"]) for kind, one in told["faults"].items()} == {
        "long": (0.75, 8),
        "longer": (0.75, 8),
        "unsaid": (0.0, 8),
    }
    assert (told["recall"]["value"], told["recall"]["n"]) == (0.5, 24)
    assert told["recall"]["low"] < 0.5 < told["recall"]["high"]
    assert rates(cut) == {("long", 0.5, 1 / 7)}


def test_unmeasured_verdicts_carry_no_rates(tmp_path):
    cut = cut_of(run_of(tmp_path, [{"kind": "long"}]))
    assert rates(cut) == {("long", None, None)}
    assert "measured" not in cut.manifest.summary


def test_measuring_changes_no_opinion_and_judges_nothing_again(tmp_path):
    plain = cut_of(run_of(tmp_path, [{"kind": "long"}]))
    before = len(ASKED)
    measured_cut = cut_of(run_of(tmp_path, [{"kind": "long"}]), measure=True)
    assert not set(ASKED[before:]) & set(ASKED[:before])
    bare = [
        [replace(v, recall=None, false_positive_rate=None) for v in rows(cut.table("verdicts"), Verdict)] for cut in (plain, measured_cut)
    ]
    assert bare[0] == bare[1]
    assert plain.table("decisions") == measured_cut.table("decisions")


def test_what_was_measured_is_used_from_then_on_and_under_another_threshold(tmp_path):
    cut_of(run_of(tmp_path, [{"kind": "long"}]), measure=True)
    before = len(ASKED)
    assert rates(cut_of(run_of(tmp_path, [{"kind": "long"}]))) == {("long", 0.5, 1 / 7)}
    lower = cut_of(run_of(tmp_path, [{"kind": "long", "threshold": 250}]))
    assert rates(lower) == {("long", 0.25, 0.0)}
    assert len(ASKED) == before


@pytest.mark.parametrize("settings", [{"unjudged": "noise"}, {"part": "keep", "unjudged": "noise"}])
def test_what_cannot_be_judged_counts_where_it_is_put_aside(tmp_path, settings):
    cut = cut_of(run_of(tmp_path, [{"kind": "long", **settings}]), measure=True)
    told = cut.manifest.summary["measured"]["long"]
    assert (told["false_positive_rate"]["value"], told["faults"]["unsaid"]["value"]) == (0.25, 1.0)


def test_a_filter_without_faults_has_no_recall(tmp_path):
    cut = cut_of(run_of(tmp_path, [{"kind": "silent"}]), measure=True)
    assert rates(cut) == {("silent", None, 1 / 7)}
    assert cut.manifest.summary["measured"]["silent"]["recall"] == {"value": None, "low": None, "high": None, "n": 0}


def test_so_many_items_and_faults_of_each_kind(tmp_path):
    run = run_of(tmp_path, [{"kind": "long"}], n=5, faults=2)
    told = cut_of(run, measure=True).manifest.summary["measured"]["long"]["faults"]
    assert {kind: one["n"] for kind, one in told.items()} == {"long": 2, "longer": 2, "unsaid": 2}
    assert run.artifacts()["filter.measures.long"].manifest.summary == {"filter": "long", "clean": 5, "faults": 6}


def test_other_clean_items_are_measured_anew(tmp_path):
    cut_of(run_of(tmp_path, [{"kind": "long"}]), measure=True)
    assert rates(cut_of(run_of(tmp_path, [{"kind": "long"}], n=5))) == {("long", None, None)}


def test_a_second_filter_of_a_kind_has_its_own(tmp_path):
    cut = cut_of(run_of(tmp_path, [{"kind": "long"}, {"kind": "long", "threshold": 250}]), measure=True)
    assert {by: told["recall"]["value"] for by, told in cut.manifest.summary["measured"].items()} == {"long": 0.5, "long-2": 0.25}


def test_prompts_alone(tmp_path):
    run = run_of(tmp_path, [])
    prompts = gather(run)

    def fresh():
        return ready([FilterSection(kind="duplicate")], "prompts.filters")

    (one,) = fresh()
    found = Bench(run, "prompts", {"prompts": prompts}, False, fresh).measured([one], make=True)["duplicate"]
    assert {kind: tally.share for kind, tally in found.faults.items()} == {"case and spaces": 1.0, "hard: full stop": 0.0, "verbatim": 1.0}
    assert (found.found.share, found.hard.share, found.clean) == (1.0, 0.0, Tally(0, 8))
    assert found.rates == Rates(1.0, 0.0, 0.0)
    assert run.artifacts()["prompts.measures.duplicate"].table("clean")["trace_id"].to_pylist() == [""] * 8
    assert measured(found.measures, one).facts() == found.facts()


def test_the_same_seed_draws_the_same_faults(tmp_path):
    run = run_of(tmp_path, [{"kind": "long"}])
    again = Run.open(run.recipe, out=tmp_path / "other", log=Quiet())
    for each in (run, again):
        cut_of(each, measure=True)
    assert run.artifacts()["filter.measures.long"].content == again.artifacts()["filter.measures.long"].content


def test_nothing_clean(tmp_path):
    run = run_of(tmp_path, [{"kind": "long"}])
    (tmp_path / "clean.jsonl").write_text(json.dumps({"prompt": "Say", "intent": "hazard", "reference": "x"}) + "\n")
    with pytest.raises(InputError, match="no harmless prompt has an answer"):
        cut_of(run, measure=True)
