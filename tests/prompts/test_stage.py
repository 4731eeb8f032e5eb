from __future__ import annotations

import json

import pytest

from potstill.curate.rulings import rule
from potstill.errors import InputError, RecipeError
from potstill.prompts import gather
from potstill.recipe import Recipe
from potstill.store import Quiet, Run, rows
from potstill.types import Prompt


class Lines(Quiet):
    """A log that keeps its lines."""

    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)


def write(path, questions, **more):
    path.write_text("".join(json.dumps({"prompt": q, **more}) + "\n" for q in questions))
    return str(path)


def run_of(tmp_path, prompts, evaluate=None, seed=0):
    recipe = Recipe.model_validate(
        {
            "name": "x",
            "seed": seed,
            "student": {"model": "new:llama"},
            "teachers": [{"model": "fake:yes"}],
            "prompts": prompts,
            "evaluate": evaluate or {},
        }
    )
    return Run.open(recipe, out=tmp_path / "run", log=Lines())


def table(artifact, name="prompts"):
    return list(rows(artifact.table(name), Prompt))


def test_two_tables(tmp_path):
    asked, judged = write(tmp_path / "a.jsonl", "abc"), write(tmp_path / "b.jsonl", "xy")
    run = run_of(tmp_path, {"sources": [asked]}, {"sources": [judged]})
    made = gather(run)
    assert [p.question for p in table(made)] == ["a", "b", "c"]
    assert [p.question for p in table(made, "evaluation")] == ["x", "y"]
    assert made.manifest.summary == {"prompts": 3, "evaluation": 2, "duplicates": 0, "in_both": 0, "quarantined": 0}
    assert run.log.lines == ["prompts: 3 to ask, 2 for evaluation"]


def test_nothing_twice_and_nothing_in_both(tmp_path):
    asked, judged = write(tmp_path / "a.jsonl", "abacad"), write(tmp_path / "b.jsonl", "cxx")
    run = run_of(tmp_path, {"sources": [asked, asked]}, {"sources": [judged]})
    made = gather(run)
    assert [p.question for p in table(made)] == ["a", "b", "d"]
    assert [p.question for p in table(made, "evaluation")] == ["c", "x"]
    assert made.manifest.summary == {"prompts": 3, "evaluation": 2, "duplicates": 9, "in_both": 1, "quarantined": 0}
    assert "9 duplicates dropped" in run.log.lines[0]
    assert "1 dropped because" in run.log.lines[0]


def test_the_first_of_two_references_stays_and_the_other_is_told(tmp_path):
    first, second = write(tmp_path / "a.jsonl", "ab", reference="1"), write(tmp_path / "b.jsonl", "bc", reference="2")
    run = run_of(tmp_path, {"sources": [first, second], "columns": {"reference": "reference"}})
    assert [(p.question, p.reference) for p in table(gather(run))] == [("a", "1"), ("b", "1"), ("c", "2")]
    assert run.log.lines[0].endswith("; 1 duplicates dropped, 1 of them with another reference than the first")


def test_one_prompt_is_not_a_hazard_here_and_harmless_there(tmp_path):
    plain, hazard = write(tmp_path / "a.jsonl", "ab"), write(tmp_path / "b.jsonl", "b", intent="hazard")
    run = run_of(tmp_path, {"sources": [plain, hazard]})
    with pytest.raises(InputError, match=r"b\.jsonl.*: the same prompt is labelled hazard here and labelled benign in .*a\.jsonl"):
        gather(run)


def test_how_a_prompt_is_put(tmp_path):
    asked = write(tmp_path / "a.jsonl", ["{1}"], reference="7")
    section = {"sources": [asked], "template": "Q: {prompt}\nA:", "system": "Be brief.", "grader": "number"}
    made = gather(run_of(tmp_path, section, {"sources": [write(tmp_path / "b.jsonl", ["2"])]}))
    (prompt,) = table(made)
    assert [m.content for m in prompt.messages] == ["Be brief.", "Q: {1}\nA:"]
    assert (prompt.grader, prompt.reference) == ("number", "7")
    (judged,) = table(made, "evaluation")
    assert [m.content for m in judged.messages] == ["Be brief.", "Q: 2\nA:"]
    assert judged.grader == "number"


def test_the_evaluation_may_be_put_otherwise(tmp_path):
    path = tmp_path / "b.jsonl"
    path.write_text('{"q": "2"}\n')
    asked = {"sources": [write(tmp_path / "a.jsonl", ["1"])], "template": "Q: {prompt}", "grader": "number"}
    made = gather(
        run_of(tmp_path, asked, {"sources": [str(path)], "columns": {"prompt": "q"}, "template": "E: {prompt}", "grader": "exact"})
    )
    (judged,) = table(made, "evaluation")
    assert (judged.question, judged.grader) == ("E: 2", "exact")


def test_own_system_turns_and_graders_stay(tmp_path):
    asked = write(tmp_path / "a.jsonl", ["1"], system="Mine.", grader="exact")
    (prompt,) = table(gather(run_of(tmp_path, {"sources": [asked], "system": "Yours.", "grader": "number"})))
    assert [m.content for m in prompt.messages] == ["Mine.", "1"]
    assert prompt.grader == "exact"


def test_a_limit_is_of_each_source(tmp_path):
    sources = [write(tmp_path / "a.jsonl", "abc"), write(tmp_path / "b.jsonl", "xyz")]
    made = gather(run_of(tmp_path, {"sources": sources, "limit": 2}))
    assert [p.question for p in table(made)] == ["a", "b", "x", "y"]


def test_plain_text_is_neither_put_nor_given_turns(tmp_path):
    (tmp_path / "t.txt").write_text("some text here")
    section = {"sources": [f"text:{tmp_path}/t.txt"], "template": "Q: {prompt}", "system": "Be brief."}
    assert table(gather(run_of(tmp_path, section)))[0].messages == ()


def test_unchanged_sources_are_not_gathered_again(tmp_path):
    path = tmp_path / "a.jsonl"
    write(path, "ab")
    run = run_of(tmp_path, {"sources": [str(path)]})
    first = gather(run)
    assert gather(run).manifest == first.manifest
    assert "unchanged" in run.log.lines[-1]
    write(path, "abc")
    assert gather(run).content != first.content


def test_the_seed_draws_other_world_prompts(tmp_path):
    section = {"sources": ["world:math?n=12"]}
    contents = {gather(run_of(tmp_path / str(seed), section, seed=seed)).content for seed in (0, 1)}
    assert len(contents) == 2


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"template": "Q:"}, "the template has no {prompt}"),
        ({"grader": "numbr"}, "unknown judge 'numbr'; did you mean 'number'"),
        ({"columns": {"promt": "q"}}, "unknown wanted name 'promt'"),
    ],
)
def test_faults_of_the_recipe(tmp_path, section, message):
    asked = write(tmp_path / "a.jsonl", "a")
    with pytest.raises(RecipeError, match=message):
        gather(run_of(tmp_path, {"sources": [asked], **section}))


def test_a_stated_licence_is_that_of_plain_text_too(tmp_path):
    (tmp_path / "t.txt").write_text("some text here")
    asked = write(tmp_path / "a.jsonl", "a")
    made = gather(run_of(tmp_path, {"sources": [asked, f"text:{tmp_path}/t.txt"], "columns": {"prompt": "prompt", "licence": "=MIT"}}))
    assert [p.licence for p in table(made)] == ["MIT", "MIT"]


@pytest.mark.parametrize(
    ("source", "columns", "message"),
    [
        (
            "text",
            {"reference": "text"},
            r"prompts\.columns\.reference: .* \(text:\) has columns, where reference could be found",
        ),
        (
            "text",
            {"reference": "=x"},
            r"prompts\.columns\.reference: .* \(text:\) takes a stated reference; .* one of: domain, ",
        ),
        (
            "text",
            {"licence": "=MIT", "system": "=Be."},
            r"columns\.system: .* \(text:\) takes a stated system; leave it out, or",
        ),
        ("world", {"licence": "=MIT"}, r"prompts\.columns\.licence: no source here \(world:\) takes a stated licence; leave it out$"),
        ("world", {"nonsense": "x"}, "unknown wanted name 'nonsense' in columns"),
        ("text", {"nonsense": "x"}, "unknown wanted name 'nonsense' in columns"),
    ],
)
def test_columns_that_no_source_can_have_are_refused(tmp_path, source, columns, message):
    (tmp_path / "t.txt").write_text("some text here")
    spec = {"text": f"text:{tmp_path}/t.txt", "world": "world:math?n=3"}[source]
    with pytest.raises(RecipeError, match=message):
        gather(run_of(tmp_path, {"sources": [spec], "columns": columns}))
    if "unknown" not in message:
        with pytest.raises(RecipeError, match=message.replace("prompts", "evaluate")):
            gather(run_of(tmp_path, {"sources": ["world:math?n=3"]}, {"sources": [spec], "columns": columns}))


def test_columns_of_the_prompts_need_not_fit_an_evaluation_that_says_nothing_of_columns(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"q": "2"}\n')
    section = {"sources": [str(path)], "columns": {"prompt": "q", "domain": "=math"}}
    assert table(gather(run_of(tmp_path, section, {"sources": ["world:math?n=3"]})))[0].domain == "math"


def test_faults_of_the_sources(tmp_path):
    empty = write(tmp_path / "a.jsonl", "")
    with pytest.raises(InputError, match=r"a\.jsonl: the source has no prompts"):
        gather(run_of(tmp_path, {"sources": [empty]}))
    with pytest.raises(InputError, match="no such file"):
        gather(run_of(tmp_path, {"sources": [str(tmp_path / "none.jsonl")]}))
    both = write(tmp_path / "b.jsonl", "ab")
    with pytest.raises(InputError, match="no prompts; the sources are empty, or hold evaluation prompts only"):
        gather(run_of(tmp_path, {"sources": [both]}, {"sources": [both]}))
    (tmp_path / "c.jsonl").write_text('{"prompt": "a"}\n{"prompt": }\n{"prompt": }\n')
    with pytest.raises(InputError, match=r"2 of 3 rows are malformed, the first: .*c\.jsonl:2:12: malformed JSON"):
        gather(run_of(tmp_path, {"sources": [str(tmp_path / "c.jsonl")]}))


def test_world_prompts_to_validate_on_are_neither_trained_on_nor_those_of_the_evaluation(tmp_path):
    source = "world:carry_addition?n=40"
    run = run_of(tmp_path, {"sources": [source], "validation": [source]}, {"sources": [source]})
    made = gather(run)
    trained, validated, judged = ({p["id"] for p in made.table(name).to_pylist()} for name in ("prompts", "validation", "evaluation"))
    assert len(validated) == len(judged) == 40
    assert trained
    assert not trained & validated
    assert not validated & judged


MIXED = '{"prompt": "a"}\n{"prompt": }\n{"prompt": "b", "intent": "evil"}\n{"prompt": "c"}\n{"prompt": ""}\n{"prompt": "d"}\n'


def test_malformed_rows_are_set_aside_and_told_at_the_end(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(MIXED)
    run = run_of(tmp_path, {"sources": [str(path)]})
    made = gather(run)
    assert [p.question for p in table(made)] == ["a", "c", "d"]
    assert made.manifest.summary["quarantined"] == 3
    first = f"{path}:2:12: malformed JSON: Expecting value; mend that line"
    told = f"prompts: 3 rows set aside, the first: {first}; see `potstill query {run.folder} 'select * from quarantine'`"
    assert run.log.lines[-1] == told
    rows_ = run.artifact("prompts.gathered").table("quarantine").to_pylist()
    assert [(row["where"].removeprefix(str(path)), row["what"], row["raw"], row["use"]) for row in rows_] == [
        (":2:12", "malformed JSON: Expecting value", '{"prompt": }', "prompts"),
        (":3", "unknown intent 'evil'", '{"prompt": "b", "intent": "evil"}', "prompts"),
        (":5", "the prompt is empty", '{"prompt": ""}', "prompts"),
    ]
    gather(run)
    assert run.log.lines[-1] == told


def test_how_much_of_a_source_may_be_malformed_is_a_setting(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a"}\n{"prompt": }\n{"prompt": }\n')
    assert len(table(gather(run_of(tmp_path, {"sources": [str(path)], "max_quarantined": 0.7})))) == 1


def filtered(tmp_path, sources, *filters, **more):
    return run_of(tmp_path, {"sources": sources, "filters": list(filters), **more})


def test_filters_choose_before_anybody_is_asked(tmp_path):
    asked = write(tmp_path / "a.jsonl", ["Same", "same ", "other"])
    run = filtered(tmp_path, [asked], {"kind": "duplicate"})
    made = gather(run)
    assert len(table(made)) == 2
    decided = made.table("decisions").to_pylist()
    assert sorted(row["part"] for row in decided) == ["keep", "keep", "noise"]
    assert [row["prompt_id"] for row in decided] == run.artifact("prompts.gathered").table("candidates")["id"].to_pylist()
    assert made.table("verdicts")["by"].to_pylist() == ["duplicate"] * 3
    summary = made.manifest.summary
    assert (summary["prompts"], summary["keep"], summary["noise"], summary["filters"]["duplicate"]["noise"]) == (2, 2, 1, 1)
    assert "the filters put 2 into keep, 0 into hazard, 1 into noise" in run.log.lines[-1]


def test_a_changed_threshold_decides_anew_and_reads_and_judges_nothing(tmp_path, monkeypatch):
    asked = write(tmp_path / "a.jsonl", ["same", "Same", "other"])
    gather(filtered(tmp_path, [asked], {"kind": "duplicate"}))
    monkeypatch.setattr("potstill.sources.kinds.file.FileSource.sift", lambda self: pytest.fail("read again"))
    monkeypatch.setattr("potstill.curate.filters.duplicate.DuplicateFilter.judge", lambda self, items: pytest.fail("judged again"))
    made = gather(filtered(tmp_path, [asked], {"kind": "duplicate", "threshold": 2.0}))
    assert len(table(made)) == 3


def test_where_nothing_is_kept_the_filter_is_named(tmp_path):
    asked = write(tmp_path / "a.jsonl", ["one", "other"])
    run = filtered(tmp_path, [asked], {"kind": "duplicate", "threshold": 0.0})
    with pytest.raises(InputError, match=r"prompts\.filters: no prompt is kept: 'duplicate' put 2 of 2 into noise"):
        gather(run)


def test_a_filter_of_answers_is_refused(tmp_path):
    run = filtered(tmp_path, [write(tmp_path / "a.jsonl", "ab")], {"kind": "answer"})
    with pytest.raises(RecipeError, match=r"prompts\.filters\.0: the filter 'answer' judges answers.*; move it to \[\[filters\]\]"):
        gather(run)


def test_what_a_person_says_holds(tmp_path):
    asked = write(tmp_path / "a.jsonl", ["same", "Same", "other"])
    run = filtered(tmp_path, [asked], {"kind": "duplicate"})
    gather(run)
    out = run.artifact("prompts").table("decisions").to_pylist()
    (noise,) = [row["prompt_id"] for row in out if row["part"] == "noise"]
    rule(run, noise, "keep", "the case matters here")
    assert len(table(gather(run))) == 3


def test_half_b_is_not_asked_where_filters_decide(tmp_path):
    asked = write(tmp_path / "a.jsonl", "ab")
    hazard = write(tmp_path / "h.jsonl", "h", intent="hazard", half="B", family="x")
    made = gather(filtered(tmp_path, [asked, hazard], {"kind": "duplicate"}))
    assert [p.question for p in table(made)] == ["a", "b"]
    assert made.table("decisions").to_pylist()[2]["because"] == ["half B only evaluates"]


def test_sources_with_columns_and_templates_of_their_own(tmp_path):
    sums, words = tmp_path / "s.jsonl", tmp_path / "w.jsonl"
    sums.write_text('{"q": "1+1?", "a": "2"}\n{"q": "2+2?", "a": "4"}\n')
    words.write_text('{"prompt": "Hi"}\n')
    own = {"source": str(sums), "columns": {"prompt": "q", "reference": "a", "domain": "=math"}, "template": "Q: {prompt}", "limit": 1}
    run = run_of(tmp_path, {"sources": [own | {"grader": "number"}, str(words)], "columns": {"licence": "=MIT"}, "template": "> {prompt}"})
    found = [(p.question, p.reference, p.domain, p.grader, p.licence) for p in table(gather(run))]
    assert found == [("Q: 1+1?", "2", "math", "number", ""), ("> Hi", None, "", None, "MIT")]
    with pytest.raises(RecipeError, match=r"prompts\.sources 'world:fact\?n=3'\.columns\.licence: no source here \(world:\)"):
        gather(run_of(tmp_path, {"sources": [{"source": "world:fact?n=3", "columns": {"licence": "=MIT"}}]}))


def test_many_prompts_are_written_in_parts(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"{number % 9000}?"}) + "\n" for number in range(10_000)))
    made = gather(run_of(tmp_path, {"sources": [str(path)]}))
    assert [made.folder.joinpath(f"prompts-0000{n}.parquet").exists() for n in range(3)] == [True, True, False]
    assert made.count("prompts") == 9000
    assert made.manifest.summary["duplicates"] == 1000
    assert made.table("prompts")["id"].to_pylist()[8999] == table(made)[8999].id
