from __future__ import annotations

import json
import math

import pytest

from potstill.errors import BudgetError, CapabilityError, InputError, ModelError, RecipeError
from potstill.generate import draw, drawing
from potstill.models import open_teacher
from potstill.models.fake import FakeTeacher
from potstill.prompts import gather
from potstill.recipe import Recipe
from potstill.store import Quiet, Run, rows
from potstill.types import Trace
from tests.endpoints.plain_server import PlainServer, Reply
from tests.models.small import write_model


class Lines(Quiet):
    """A log that keeps its lines."""

    def __init__(self):
        self.lines, self.tasks = [], []

    def say(self, text):
        self.lines.append(text)

    def task(self, name, total, unit):
        self.tasks.append((name, total))
        return super().task(name, total, unit)


def run_of(tmp_path, questions="abcde", teachers=({"model": "fake:{prompt}!"},), out="run", sources=None, **generate):
    path = tmp_path / "asked.jsonl"
    path.write_text("".join(json.dumps({"prompt": q, "domain": "math" if q in "ab" else "talk"}) + "\n" for q in questions))
    recipe = Recipe.model_validate(
        {
            "name": "x",
            "student": {"model": "new:llama"},
            "teachers": list(teachers),
            "prompts": {"sources": sources or [str(path)]},
            "generate": {"shard": 2, **generate},
        }
    )
    return Run.open(recipe, out=tmp_path / out, log=Lines())


def traces_of(artifact):
    return list(rows(artifact.table("traces"), Trace))


def test_traces_of_all_prompts_in_shards(tmp_path):
    run = run_of(tmp_path, n=2)
    made = draw(run, gather(run))
    shards = [f"{name}-0000{i}.parquet" for name in ("scorings", "traces") for i in range(3)]
    assert sorted(path.name for path in made.folder.glob("*.parquet")) == sorted([*shards, "teachers.parquet"])
    assert [(t.text, t.sample, t.teacher) for t in traces_of(made)] == [(f"{q}!", s, "fake:{prompt}!") for q in "abcde" for s in (0, 1)]
    assert made.manifest.summary == {
        "prompts": 5,
        "traces": 10,
        "tokens": 30,
        "finish_reasons": {"stop": 10},
        "teachers": {"fake:{prompt}!": 10},
    }
    scorings = made.table("scorings")
    assert scorings["k"].to_pylist() == [20] * 10
    assert scorings["trace_id"].to_pylist() == made.table("traces")["id"].to_pylist()
    assert made.table("teachers")["name"].to_pylist() == ["fake:{prompt}!"]
    seconds = json.loads((made.folder / "log" / "seconds.json").read_text())
    assert seconds["tokens"] == 30
    assert not any(name.startswith("log/") for name in made.manifest.files)


def test_teachers_by_domain(tmp_path):
    teachers = [{"model": "fake:general", "top_k": 3}, {"model": "fake:special", "domains": ["math"], "top_k": 1}]
    run = run_of(tmp_path, teachers=teachers)
    made = draw(run, gather(run))
    assert [t.text for t in traces_of(made)] == ["special", "special", "general", "general", "general"]
    assert made.table("scorings")["k"].to_pylist() == [1, 1, 3, 3, 3]
    run = run_of(tmp_path, teachers=[{"model": "fake:special", "domains": ["math"]}], out="other")
    with pytest.raises(RecipeError, match="no teacher for the domain 'talk'"):
        draw(run, gather(run))


def test_several_answers_stand_together(tmp_path):
    run = run_of(tmp_path, teachers=[{"model": "fake:x"}, {"model": "fake:y"}], n=2)
    made = draw(run, gather(run))
    assert "".join(t.text for t in traces_of(made)) == "xxyy" * 5


class Interrupted(Exception):
    """What an interruption is in these tests."""


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path, monkeypatch):
    undisturbed = draw(run := run_of(tmp_path, out="a"), gather(run))
    asked = []
    answer = FakeTeacher.draw

    def falls_over(self, prompts, sampling, keep):
        asked.extend(prompt.question for prompt in prompts)
        if "e" in [prompt.question for prompt in prompts] and asked.count("e") == 1:
            raise Interrupted
        return answer(self, prompts, sampling, keep)

    monkeypatch.setattr(FakeTeacher, "draw", falls_over)
    run = run_of(tmp_path, out="b")
    prompts = gather(run)
    with pytest.raises(Interrupted):
        draw(run, prompts)
    made = draw(run, prompts)
    assert made.content == undisturbed.content
    assert made.manifest.summary == undisturbed.manifest.summary
    assert asked == [*"abcde", "e"]
    assert run.log.lines.count("generate: going on, 4 of 5 prompts are done") == 1
    assert [task for task in run.log.tasks if task[0] == "generate"] == [("generate", 5), ("generate", 1)]


def test_an_unchanged_stage_is_kept_and_a_changed_one_is_not(tmp_path):
    run = run_of(tmp_path)
    first = draw(run, gather(run))
    assert draw(run, gather(run)).folder == first.folder
    assert draw(run_of(tmp_path, batch_size=3), gather(run)).folder == first.folder
    other = run_of(tmp_path, temperature=0.5)
    assert draw(other, gather(other)).folder != first.folder


def test_a_real_network_is_drawn_and_scored(tmp_path):
    folder = write_model(tmp_path / "model")
    run = run_of(tmp_path, teachers=[{"model": f"hf:{folder}", "top_k": 4}], max_new_tokens=5, batch_size=2)
    made = draw(run, gather(run))
    lengths = {row["id"]: len(row["token_ids"]) for row in made.table("traces").to_pylist()}
    for row in made.table("scorings").to_pylist():
        assert len(row["support_ids"]) == 4 * lengths[row["trace_id"]] == 4 * len(row["log_p"])
    (tmp_path / "t.txt").write_text("Ann has 3 pens.\n\nBo has 4 cups and more.")
    run = run_of(
        tmp_path, teachers=[{"model": f"hf:{folder}", "top_k": 4}], out="scored", sources=[f"text:{tmp_path}/t.txt?window=20"], mode="score"
    )
    made = draw(run, gather(run))
    assert [t.text for t in traces_of(made)] == ["Ann has 3 pens.", "Bo has 4 cups and", "more."]
    assert [row["k"] for row in made.table("scorings").to_pylist()] == [4, 4, 4]


def test_what_cannot_be_scored(tmp_path):
    run = run_of(tmp_path, mode="score")
    with pytest.raises(InputError, match="this prompt is a conversation; use mode"):
        draw(run, gather(run))
    (tmp_path / "answers.jsonl").write_text('{"prompt": "a", "answer": "1"}\n')
    run = run_of(tmp_path, teachers=[{"model": f"recorded:{tmp_path}/answers.jsonl"}], out="recorded", mode="score")
    with pytest.raises(CapabilityError, match="cannot score texts"):
        draw(run, gather(run))


def test_recorded_answers_that_are_missing_or_fewer(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps({"prompt": q, "answer": q * 2}) + "\n" for q in "aabcde"))
    run = run_of(tmp_path, teachers=[{"model": f"recorded:{path}"}], n=2)
    made = draw(run, gather(run))
    assert [t.text for t in traces_of(made)] == ["aa", "aa", "bb", "cc", "dd", "ee"]
    assert any("4 answers fewer than asked for" in line for line in run.log.lines)
    path.write_text('{"prompt": "a", "answer": "1"}\n')
    run = run_of(tmp_path, teachers=[{"model": f"recorded:{path}"}])
    with pytest.raises(ModelError, match="no recorded answer to 'b'"):
        draw(run, gather(run))


def test_a_teachers_weights_are_part_of_the_identity(tmp_path, monkeypatch):
    run = run_of(tmp_path)
    first = draw(run, gather(run))
    opened = drawing.open_teacher
    monkeypatch.setattr(drawing, "open_teacher", lambda *given: _Changed(opened(*given)))
    assert draw(run, gather(run)).folder != first.folder


class _Changed(FakeTeacher):
    """The same teacher with other weights."""

    def __init__(self, other):
        super().__init__(other.answers, other.name)

    def identity(self):
        return {**super().identity(), "weights": "others"}


def test_all_teachers_answer_and_a_committee_scores_each_others_texts(tmp_path):
    run = run_of(tmp_path, teachers=[{"model": "fake:x", "top_k": 2}, {"model": "fake:yes", "top_k": 3}], committee=True)
    made = draw(run, gather(run))
    names = dict(zip(*made.table("teachers").select(["id", "name"]).to_pydict().values(), strict=True))
    traces = {row["id"]: row for row in made.table("traces").to_pylist()}
    scorings = made.table("scorings").to_pylist()
    assert len(traces) == 10
    assert len(scorings) == 20
    for own, other in zip(scorings[::2], scorings[1::2], strict=True):
        trace = traces[own["trace_id"]]
        assert other["trace_id"] == own["trace_id"]
        assert (own["mode"], names[own["teacher_id"]]) == ("sampled", trace["teacher"])
        assert other["mode"] == "teacher_forced"
        assert names[other["teacher_id"]] != trace["teacher"]
        assert len(other["log_p"]) == len(own["log_p"]) == len(trace["token_ids"])
        assert {own["k"], other["k"]} == {2, 3}


def test_a_committee_of_tokenizers_carries_each_scorers_tokens(tmp_path):
    folder = write_model(tmp_path / "model")
    teachers = [{"model": f"hf:{folder}", "top_k": 2}, {"model": "fake:yes", "top_k": 2}]
    run = run_of(tmp_path, "ab", teachers=teachers, committee=True, max_new_tokens=4)
    made = draw(run, gather(run))
    traces = {row["id"]: row for row in made.table("traces").to_pylist()}
    others = [row for row in made.table("scorings").to_pylist() if row["mode"] == "teacher_forced"]
    assert len(others) >= 2
    for row in others:
        text = traces[row["trace_id"]]["text"]
        assert len(row["token_ids"]) == len(row["log_p"])
        if traces[row["trace_id"]]["teacher"].startswith("hf:"):
            assert bytes(i for i in row["token_ids"] if i < 256).decode() == text
        assert row["token_ends"][-1:] == [len(text.encode())]


def test_an_answer_beyond_a_members_context_is_kept_and_goes_without_its_scoring(tmp_path):
    long, short = (
        write_model(tmp_path / name, max_position_embeddings=positions, initializer_range=spread)
        for name, positions, spread in (("long", 64, 0.3), ("short", 20, 0.2))
    )
    teachers = [{"model": f"hf:{folder}", "top_k": 2} for folder in (long, short)]
    run = run_of(tmp_path, "abcd", teachers=teachers, committee=True, max_new_tokens=60)
    made = draw(run, gather(run))
    names = {row["id"]: row["name"] for row in made.table("teachers").to_pylist()}
    traces = {trace.id: trace for trace in traces_of(made)}
    assert sorted(trace.teacher for trace in traces.values()) == sorted([f"hf:{long}"] * 4 + [f"hf:{short}"] * 4)
    scored = [row for row in made.table("scorings").to_pylist() if row["mode"] == "teacher_forced"]
    assert [len(row["log_p"]) for row in scored] == [len(traces[row["trace_id"]].token_ids) for row in scored]
    by_short = sum(names[row["teacher_id"]] == f"hf:{short}" for row in scored)
    assert by_short < 4
    assert made.manifest.summary["unscored"] == {f"hf:{long}": 0, f"hf:{short}": 4 - by_short}
    assert any(f"hf:{short} did not score {4 - by_short} answers of the others" in line for line in run.log.lines)


def test_a_teacher_that_cannot_score_is_refused_before_anything_is_asked(tmp_path):
    (tmp_path / "answers.jsonl").write_text('{"prompt": "a", "answer": "1"}\n')
    teachers = [{"model": "fake:x"}, {"model": f"recorded:{tmp_path}/answers.jsonl"}]
    run = run_of(tmp_path, teachers=teachers, committee=True)
    prompts = gather(run)
    with pytest.raises(CapabilityError, match=r"cannot score texts; leave generate\.committee out"):
        draw(run, prompts)
    assert not (tmp_path / "run" / "generate").exists()


def test_a_context_is_kept_with_the_trace_and_changes_what_the_teacher_says(tmp_path):
    folder = write_model(tmp_path / "model")
    settings = {"teachers": [{"model": f"hf:{folder}", "top_k": 2}], "max_new_tokens": 6, "temperature": 0}
    plain = draw(run := run_of(tmp_path, out="plain", **settings), gather(run))
    told = draw(run := run_of(tmp_path, out="told", context="What is 3 plus 4 ?", **settings), gather(run))
    assert {trace.context for trace in traces_of(told)} == {"What is 3 plus 4 ?"}
    assert [t.prompt_id for t in traces_of(told)] == [t.prompt_id for t in traces_of(plain)]
    assert [t.token_ids for t in traces_of(told)] != [t.token_ids for t in traces_of(plain)]
    assert run.artifact("prompts").table("prompts")["messages"].to_pylist()[0] == [{"role": "user", "content": "a"}]


def test_the_best_of_several_is_told_and_the_distance_summed_up(tmp_path):
    path = tmp_path / "answers.jsonl"
    drawn = {"a": ["no", "better"], "b": ["", ""], "c": ["no", "no", "no", "longer"]}
    path.write_text("".join(json.dumps({"prompt": q, "answer": a}) + "\n" for q, some in drawn.items() for a in some if a))
    path.write_text(path.read_text() + "".join(json.dumps({"prompt": "b", "answer": "no"}) + "\n" for _ in range(2)))
    best = {"judge": "callable:tests.generate.test_selection:length", "least": 3, "rounds": 2}
    run = run_of(tmp_path, "abc", teachers=[{"model": f"recorded:{path}"}], n=2, best_of=best)
    made = draw(run, gather(run))
    chosen = {row["chosen"] for row in made.table("selections").to_pylist()} - {None}
    assert [trace.text for trace in traces_of(made) if trace.id in chosen] == ["better", "longer"]
    verdicts = made.table("verdicts").to_pylist()
    assert [verdict["trace_id"] for verdict in verdicts] == made.table("traces")["id"].to_pylist()
    assert [verdict["part"] for verdict in verdicts].count("keep") == 2
    assert made.manifest.summary["best_of"] == {
        "passed": 2,
        "none_passed": 1,
        "draws": 8,
        "unjudged": 0,
        "kl_bound_mean": pytest.approx((math.log(2) - 0.5 + math.log(4) - 0.75) / 2),
        "kl_bound_max": pytest.approx(math.log(4) - 0.75),
    }


def test_the_judge_is_part_of_the_identity(tmp_path):
    best = {"judge": "callable:tests.generate.test_selection:length", "least": 0}
    first = draw(run := run_of(tmp_path, n=2, best_of=best), gather(run))
    other = draw(run := run_of(tmp_path, n=2, best_of={**best, "judge": "refusal"}), gather(run))
    assert any("length" in key for key in first.manifest.parts)
    assert first.folder != other.folder


def test_endpoints_are_handed_more_at_a_time(tmp_path):
    run = run_of(tmp_path, teachers=[{"model": "fake:x"}])
    assert drawing._Drawing(run, [], None)._at_a_time() == 1
    run = run_of(tmp_path, teachers=[{"model": "fake:x"}, {"model": "http://localhost:1/v1#m", "concurrency": 8}])
    assert drawing._Drawing(run, [], None)._at_a_time() == 8 * drawing.IN_FLIGHT


def test_what_endpoints_are_handed_is_bounded_by_requests_and_memory(tmp_path):
    def at_a_time(teacher, **generate):
        run = run_of(tmp_path, teachers=[{"model": "http://localhost:1/v1#m", "concurrency": 8, **teacher}], **generate)
        opened = [open_teacher(section) for section in run.recipe.teachers]
        return drawing._Drawing(run, drawing.voices(run.recipe, opened), None)._at_a_time()

    assert at_a_time({}, n=4) == 8 * drawing.IN_FLIGHT // 4
    wide = {"dialect": "vllm", "tokenizer": "world:a", "top_k": 100}
    assert at_a_time(wide, max_new_tokens=4000) == drawing.IN_MEMORY // (4000 * 100 * 8)
    assert at_a_time({}, n=1000) == 1


def test_a_judges_server_is_asked_before_the_teachers(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    drawn = []
    monkeypatch.setattr(FakeTeacher, "draw", lambda *given: drawn.append(given))
    best = {"judge": "reward:http://localhost:1#RM?tokenizer=world:a&api_key_env=NO_SUCH_KEY"}
    run = run_of(tmp_path, n=2, best_of=best)
    with pytest.raises(ModelError, match="NO_SUCH_KEY is not set"):
        draw(run, gather(run))
    assert not drawn


def wrong(prompt, text):
    """A judge with a mistake in it."""
    return {"7": 1.0}[text]


def test_a_judge_with_a_mistake_is_found_before_the_teachers_are_asked(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(FakeTeacher, "draw", lambda *given: drawn.append(given))
    run = run_of(tmp_path, n=2, best_of={"judge": "callable:tests.generate.test_drawing:wrong"})
    with pytest.raises(
        RecipeError, match=r"asked\.jsonl:1: the judge failed at test_drawing\.py:\d+ with KeyError: 'Answer: 5'; let it give"
    ):
        draw(run, gather(run))
    assert not drawn


CHAT = {
    "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


def test_what_was_spent_is_told_however_the_stage_ends(tmp_path, monkeypatch):
    with PlainServer(lambda number, body: Reply(body=CHAT)) as server:
        teacher = {"model": f"{server.base}#m", "concurrency": 1, "price": {"input": 1, "output": 1}}

        def drawn(expected, **settings):
            run = run_of(tmp_path, teachers=[teacher], max_new_tokens=4, **settings)
            if expected is None:
                draw(run, gather(run))
            else:
                with pytest.raises(expected):
                    draw(run, gather(run))
            return run.log.lines[-1]

        told = drawn(BudgetError, token_budget=80)
        assert told == "generate: in the ledger are 3 requests, 3 answered, in 3 attempts, 15 tokens, 0.000015 US dollars"
        with monkeypatch.context() as patch:
            patch.setattr(drawing.Gathered, "write", lambda *given, **settings: (_ for _ in ()).throw(KeyboardInterrupt))
            assert "5 requests, 5 answered, in 5 attempts, 25 tokens" in drawn(KeyboardInterrupt)
        assert "5 requests, 5 answered, in 5 attempts, 25 tokens" in drawn(None)
        assert len(server.bodies) == 5
    local = run_of(tmp_path, out="local")
    draw(local, gather(local))
    assert not [line for line in local.log.lines if "ledger" in line]
