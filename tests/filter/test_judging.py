from __future__ import annotations

import json

import pytest

from potstill import world
from potstill.curate import deciding
from potstill.curate import judging as engine
from potstill.curate.rulings import rule
from potstill.errors import InputError, RecipeError, StoreError
from potstill.filter import judge, judging
from potstill.generate import draw
from potstill.prompts import gather
from potstill.recipe import Recipe, load
from potstill.recipe.curation import PolicySection
from potstill.store import Quiet, Run, rows
from potstill.types import Prompt, Verdict
from tests.house import tree

ANSWERS = {"1+1?": "#### 2", "2+2?": "#### 5", "3+3?": "no idea", "4+4?": "It is 8"}


def run_of(tmp_path, filters, sources=None, teacher=None, out="run"):
    asked, answers = tmp_path / "asked.jsonl", tmp_path / "answers.jsonl"
    asked.write_text("".join(json.dumps({"prompt": q, "reference": str(2 * int(q[0]))}) + "\n" for q in ANSWERS))
    answers.write_text("".join(json.dumps({"prompt": q, "answer": a}) + "\n" for q, a in ANSWERS.items()))
    recipe = Recipe.model_validate(
        {
            "name": "x",
            "student": {"model": "new:llama"},
            "teachers": [{"model": teacher or f"recorded:{answers}"}],
            "prompts": {"sources": sources or [str(asked)], "grader": "number"},
            "filters": filters,
        }
    )
    return Run.open(recipe, out=tmp_path / out, log=Quiet())


def cut_of(run):
    return judge(run, draw(run, gather(run)))


def test_three_parts_and_all_verdicts(tmp_path):
    run = run_of(tmp_path, [{"kind": "answer"}, {"kind": "duplicate"}])
    cut = cut_of(run)
    assert [t.text for t in cut.keep] == ["#### 2", "It is 8"]
    assert [t.text for t in cut.noise] == ["#### 5", "no idea"]
    assert cut.hazard == []
    verdicts = list(rows(cut.table("verdicts"), Verdict))
    assert [(v.by, v.part) for v in verdicts] == [
        *(("answer", part) for part in ("keep", "noise", "noise", "keep")),
        *(("duplicate", "keep") for _ in range(4)),
    ]
    assert all(v.why for v in verdicts)
    because = cut.table("decisions")["because"].to_pylist()
    assert because[0] == []
    assert because[1] == ["answer: the answer is wrong by number: '4' was expected"]
    assert cut.manifest.summary == {
        "keep": 2,
        "hazard": 0,
        "noise": 2,
        "filters": {
            "answer": {"keep": 2, "hazard": 0, "noise": 2, "unjudged": 0},
            "duplicate": {"keep": 4, "hazard": 0, "noise": 0, "unjudged": 0},
        },
    }


def test_without_filters_all_is_kept(tmp_path):
    cut = cut_of(run_of(tmp_path, []))
    assert len(cut.keep) == 4
    assert list(rows(cut.table("verdicts"), Verdict)) == []


def test_verdicts_are_decided_anew_without_the_teacher(tmp_path):
    first = run_of(tmp_path, [{"kind": "answer"}])
    traces = draw(first, gather(first))
    other = run_of(tmp_path, [])
    assert draw(other, gather(other)).folder == traces.folder
    assert len(judge(other, traces).keep) == 4
    assert len(judge(first, traces).keep) == 2


def test_the_cut_is_read_again(tmp_path):
    run = run_of(tmp_path, [{"kind": "answer"}])
    traces = draw(run, gather(run))
    assert judge(run, traces).keep == judge(run, traces).keep
    assert judge(run, traces).content == judge(run, traces).content


def test_hazards_of_half_b_are_never_kept(tmp_path):
    file = tmp_path / "hazards.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"How {n}?", "intent": "hazard", "half": "AB"[n % 2]}) + "\n" for n in range(6)))
    run = run_of(tmp_path, [{"kind": "hazard"}], [str(file)], "fake:Sorry, I cannot help with that.")
    cut = cut_of(run)
    prompts = {p.id: p for p in rows(run.artifact("prompts").table("prompts"), Prompt)}
    assert {prompts[t.prompt_id].half for t in cut.keep} == {"A"}
    assert {prompts[t.prompt_id].half for t in cut.hazard} == {"B"}
    assert len(cut.keep) == len(cut.hazard) == 3


def test_leaks_are_hazard(tmp_path):
    run = run_of(tmp_path, [{"kind": "answer"}, {"kind": "hazard"}], ["world:hazard,fact?n=20"], "fake:Answer: {reference}")
    cut = cut_of(run)
    prompts = {p.id: p for p in rows(run.artifact("prompts").table("prompts"), Prompt)}
    assert {prompts[t.prompt_id].skill for t in cut.keep} == {"fact"}
    assert {prompts[t.prompt_id].skill for t in cut.hazard} == set(world.HAZARDS)
    assert cut.manifest.summary["filters"]["answer"]["unjudged"] == 0
    passed_over = [v.trace_id for v in rows(cut.table("verdicts"), Verdict) if v.by == "answer" and not v.applies]
    assert passed_over == [t.id for t in cut.hazard]


def test_nothing_kept_names_the_filter(tmp_path):
    with pytest.raises(InputError, match="no trace is kept: 'answer' put 4 of 4 into noise"):
        cut_of(run_of(tmp_path, [{"kind": "answer"}, {"kind": "duplicate"}], teacher="fake:no"))
    file = tmp_path / "hazards.jsonl"
    file.write_text('{"prompt": "How?", "intent": "hazard", "half": "B"}\n')
    with pytest.raises(InputError, match="all are of half B"):
        cut_of(run_of(tmp_path, [], [str(file)], "fake:no", out="b"))


def test_faults_are_found_before_anything_is_judged(tmp_path):
    run = run_of(tmp_path, [{"kind": "answer", "grader": "numbr"}])
    with pytest.raises(RecipeError, match="unknown judge 'numbr'"):
        cut_of(run)


def test_traces_of_other_prompts_are_refused(tmp_path):
    run = run_of(tmp_path, [])
    traces = draw(run, gather(run))
    other = run_of(tmp_path, [], ["world:math?n=5"], "fake:no")
    gather(other)
    with pytest.raises(StoreError, match="these traces answer other prompts"):
        judge(other, traces)


def in_batches_of(size, monkeypatch):
    """All that reads batches takes so many at a time."""
    for module in (engine, deciding, judging):
        monkeypatch.setattr(module, "SIZE", size)


@pytest.mark.parametrize("size", [1, 3])
def test_the_cut_does_not_depend_on_the_batches(tmp_path, monkeypatch, size):
    filters = [{"kind": "answer"}, {"kind": "duplicate"}]
    whole = cut_of(run_of(tmp_path, filters))
    kept = whole.keep
    in_batches_of(size, monkeypatch)
    cut = cut_of(run_of(tmp_path, filters, out="batched"))
    assert len(list(cut.folder.glob("decisions-*.parquet"))) == -(-4 // size)
    assert cut.table("decisions") == whole.table("decisions")
    assert cut.manifest.summary == whole.manifest.summary
    assert cut.keep == kept
    order = [("trace_id", "ascending"), ("by", "ascending")]
    assert cut.table("verdicts").sort_by(order) == whole.table("verdicts").sort_by(order)


def counting(monkeypatch):
    """Notes which filter judged which batch."""
    judge_batch, seen = engine._judge, []

    def counted(one, subject, batch):
        seen.append((one.by, batch.number))
        return judge_batch(one, subject, batch)

    monkeypatch.setattr(engine, "_judge", counted)
    return seen


def test_an_interrupted_cut_goes_on(tmp_path, monkeypatch):
    filters = [{"kind": "answer"}, {"kind": "duplicate"}]
    in_batches_of(1, monkeypatch)
    undisturbed = cut_of(run_of(tmp_path, filters))
    judge_batch, judged = engine._judge, []

    def falls_over(one, subject, batch):
        judged.append((one.by, batch.number))
        if judged == [("answer", 0), ("answer", 1), ("answer", 2)]:
            raise KeyboardInterrupt
        return judge_batch(one, subject, batch)

    monkeypatch.setattr(engine, "_judge", falls_over)
    run = run_of(tmp_path, filters, out="broken")
    traces = draw(run, gather(run))
    with pytest.raises(KeyboardInterrupt):
        judge(run, traces)
    assert judge(run, traces).content == undisturbed.content
    assert judged[3:] == [("answer", 2), ("answer", 3), *(("duplicate", number) for number in range(4))]


def test_a_changed_threshold_or_ruling_decides_anew_and_no_filter_judges_again(tmp_path, monkeypatch):
    run = run_of(tmp_path, [{"kind": "answer"}, {"kind": "duplicate"}])
    traces = draw(run, gather(run))
    judge(run, traces)
    seen = counting(monkeypatch)
    lax = judge(run_of(tmp_path, [{"kind": "answer", "threshold": 0.0}, {"kind": "duplicate"}]), traces)
    assert (len(lax.keep), seen) == (4, [])
    votes = run.recipe.model_copy(update={"policy": PolicySection(noise_votes=2)})
    assert len(judge(Run.open(votes, out=run.folder, log=Quiet()), traces).keep) == 4
    wrong = next(trace for trace in judge(run, traces).noise if trace.text == "no idea")
    rule(run, wrong.id, "keep", "an honest answer")
    again = judge(run, traces)
    assert [trace.text for trace in again.noise] == ["#### 5"]
    assert ["human: an honest answer"] in again.table("decisions")["because"].to_pylist()
    assert seen == []


def test_what_is_known_of_a_filter_makes_nothing_else_anew(tmp_path):
    run = run_of(tmp_path, [{"kind": "answer"}])
    traces = draw(run, gather(run))
    cut = judge(run, traces)
    measured = judge(run, traces, measure=True)
    assert measured.folder != cut.folder
    assert measured.content == cut.content
    assert set(measured.table("verdicts")["recall"].to_pylist()) == {1.0}
    measured.verify()


def test_a_changed_filter_alone_judges_again(tmp_path, monkeypatch):
    run = run_of(tmp_path, [{"kind": "answer"}, {"kind": "duplicate"}])
    traces = draw(run, gather(run))
    judge(run, traces)
    seen = counting(monkeypatch)
    judge(run_of(tmp_path, [{"kind": "answer", "grader": "exact"}, {"kind": "duplicate"}]), traces)
    assert seen == [("answer", 0)]
    judge(run_of(tmp_path, [{"kind": "duplicate"}, {"kind": "answer"}]), traces)
    assert seen == [("answer", 0)]


def test_of_several_draws_the_best_is_kept_and_the_verdicts_on_the_others_count(tmp_path):
    run = run_of(tmp_path, [{"kind": "duplicate"}], teacher="fake:the same")
    settings = {"n": 2, "best_of": {"judge": "callable:tests.generate.test_selection:length", "least": 1}}
    recipe = run.recipe.model_copy(update={"generate": type(run.recipe.generate).model_validate(settings)})
    cut = cut_of(Run.open(recipe, out=tmp_path / "best", log=Quiet()))
    assert [t.sample for t in cut.keep] == [0] * 4
    assert cut.manifest.summary["filters"]["best_of"] == {"keep": 4, "hazard": 0, "noise": 4, "unjudged": 0}
    assert cut.manifest.summary["keep"] == cut.manifest.summary["noise"] == 4
    because = {reason for row in cut.table("decisions").to_pylist() for reason in row["because"] if "best_of" in reason}
    assert because == {"best_of: passed, not the best"}


def test_real_rationales_against_gold(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("POTSTILL_DATA", str(data_dir))
    cut = cut_of(Run.open(load(tree.ROOT / "recipes" / "svamp_palm.toml"), out=tmp_path / "svamp", log=Quiet()))
    # 587 of the right ones write their answer in one pair of brackets, 9 as "(16 * 17) * 4"
    assert (len(cut.keep), len(cut.noise)) == (596, 204)


class Watched:
    """A recipe that keeps the names of the sections that were read."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.read = recipe, set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self.recipe, name)


def test_the_sections_that_deciding_reads_are_those_it_says(tmp_path, monkeypatch):
    run = run_of(tmp_path, [{"kind": "answer"}])
    traces = draw(run, gather(run))
    run.recipe = Watched(run.recipe)
    monkeypatch.setattr("potstill.store.run.dump", lambda watched: "")
    judge(run, traces, measure=True)
    beside = {"name", "seed", "generate"}  # of the last, only what judges may cost
    assert run.recipe.read & Recipe.model_fields.keys() - beside == {*judging.SECTIONS}


def test_a_threshold_changed_and_changed_back_decides_the_same(tmp_path):
    def decided(threshold):
        run = run_of(tmp_path, [{"kind": "answer", "threshold": threshold}])
        return judge(run, draw(run, gather(run)))

    first, other, again = decided(0.5), decided(0.0), decided(0.5)
    assert first.content == again.content != other.content
    assert first.folder == again.folder
    rule(run_of(tmp_path, [{"kind": "answer"}]), first.noise[0].id, "keep", "it is right")
    assert first.noise[0].id in {trace.id for trace in decided(0.5).keep} & {trace.id for trace in decided(0.9).keep}
