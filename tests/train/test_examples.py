from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from potstill.errors import CapabilityError, InputError
from potstill.fit import Example
from potstill.generate.traces import trace_of
from potstill.models import LocalModel, open_tokenizer
from potstill.models.base import Given, Keep, Sampling
from potstill.models.scorings import Scoring, Support, supports, to_table
from potstill.store import from_rows
from potstill.text.chat import render
from potstill.text.segments import segments
from potstill.train.examples import Encoder
from potstill.types import Message, Prompt, Segment, TeacherCard, Trace
from tests.models.small import small_network

TOKENIZER = open_tokenizer("world:a")
ASKED = Prompt((Message("user", "What is 2 + 3?"),))
TEXT = "2+3=5. Answer: 5"
PARTS = (Segment("reasoning", 0, 7), Segment("answer", 7, len(TEXT)))


def _trace() -> Trace:
    ids = render(TOKENIZER, ASKED, TEXT)
    return Trace(ASKED.id, "fake:a", 0, TEXT, PARTS, ids.input_ids[ids.loss_from :], teacher_id="t")


def _support(trace: Trace, k: int) -> Support:
    steps = len(trace.token_ids)
    ids = np.arange(k * steps, dtype=np.int32).reshape(steps, k)
    floats = np.zeros(steps, np.float32), np.zeros((0, 0), np.float32)
    return Support(trace.id, "t", "top_k", ids, np.full((steps, k), -1.0, np.float32), *floats)


def _encode(encoder: Encoder, k: int = 2):
    trace = _trace()
    return encoder.encode(from_rows([trace], Trace), [_support(trace, k)] if k else [], {ASKED.id: ASKED}, {trace.id})


def test_the_teachers_own_tokens_are_the_targets_each_with_its_distribution() -> None:
    (example,) = _encode(Encoder(TOKENIZER, True, 64, True))
    targets = example.input_ids[example.loss_from :]
    assert TOKENIZER.decode(targets, skip_special_tokens=True) == TEXT
    assert example.support_ids.shape == (len(targets), 2)
    assert example.support_ids.tolist()[1] == [2, 3]


def test_of_a_committee_the_one_that_drew_the_trace_counts() -> None:
    trace = _trace()
    own = _support(trace, 2)
    other = replace(_support(trace, 3), teacher_id="another")
    for both in ([own, other], [other, own]):
        (example,) = Encoder(TOKENIZER, True, 64, True).encode(from_rows([trace], Trace), both, {ASKED.id: ASKED}, {trace.id})
        assert example.support_ids.shape[1] == 2


def test_what_only_the_teacher_was_told_is_nowhere_in_the_example() -> None:
    trace = replace(_trace(), context="Be as gentle as a lamb.")
    for encoder in (Encoder(TOKENIZER, True, 64, True), Encoder(TOKENIZER, False, 64, False), Encoder(TOKENIZER, True, 64, False, True)):
        (example,) = encoder.encode(from_rows([trace], Trace), [_support(_trace(), 2)], {ASKED.id: ASKED}, {trace.id})
        assert "gentle" not in TOKENIZER.decode(example.input_ids)
        assert "What is 2 + 3?" in TOKENIZER.decode(example.input_ids)


def test_a_cut_sequence_keeps_targets_and_distributions_in_step() -> None:
    (whole,) = _encode(Encoder(TOKENIZER, True, 64, True))
    encoder = Encoder(TOKENIZER, True, len(whole) - 3, True)
    (cut,) = _encode(encoder)
    assert encoder.cut == 1
    assert len(cut.support_ids) == len(cut) - cut.loss_from == len(whole.support_ids) - 3
    assert np.array_equal(cut.support_ids, whole.support_ids[:-3])


def test_the_answer_alone_when_asked_for() -> None:
    (example,) = _encode(Encoder(TOKENIZER, True, 64, False, answer_only=True))
    assert TOKENIZER.decode(example.input_ids[example.loss_from :], skip_special_tokens=True) == "Answer: 5"
    assert example.input_ids[-1] == TOKENIZER.eos_token_id


def test_what_does_not_fit_is_counted_and_nothing_left_is_an_error() -> None:
    encoder = Encoder(TOKENIZER, True, 4, False)
    with pytest.raises(InputError, match="no kept trace fits"):
        _encode(encoder)
    assert encoder.dropped == 1


def test_missing_distributions_are_never_replaced() -> None:
    with pytest.raises(CapabilityError, match="covers 0 of"):
        _encode(Encoder(TOKENIZER, True, 64, True), k=0)


PLAIN = Prompt((), reference="Ann has 3 pens and Bob")


def _heard(*, scored: bool) -> tuple[LocalModel, Trace, Support]:
    """A plain text that a teacher went on with, or scored, with what it kept of its distribution."""
    teacher = LocalModel.of(small_network(), TOKENIZER, "small")
    keep = Keep(size=3)
    sampling = Sampling(max_new_tokens=7, seed=5)
    answer = teacher.score([Given(PLAIN)], keep)[0] if scored else teacher.draw([PLAIN], sampling, keep)[0][0]
    trace = trace_of(PLAIN.id, TeacherCard("small"), 0, answer, sampling, scored=scored)
    (support,) = supports(to_table([Scoring(trace.id, trace.teacher_id, "sampled", answer.outlook)]))
    return teacher, trace, support


def _likeliest(teacher: LocalModel, example: Example) -> list[int]:
    """The token that the teacher finds likeliest at each target."""
    with torch.no_grad():
        logits = teacher.network(torch.tensor(example.input_ids)[None]).logits[0]
    return logits[example.loss_from - 1 : -1].argmax(-1).tolist()


@pytest.mark.parametrize("same_tokens", [True, False])
def test_a_text_that_was_continued_is_context_and_the_teachers_words_are_learnt(same_tokens: bool) -> None:
    _, trace, _ = _heard(scored=False)
    (example,) = Encoder(TOKENIZER, same_tokens, 64, False).encode(from_rows([trace], Trace), [], {PLAIN.id: PLAIN}, {trace.id})
    before = render(TOKENIZER, PLAIN, None).input_ids
    assert tuple(example.input_ids[: example.loss_from]) == before
    if same_tokens:
        assert tuple(example.input_ids[example.loss_from :]) == trace.token_ids
    assert TOKENIZER.decode(example.input_ids, skip_special_tokens=True) == PLAIN.reference + trace.text


@pytest.mark.parametrize("scored", [False, True])
def test_of_plain_text_the_distribution_stands_at_the_tokens_that_it_is_of(scored: bool) -> None:
    teacher, trace, support = _heard(scored=scored)
    encoder = Encoder(TOKENIZER, True, 64, True)
    (example,) = encoder.encode(from_rows([trace], Trace), [support], {PLAIN.id: PLAIN}, {trace.id})
    assert example.support_ids[:, 0].tolist() == _likeliest(teacher, example)
    assert len(example) - example.loss_from == len(trace.token_ids)


def test_a_text_that_was_only_scored_is_its_own_target() -> None:
    _, trace, _ = _heard(scored=True)
    (example,) = Encoder(TOKENIZER, True, 64, False).encode(from_rows([trace], Trace), [], {PLAIN.id: PLAIN}, {trace.id})
    assert example.loss_from == 1
    assert TOKENIZER.decode(example.input_ids) == PLAIN.reference


@pytest.mark.parametrize("template_begins", [False, True])
@pytest.mark.parametrize("text", ["two and two</think>\n\nFour.", "<think>\ntwo and two</think>\n\nFour."])
def test_of_another_tokenizer_a_thought_begins_once(text: str, template_begins: bool) -> None:
    tokenizer = copy.deepcopy(TOKENIZER)
    if template_begins:
        tokenizer.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    trace = Trace(ASKED.id, "hf:a", 0, text, segments(text), sampling='{"seed": 3}')
    (example,) = Encoder(tokenizer, False, 128, False).encode(from_rows([trace], Trace), [], {ASKED.id: ASKED}, {trace.id})
    assert tokenizer.decode(example.input_ids).count("<think>\ntwo and two</think>\n\nFour.") == 1
    assert tokenizer.decode(example.input_ids).count("<think>") == 1
    assert tokenizer.decode(example.input_ids[example.loss_from :]).startswith("two" if template_begins else "<think>")
