from __future__ import annotations

from potstill.generate.traces import Drawn, card_of, table_of, trace_of
from potstill.models import Answer, Outlook, Sampling
from potstill.models.fake import FakeTeacher
from potstill.recipe import TeacherSection
from potstill.store import SCHEMAS, rows
from potstill.types import Segment, TeacherCard, Trace, Usage
from tests.models.small import ask

CARD = TeacherCard("fake:x")


def table(traces):
    return table_of([Drawn(trace.id, trace, Outlook()) for trace in traces])


def test_traces_as_a_table():
    sampling = Sampling(n=2, temperature=0.5, seed=3)
    (group,) = FakeTeacher(["3+4=7. Answer: 7", "é"]).draw([ask("a?")], sampling)
    traces = [trace_of("p", CARD, sample, answer, sampling, context="be kind") for sample, answer in enumerate(group)]
    made = table(traces)
    assert made.schema == SCHEMAS[Trace]
    assert list(rows(made, Trace)) == traces
    first, second = made.to_pylist()
    assert (first["teacher_id"], first["context"]) == (CARD.id, "be kind")
    assert first["sampling"] == '{"max_new_tokens":256,"seed":3,"temperature":0.5,"top_p":1.0}'
    assert second["token_ends"] == [1, 2, 2]


def test_segments_have_spans_in_bytes_and_tokens():
    answer = Answer("é=7. Answer: 7", token_ids=(1, 2, 3), token_ends=(2, 6, 15))
    (row,) = table([trace_of("p", CARD, 0, answer, Sampling())]).to_pylist()
    assert row["segments"] == [
        {"kind": "reasoning", "start": 0, "end": 5, "byte_start": 0, "byte_end": 6, "token_start": 0, "token_end": 2},
        {"kind": "answer", "start": 5, "end": 14, "byte_start": 6, "byte_end": 15, "token_start": 2, "token_end": 3},
    ]


def test_a_text_without_tokens():
    answers = [Answer("hello", usage=Usage(3, 4, cost_microusd=17), request="k", response="r", reasoning_field="thinking"), Answer("")]
    traces = [trace_of("p", CARD, i, answer, Sampling()) for i, answer in enumerate(answers)]
    made = table(traces)
    assert list(rows(made, Trace)) == traces
    assert made["segments"][0].as_py()[0]["token_start"] is None
    assert len(table([])) == 0


def test_segments():
    assert [s.kind for s in trace_of("p", CARD, 0, Answer("3+4=7. Answer: 7"), Sampling()).segments] == ["reasoning", "answer"]
    scored = trace_of("p", CARD, 0, Answer("so: Answer: 7"), Sampling(), scored=True)
    assert scored.segments == (Segment("other", 0, 13),)
    assert scored.sampling == "{}"


def test_an_answer_that_ends_within_its_thought_is_reasoning():
    cut = trace_of("p", CARD, 0, Answer("I cannot see it yet", thinking=True), Sampling())
    assert [s.kind for s in cut.segments] == ["reasoning"]


def test_a_card_says_who_the_teacher_is():
    section = TeacherSection(model="fake:x", licence="MIT", terms="https://example.org/terms", train_on_outputs="restricted")
    card = card_of(section, FakeTeacher("x", name="fake:x"))
    assert (card.name, card.licence, card.train_on_outputs, card.weights) == ("fake:x", "MIT", "restricted", "")
    assert '"fake":"fake:x"' in card.facts
    assert card.accept_terms == ""
    assert card_of(TeacherSection(model="fake:x", accept_terms=" we own it "), FakeTeacher("x")).accept_terms == "we own it"
    assert card.id != card_of(TeacherSection(model="fake:x"), FakeTeacher("x", name="fake:x")).id


def test_what_a_recipe_says_of_the_terms_holds_before_what_the_teacher_says():
    class Open(FakeTeacher):
        def identity(self):
            return {**super().identity(), "train_on_outputs": "allowed"}

    teacher = Open("x", name="fake:x")
    assert card_of(TeacherSection(model="fake:x"), teacher).train_on_outputs == "allowed"
    assert card_of(TeacherSection(model="fake:x", train_on_outputs="restricted"), teacher).train_on_outputs == "restricted"
    assert card_of(TeacherSection(model="fake:x"), FakeTeacher("x", name="fake:x")).train_on_outputs == "unknown"
